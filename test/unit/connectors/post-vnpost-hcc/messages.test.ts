import { describe, expect, it } from 'vitest';
import { cursorAfter, FEED_START, isCursor, lastIdOf } from '../../../../connectors/post-vnpost-hcc/cursor.ts';
import { checkVnpostOrder, unmappedVnpostPlaces } from '../../../../connectors/post-vnpost-hcc/order-rules.ts';
import { buildCancelRequest, buildPlaceRequest, buildTokenRequest, buildTrackingRequest } from '../../../../connectors/post-vnpost-hcc/request.ts';
import { readResult, readToken, readTrackingPage } from '../../../../connectors/post-vnpost-hcc/response.ts';
import { resolveSettings, type VnpostHccSettings } from '../../../../connectors/post-vnpost-hcc/settings.ts';
import type { WireAnswer } from '../../../../src/ports/http-exchange.ts';
import { systemClock } from '../../../../src/wiring/clock.ts';
import { POSTAL_DETAIL, postalOrder } from '../../../support/postal.ts';

const given: VnpostHccSettings = {
  baseUrl: 'https://api.example.vn/',
  consumerKey: 'khóa',
  secretKey: 'bí mật',
  customerCode: 'HUE01',
  provinceCodes: { '46': 53, '48': 55 },
  clock: systemClock,
  exchange: () => Promise.reject(new Error('nothing is sent in this suite')),
};
const settings = resolveSettings(given);
const answer = (status: number, body: unknown): WireAnswer => ({ status, body: typeof body === 'string' ? body : JSON.stringify(body), retryAfterMs: null });
const throwing = (code: string): Error => expect.objectContaining({ code }) as Error;

