import { describe, expect, it } from 'vitest';
import { buildChargeRequest, buildCorrectionRequest } from '../../../../connectors/post-vnpost-my/request.ts';
import { readCase, readCharges, readHistory } from '../../../../connectors/post-vnpost-my/response.ts';
import { resolveSettings } from '../../../../connectors/post-vnpost-my/settings.ts';
import { systemClock } from '../../../../src/wiring/clock.ts';
import { postalOrder } from '../../../support/postal.ts';

const settings = resolveSettings({
  baseUrl: 'https://my.example/api',
  username: 'u',
  password: 'p',
  customerCode: 'HUE',
  contractCode: 'HD-1',
  serviceCode: 'CTN007',
  provinces: { '46': { code: '53', name: 'Huế' }, '48': { code: '55', name: 'Đà Nẵng' } },
  communes: { '19777': { code: '530001', name: 'Phường Mẫu' }, '20000': { code: '550001', name: 'Xã Ví Dụ' } },
  clock: systemClock,
  exchange: () => Promise.reject(new Error('nothing is sent here')),
});
const bodyOf = ({ body }: { readonly body: string | null }): unknown => JSON.parse(body ?? '');
const answer = (body: unknown, status = 200): Parameters<typeof readCharges>[0] => ({ status, body: JSON.stringify(body), retryAfterMs: null });

describe('the question for a price (ServicesCharge)', () => {
  it('names places, weight and services as the service does', () => {
    expect(bodyOf(buildChargeRequest(postalOrder(), settings, 't'))).toEqual({
      scope: 1,
      customerCode: 'HUE',
      contractNumber: 'HD-1',
      data: {
        senderProvinceCode: '53', senderDistrictCode: 'VNPOST', senderCommuneCode: '530001',
        receiverProvinceCode: '55', receiverDistrictCode: 'VNPOST', receiverCommuneCode: '550001', receiverNational: 'VN', receiverCity: null, receiverPostCode: '',
        orgCodeAccept: null, weight: 120, width: null, length: null, height: null, serviceCode: 'CTN007',
        addonService: [{ code: 'GTG021', propValue: 'PROP0018:50000' }], additionRequest: [], vehicle: 'BO',
      },
    });
  });

  it('names nobody', () => {
    const { body } = buildChargeRequest(postalOrder(), settings, 't');
    for (const personal of ['Mẫu', '0900000001', 'Giả Định']) expect(body).not.toContain(personal);
  });

  it('is answered with one line a service, with and without an envelope', () => {
    const row = { serviceCode: 'CTN007', serviceName: 'Chuyển phát', mainFee: 18_000, vasfee: 5_000, totalFee: 23_000, priceWeight: 500 };
    const read = [{ serviceCode: 'CTN007', serviceName: 'Chuyển phát', postageVnd: 18_000, surchargesVnd: 5_000, totalVnd: 23_000 }];
    expect(readCharges(answer([row]))).toEqual(read);
    expect(readCharges(answer({ data: [row] }))).toEqual(read);
  });

  it.each([
    ['a part of a đồng', [{ serviceCode: 'x', totalFee: 10.5 }]],
    ['less than nothing', [{ serviceCode: 'x', totalFee: -1 }]],
    ['no sum', [{ serviceCode: 'x', mainFee: 1 }]],
    ['nothing', []],
    ['words', 'mười nghìn đồng'],
  ])('an answer of %s is no price', (_what, body) => {
    expect(() => readCharges(answer(body))).toThrow(expect.objectContaining({ code: 'CARRIER_ANSWER_INVALID' }) as Error);
  });
});

describe('a corrected order (orderCorrection)', () => {
  it('is told whole, in the spelling of that call', () => {
    expect(bodyOf(buildCorrectionRequest(postalOrder(), { originalID: 'MYO1', itemCode: 'CB1' }, settings, 't'))).toMatchObject({
      OriginalId: 'MYO1', SourceCode: 'MYVNP', AffairType: '02', FlagConfig: '1', useBCP: 1, ItemCode: 'CB1', ServiceCode: 'CTN007', CODAmount: 50_000,
      Sender: { OrgCode: 'HUE', ContractNumber: 'HD-1', Province: '53', District: 'VNPOST', Commune: '530001' },
      Receiver: { OrgCode: '', Fullname: 'Trần Văn Mẫu', Phone: '0900000001', Address: '12/3 Kiệt Giả Định, xã Ví Dụ', Province: '55', District: 'VNPOST', Commune: '550001' },
      Addons: [{ ServiceCode: 'GTG021', Props: [{ PropCode: 'PROP0018', PropValue: '50000' }] }],
      Package: { Weight: '120' },
    });
  });

  it.each([
    ['00 done', { type: '00', message: 'Đã hiệu chỉnh' }, 'accepted'],
    ['00 in the other spelling', { Type: '00', Message: 'Đã hiệu chỉnh' }, 'accepted'],
    ['a list of one', [{ type: '00', caseId: 7 }], 'accepted'],
    ['02 a person decides', { type: '02' }, 'unknown'],
    ['anything else', { type: '05' }, 'rejected'],
    ['no type', { message: 'OK' }, 'unknown'],
    ['a list of two', [{ type: '00' }, { type: '01' }], 'unknown'],
  ])('%s', (_what, body, outcome) => {
    expect(readCase(answer(body)).outcome).toBe(outcome);
  });
});

describe('a code of the list of statuses (GetStatusHistoryOrder)', () => {
  const told = (statusCode: number | string): unknown => ({ createdDate: '24/11/2026', createdHour: '10:00:00', statusCode, statusName: 'lời' });
  const read = (...codes: readonly (number | string)[]): ReadonlyMap<string, string> => {
    const { events } = readHistory(answer({ data: { itemCode: 'CB1', statusHistory: codes.map(told) } }), 'n1');
    return new Map(events.map(({ carrierCode, status }) => [carrierCode, status]));
  };

  it('moves the state by the documented table, in which 4 is “being collected”, not “delivered”', () => {
    const moving = { 1: 'ACCEPTED', 2: 'PICKUP_SCHEDULED', 4: 'PICKUP_SCHEDULED', 5: 'PICKUP_FAILED', 6: 'PICKED_UP', 7: 'IN_TRANSIT', 8: 'PICKUP_FAILED', 9: 'CANCELLED', 10: 'IN_TRANSIT', 11: 'AT_DELIVERY_OFFICE', 12: 'OUT_FOR_DELIVERY', 13: 'IN_TRANSIT', 14: 'DELIVERED', 15: 'DELIVERY_FAILED', 16: 'ON_HOLD', 17: 'RETURNING', 18: 'RETURNING', 19: 'RETURNED', 24: 'RETURNING' };
    expect(Object.fromEntries(read(...Object.keys(moving)))).toEqual(moving);
  });

  it('that is documented and says nothing of where the parcel is, is noted', () => {
    const codes = [0, 3, 20, 21, 22, 23, 28, 29];
    expect([...read(...codes).values()]).toEqual(codes.map(() => 'NOTED'));
  });

  it('that nobody documented is unknown', () => {
    const codes = [25, 26, 27, 30, 91, 99999];
    expect([...read(...codes).values()]).toEqual(codes.map(() => 'UNKNOWN'));
  });
});
