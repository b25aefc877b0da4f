import { describe, expect, it } from 'vitest';
import { MESSAGE_TYPES, type MessageType } from '../../../../src/domain/message.ts';
import { checkCatalogued, readAcceptedVersions, versionsOf } from '../../../../src/formats/api/message-catalogue.ts';
import { newMessage } from '../../../../src/formats/api/messages.ts';

const faultsOf = (type: MessageType, body: unknown, schemaVersion = 1): string[] => checkCatalogued({ type, schemaVersion, body }).map(({ path }) => `/${path.join('/')}`);
const recipient = { name: 'Trần Thị Mẫu', phone: '0900000000', address: { line: 'Số 1 đường Không Tên', provinceCode: '46' } };
const fee = (change: object = {}) => ({ items: [{ kind: 'fee', name: 'Lệ phí', amountVnd: 100_000 }, { kind: 'charge', name: 'Phí thẩm định', amountVnd: 650_000 }], totalVnd: 750_000, ...change });

describe('the catalogue of messages', () => {
  const good: readonly (readonly [MessageType, object, number?])[] = [
    ['dossier.submit', { channel: 'post', submittedAt: '2026-11-24T08:00:00+07:00' }],
    ['dossier.accept', { dueAt: '2026-12-04T17:00:00+07:00', reference: 'MC-1' }],
    ['dossier.refuse', { reason: 'Không thuộc thẩm quyền', legalBasis: 'Nghị định 61/2018/NĐ-CP Điều 17' }],
    ['dossier.supplement.request', { items: [{ name: 'Trích lục bản đồ', reason: 'chưa có' }], dueBy: '2026-12-01' }],
    ['dossier.supplement', { items: ['Trích lục bản đồ'] }],
    ['dossier.progress', { step: 'Thẩm định', percent: 40 }],
    ['dossier.fee', { amountVnd: 750_000, payBy: '2026-12-01' }],
    ['dossier.fee', fee(), 2],
    ['dossier.transfer', { handledBy: 'H57.12.03' }],
    ['dossier.result', { number: '1234/QĐ', decidedOn: '2026-11-24', outcome: 'granted', delivery: { by: 'post', recipient } }],
    ['dossier.withdraw', {}],
    ['dossier.recall', { messageId: '01936e5a-0000-7000-8000-00000000000b' }],
    ['dossier.reschedule', { dueAt: '2026-12-08T17:00:00+07:00', reason: 'Chờ ý kiến cơ quan thuế' }],
  ];
  it.each(good.map(([type, body, version = 1]) => ({ type, body, version })))('takes $type $version $body', ({ type, body, version }) => {
    expect(faultsOf(type, body, version)).toEqual([]);
    expect(faultsOf(type, { ...body, ownField: { any: ['thing'] } }, version)).toEqual([]);
  });

  const bad: readonly (readonly [MessageType, object, readonly string[], number?])[] = [
    ['dossier.refuse', {}, ['/body/reason']],
    ['dossier.refuse', { reason: ' \n' }, ['/body/reason']],
    ['dossier.submit', { channel: 'fax' }, ['/body/channel']],
    ['dossier.accept', { dueAt: '04/12/2026' }, ['/body/dueAt']],
    ['dossier.supplement.request', { items: [] }, ['/body/items']],
    ['dossier.supplement.request', { items: [{ nmae: 'a' }] }, ['/body/items/0/name', '/body/items/0']],
    ['dossier.progress', { percent: 101, step: 'a\u202eb' }, ['/body/step', '/body/percent']],
    ['dossier.fee', { amountVnd: -1 }, ['/body/amountVnd']],
    ['dossier.fee', { amountVnd: 0.5 }, ['/body/amountVnd']],
    ['dossier.fee', fee({ totalVnd: 750_001 }), ['/body/totalVnd'], 2],
    ['dossier.fee', { amountVnd: 1 }, ['/body/items', '/body/totalVnd'], 2],
    ['dossier.fee', fee(), ['/schemaVersion'], 3],
    ['dossier.result', { decidedOn: '24/11/2026' }, ['/body/decidedOn']],
    ['dossier.result', { delivery: { by: 'post' } }, ['/body/delivery/recipient']],
    ['dossier.result', { delivery: { by: 'post', recipient: { ...recipient, adress: 1 } } }, ['/body/delivery/recipient']],
    ['dossier.reschedule', { reason: 'a' }, ['/body/dueAt']],
  ];
  it.each(bad.map(([type, body, pointers, version = 1]) => ({ type, body, pointers, version })))('refuses $type $version $body, and says where', ({ type, body, pointers, version }) => {
    expect(faultsOf(type, body, version)).toEqual(pointers);
  });

  it('passes a body on as it was sent: nothing trimmed, normalised or left out', () => {
    const body = { note: '  Đa\u0323t ', own: { 'x-y': [null, 1.5] } };
    expect(newMessage.parse({ type: 'dossier.progress', to: ['H57.12'], body })).toMatchObject({ schemaVersion: 1, body });
    expect(newMessage.parse({ type: 'dossier.withdraw', to: ['H57.12'] })).toMatchObject({ body: {} });
  });

  it('has a first version of every message', () => {
    for (const type of MESSAGE_TYPES) expect(versionsOf(type)[0]).toBe(1);
  });

  it('reads what a system takes, and refuses what does not exist', () => {
    expect(readAcceptedVersions('dossier.fee=2,1,2')).toEqual(['dossier.fee', [1, 2]]);
    for (const text of ['dossier.fee', 'dossier.fee=', 'dossier.fee=3', 'dossier.fee=1;2', 'dossier.gift=1', 'toString=1']) expect(() => readAcceptedVersions(text), text).toThrow(/has the versions|There is no message/);
  });
});