describe('requests of the NGSP form', () => {
  it('asks for a token with the keys as Basic and a form (RFC 6749 §4.4.2)', () => {
    expect(buildTokenRequest(settings)).toEqual({
      method: 'POST',
      url: 'https://api.example.vn/token',
      headers: { authorization: `Basic ${Buffer.from('khóa:bí mật').toString('base64')}`, 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: 'grant_type=client_credentials',
    });
  });

  it('spells every field of an order as the service does', () => {
    const wire = buildPlaceRequest(postalOrder(), settings, 'Bearer abc');
    expect(wire.url).toBe('https://api.example.vn/apiVNPostNGSP/p1.0/order/post');
    expect(wire.headers['authorization']).toBe('Bearer abc');
    expect(JSON.parse(wire.body ?? '')).toEqual({
      CustomerCode: 'HUE01',
      OrderNumber: 'H57.12.03-261124-0001-KQ1',
      CODAmount: 50_000,
      SenderProvince: 53,
      SenderAddress: '1 Đường Thử Nghiệm, phường Mẫu',
      SenderName: 'Bộ phận Một cửa (mẫu)',
      SenderEmail: 'motcua@example.vn',
      SenderTel: '0234 3000 000',
      SenderDesc: '1. Giấy chứng nhận quyền sử dụng đất (bản chính, 1 bản); 2. Trích lục bản đồ (bản sao chứng thực, 2 bản)',
      Description: 'Giao tận tay; chỉ phát cho đúng người nhận; kiểm tra giấy tờ tùy thân',
      ReceiverName: 'Trần Văn Mẫu',
      ReceiverAddress: '12/3 Kiệt Giả Định, xã Ví Dụ',
      ReceiverTel: '0900000001',
      ReceiverProvince: 55,
    });
  });

  it('sends a district only where the address has one and it is mapped', () => {
    const wire = buildPlaceRequest(postalOrder(), resolveSettings({ ...given, districtCodes: { '490': 5501 } }), 'Bearer abc');
    expect(JSON.parse(wire.body ?? '')).toMatchObject({ ReceiverDistrict: 5501 });
    expect(wire.body).not.toContain('SenderDistrict');
  });

  it('cancels and reads the feed by query, with nothing personal in the address', () => {
    expect(buildCancelRequest('H57-1', settings, 'Bearer x')).toMatchObject({ method: 'GET', url: 'https://api.example.vn/apiVNPostNGSP/p1.0/order/cancel?CustomerCode=HUE01&OrderNumber=H57-1' });
    expect(buildTrackingRequest(FEED_START, settings, 'Bearer x').url).toBe(`https://api.example.vn/apiVNPostNGSP/p1.0/order/tracking?pagesize=200&lastId=${FEED_START}`);
  });

  it('takes other paths from its settings', () => {
    const other = resolveSettings({ ...given, paths: { orderPost: '/lgsp/dat-don' } });
    expect(buildPlaceRequest(postalOrder(), other, 'Bearer x').url).toBe('https://api.example.vn/lgsp/dat-don');
    expect(buildTokenRequest(other).url).toBe('https://api.example.vn/token');
  });

  it.each([
    ['ftp://x', {}],
    ['https://user:pw@x', {}],
    ['https://x', { customerCode: '' }],
    ['https://x', { pageSize: 1001 }],
    ['https://x', { pageSize: 0 }],
  ] as const)('refuses settings that cannot work: %s %o', (baseUrl, more) => {
    expect(() => resolveSettings({ ...given, baseUrl, ...more })).toThrow(throwing('CONFIG_INVALID'));
  });
});

describe('what is wrong with an order before it is sent', () => {
  it('finds nothing wrong with a right one', () => {
    expect(checkVnpostOrder(postalOrder(), settings)).toEqual([]);
  });

  const { recipient, sender } = POSTAL_DETAIL;
  it.each([
    ['/recipient/address/provinceCode', { recipient: { ...recipient, address: { ...recipient.address, provinceCode: '99' } } }],
    ['/sender/address/provinceCode', { sender: { ...sender, address: { ...sender.address, provinceCode: 'HUE' } } }],
  ] as const)('counts %s without a number of VNPost’s as something to wait for', (pointer, detail) => {
    expect(checkVnpostOrder(postalOrder('n', detail), settings)).toEqual([]);
    expect(unmappedVnpostPlaces(postalOrder('n', detail), settings).map((fault) => fault.pointer)).toEqual([pointer]);
  });

  const fee = { purpose: 'COD_OTHER', payer: 'recipient', collectBy: 'POST' } as const;
  it.each([
    ['/recipient/name', { recipient: { ...recipient, name: ' ' } }],
    ['/recipient/phone', { recipient: { ...recipient, phone: 'không có' } }],
    ['/recipient/address/line', { recipient: { ...recipient, address: { ...recipient.address, line: '' } } }],
    ['/codAmountVnd', { fees: [{ ...fee, amountVnd: -1 }] }],
    ['/codAmountVnd', { fees: [{ ...fee, amountVnd: 0.5 }] }],
    ['/codAmountVnd', { fees: [{ ...fee, amountVnd: 20_000_001 }] }],
  ] as const)('names %s', (pointer, detail) => {
    const faults = checkVnpostOrder(postalOrder('n', detail), { ...settings, maxCodVnd: 20_000_000 });
    expect(faults.map((fault) => fault.pointer)).toEqual([pointer]);
  });
});

describe('answers of the NGSP form', () => {
  it.each([
    [200, { Status: 100, Message: 'Thành công' }, 'accepted', 'Thành công'],
    [200, { Status: '100', Message: null }, 'accepted', 'Status 100'],
    [200, { Status: 101, Message: 'Đã tồn tại' }, 'accepted', 'Đã tồn tại'],
    [200, { Status: 900, Message: 'Thiếu SenderName' }, 'unknown', 'Status 900, whose meaning is not documented: Thiếu SenderName'],
    [200, { Status: 0 }, 'unknown', 'Status 0, whose meaning is not documented: Status 0'],
    [200, { Message: 'Thành công' }, 'unknown', 'an answer that cannot be understood'],
    [200, 'OK', 'unknown', 'an answer that cannot be understood'],
    [200, '', 'unknown', 'an answer that cannot be understood'],
    [200, '<html>100</html>', 'unknown', 'an answer that cannot be understood'],
    [200, [{ Status: 100 }], 'unknown', 'an answer that cannot be understood'],
    [200, { Status: 100.5, Message: 'x' }, 'unknown', 'an answer that cannot be understood'],
    [204, '', 'unknown', 'HTTP 204'],
    [302, '', 'unknown', 'HTTP 302'],
    [408, '', 'unknown', 'HTTP 408'],
    [409, { Status: 100 }, 'unknown', 'HTTP 409'],
    [500, { Status: 100, Message: 'Thành công' }, 'unknown', 'HTTP 500'],
    [503, '', 'unknown', 'HTTP 503'],
    [400, { Status: 5, Message: 'Sai dữ liệu' }, 'rejected', 'Sai dữ liệu'],
    [422, 'no', 'rejected', 'HTTP 422'],
    [400, { Status: 100, Message: 'Thành công' }, 'unknown', 'HTTP 400'],
  ] as const)('HTTP %i with %o is %s', (status, body, outcome, carrierText) => {
    expect(readResult(answer(status, body), settings.statuses)).toMatchObject({ outcome, carrierText, raw: typeof body === 'string' ? body : JSON.stringify(body) });
  });

  it('calls rejected only what the settings say is a refusal', () => {
    expect(readResult(answer(200, { Status: 900, Message: 'Thiếu SenderName' }), { ...settings.statuses, rejected: [900] })).toMatchObject({ outcome: 'rejected', carrierText: 'Thiếu SenderName' });
  });

  it.each([401, 403, 404, 405, 413, 415])('HTTP %i says that nothing was taken up: the order may be sent again once the settings are right', (status) => {
    expect(() => readResult(answer(status, { Status: 100 }), settings.statuses)).toThrow(throwing('CARRIER_REFUSED'));
  });

  it('HTTP 429 asks for patience, for as long as it says', () => {
    expect(() => readResult({ ...answer(429, ''), retryAfterMs: 7000 }, settings.statuses)).toThrow(expect.objectContaining({ code: 'CARRIER_UNAVAILABLE', retryAfterMs: 7000 }) as Error);
  });

  it('keeps at most 16 KiB of an answer', () => {
    expect(readResult(answer(200, 'x'.repeat(100_000)), settings.statuses).raw).toHaveLength(16_384);
  });

  it('reads a token with its life', () => {
    expect(readToken(answer(200, { access_token: 'abc', token_type: 'Bearer', expires_in: 3600 }))).toEqual({ authorization: 'Bearer abc', expiresInMs: 3_600_000 });
  });

  it.each([
    [401, {}, 'CARRIER_REFUSED'],
    [400, { error: 'invalid_client' }, 'CARRIER_REFUSED'],
    [500, {}, 'CARRIER_UNAVAILABLE'],
    [200, '<html>', 'CARRIER_UNAVAILABLE'],
    [200, { access_token: '', expires_in: 1 }, 'CARRIER_UNAVAILABLE'],
    [200, { access_token: 'abc', expires_in: -1 }, 'CARRIER_UNAVAILABLE'],
  ] as const)('an answer to the request for a token of HTTP %i %o is %s', (status, body, code) => {
    expect(() => readToken(answer(status, body))).toThrow(throwing(code));
  });
});

const id = (number: number): string => number.toString(16).padStart(24, '0');
const doc = (number: number, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  _id: { $oid: id(number) },
  CustomerCode: 'HUE01',
  OrderNumber: 'H57.12.03-261124-0001-KQ1',
  EventTime: Date.UTC(2026, 10, 24, 3, 4, 5, 678),
  POSID: '530000',
  ItemCode: 'EA000010005VN',
  StatusCode: 4,
  StatusMessage: 'Đã phát thành công',
  Notes: '',
  ...more,
});
const feed = (...docs: readonly unknown[]): WireAnswer => answer(200, { _size: docs.length, _total_pages: 1, _returned: docs.length, _embedded: { 'rh:doc': docs } });

describe('the tracking feed', () => {
  it('reads events: time in milliseconds, number of the parcel, id; 4 is delivered', () => {
    const page = readTrackingPage(feed(doc(7)), null);
    expect(page).toMatchObject({ nextCursor: id(7), more: true, unreadable: [] });
    expect(page.events).toEqual([
      {
        carrierEventId: id(7),
        orderNumber: 'H57.12.03-261124-0001-KQ1',
        trackingNumber: 'EA000010005VN',
        carrierCode: '4',
        carrierText: 'Đã phát thành công',
        status: 'DELIVERED',
        occurredAt: new Date('2026-11-24T03:04:05.678Z'),
        raw: JSON.stringify(doc(7)),
      },
    ]);
  });

  it('maps no code but 4, not even ones that other services of VNPost document', () => {
    const codes = [...Array.from({ length: 31 }, (_, code) => code), 50, 70, 91, 100, -1].filter((code) => code !== 4);
    const { events } = readTrackingPage(feed(...codes.map((code, index) => doc(index + 1, { StatusCode: code, StatusMessage: null }))), null);
    expect(events.map(({ status }) => status)).toEqual(codes.map(() => 'UNKNOWN'));
    expect(events.map(({ carrierCode }) => carrierCode)).toEqual(codes.map(String));
  });

  it('passes over an entry it cannot read, and says so', () => {
    const seconds = doc(2, { EventTime: 1_795_489_445 });
    const page = readTrackingPage(feed(doc(1), seconds, doc(3, { StatusCode: 'bốn' }), doc(4, { OrderNumber: null }), doc(5)), null);
    expect(page.events.map(({ carrierEventId }) => carrierEventId)).toEqual([id(1), id(5)]);
    expect(page.unreadable).toHaveLength(3);
    expect(page.unreadable[0]).toContain('1795489445');
    expect(page.nextCursor).toBe(id(5));
  });

  it.each([
    ['ids that do not ascend', feed(doc(2), doc(1))],
    ['an id twice', feed(doc(2), doc(2))],
    ['an id that is none', feed({ ...doc(1), _id: { $oid: 'xyz' } })],
    ['no list', answer(200, { _returned: 0 })],
    ['a page of HTML', answer(200, '<html>')],
    ['an empty body', answer(200, '')],
  ])('refuses %s, from which a cursor could skip events', (_what, wire) => {
    expect(() => readTrackingPage(wire, null)).toThrow(throwing('CARRIER_ANSWER_INVALID'));
  });

  it.each([
    [500, 'CARRIER_UNAVAILABLE'],
    [429, 'CARRIER_UNAVAILABLE'],
    [404, 'CARRIER_REFUSED'],
    [401, 'CARRIER_REFUSED'],
    [302, 'CARRIER_ANSWER_INVALID'],
  ])('HTTP %i is %s', (status, code) => {
    expect(() => readTrackingPage(answer(status, ''), null)).toThrow(throwing(code));
  });

  it('is at its end when a page is empty, and then looks back a little: ids come from several machines', () => {
    const read = '6744a0000000000000000007';
    expect(readTrackingPage(feed(), read)).toMatchObject({ nextCursor: `${read}+`, more: false });
    expect(lastIdOf(`${read}+`, 300_000)).toBe(`${(0x6744a000 - 300).toString(16)}${'0'.repeat(16)}`);
    expect(lastIdOf(read, 300_000)).toBe(read);
    expect(lastIdOf(null, 300_000)).toBe(FEED_START);
    expect(lastIdOf(`${FEED_START}+`, 300_000)).toBe(FEED_START);
    expect(cursorAfter(null, [])).toBe(`${FEED_START}+`);
    expect([isCursor(read), isCursor(`${read}+`), isCursor('7'), isCursor(`${read}++`)]).toEqual([true, true, false, false]);
  });
});
