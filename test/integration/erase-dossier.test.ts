import { access, utimes } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DossierCode } from '../../src/domain/dossier.ts';
import type { DossierTimeline } from '../../src/formats/api/dossiers.ts';
import type { InboxPage, MessageView } from '../../src/formats/api/messages.ts';
import { openDocumentFolder } from '../../src/store/document-folder.ts';
import { eraseDossier, eraseDue } from '../../src/usecases/erase-dossier.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { frozenClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { ask, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { newId, newPostalOrderId } from '../support/ledger.ts';
import { postalOrder } from '../support/postal.ts';

/** Personal data that is erased, and what stays. */

const DAY_MS = 24 * 3_600_000;
let gateway: TestGateway;
let land: TestPartner;
let portal: TestPartner;

beforeAll(async () => {
  gateway = await startTestGateway();
  land = await gateway.addPartner('land', { agencies: ['H57.12'] });
  portal = await gateway.addPartner('portal', { agencies: ['H57.01'] });
});
afterAll(() => gateway.close());

const portsAt = async (clock = systemClock) => ({ records: gateway.fresh.records, documents: await openDocumentFolder(gateway.documentsPath, { chance: systemChance(systemClock), clock }), clock, chance: systemChance(systemClock), exchangeKey: gateway.fresh.exchangeKey });

async function upload(text: string): Promise<string> {
  return (await ask<{ id: string }>(gateway.url, '/v1/documents', { token: land.token, body: text, headers: { 'content-disposition': 'attachment; filename="Tran-Thi-Mau.pdf"' } })).body.id;
}

async function sent(documents: readonly string[], type = 'dossier.result'): Promise<{ readonly code: DossierCode; readonly message: MessageView }> {
  const json = { agencyCode: 'H57.12', procedure: { code: '1.000', name: 'Thủ tục' }, title: 'Hồ sơ của bà Mẫu', applicant: { name: 'Trần Thị Mẫu' } };
  const { body } = await ask<{ code: DossierCode }>(gateway.url, '/v1/dossiers', { token: land.token, json });
  const message = await ask<MessageView>(gateway.url, `/v1/dossiers/${body.code}/messages`, { token: land.token, json: { type, to: ['H57.01'], body: { name: 'Trần Thị Mẫu' }, documents: documents.map((documentId) => ({ documentId, role: 'result' })) } });
  return { code: body.code, message: message.body };
}

async function receive({ messageId, manifestSha256 }: MessageView): Promise<void> {
  await eventually(() => ask<InboxPage>(gateway.url, '/v1/inbox?limit=100', { token: portal.token }), ({ body }) => body.entries.some(({ message }) => message.messageId === messageId));
  await ask(gateway.url, `/v1/inbox/${messageId}/receipt`, { token: portal.token, json: { messageId, manifestSha256 } });
}

const timeline = async (code: string): Promise<DossierTimeline> => (await ask<DossierTimeline>(gateway.url, `/v1/dossiers/${code}`, { token: land.token })).body;
const statusOf = async (id: string): Promise<number> => (await ask(gateway.url, `/v1/documents/${id}`, { token: land.token, method: 'GET' }).catch(() => ({ status: 200 }))).status;

describe('a dossier that is erased', () => {
  it('keeps its proofs and loses its people; papers of other dossiers stay', async () => {
    const [own, shared] = [await upload('chỉ của hồ sơ này'), await upload('của hai hồ sơ')];
    const { code, message } = await sent([own, shared]);
    const other = await sent([shared]);
    const order = { ...postalOrder(`${code}-KQ1`), id: newPostalOrderId(), dossierCode: code, requestedBy: land.id };
    await gateway.fresh.records.postal.add(order);
    const moved = { before: { address: order.detail.recipient.address, phone: null }, after: { address: { ...order.detail.recipient.address, line: '7 Đường Mẫu Mới' }, phone: '0900000777' } };
    const change = { id: newId(), postalOrderId: order.id, end: 'recipient', ...moved, verifiedBy: 'officer', requestedBy: 'operator:test', askedAt: order.createdAt, outcome: null, carrierText: null } as const;
    await gateway.fresh.records.postalAddressChanges.begin(change, order.createdAt);
    await gateway.fresh.records.postalAddressChanges.settle(change.id, 'accepted', 'Đã hiệu chỉnh', order.createdAt);
    const ports = await portsAt();
    await expect(eraseDossier(ports, 'operator:test', code, 'asked for')).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await receive(message);
    await receive(other.message);
    const before = await gateway.fresh.records.messages.manifest(message.messageId);

    expect(await eraseDossier(ports, 'operator:test', code, 'asked for')).toEqual({ messages: 1, postalOrders: 1, documents: 1 });
    const read = await timeline(code);
    expect(read.dossier).toMatchObject({ applicant: null, title: '(đã xóa)' });
    expect(read.timeline.map(({ kind }) => kind)).toEqual(['dossier.created', 'message.accepted', 'message.delivered', 'dossier.erased']);
    const { records } = gateway.fresh;
    const kept = await records.messages.find(message.messageId);
    expect([kept?.body, kept?.manifestSha256]).toEqual([{ erased: true }, message.manifestSha256]);
    expect(createHash('sha256').update((await records.messages.manifest(message.messageId)) ?? '').digest('hex')).toBe(message.manifestSha256);
    expect(await records.messages.manifest(message.messageId)).toBe(before);
    expect(await records.messages.receipts(message.messageId)).toHaveLength(1);
    const postal = await records.postal.find(order.id);
    expect(postal).toMatchObject({ orderNumber: order.orderNumber, detail: { recipient: { name: '(đã xóa)', address: { line: '(đã xóa)', provinceCode: '48' } }, fees: order.detail.fees } });
    expect(JSON.stringify(postal)).not.toContain('Mẫu');
    const changes = await records.postalAddressChanges.of(order.id);
    expect([changes[0]?.after, JSON.stringify(changes).includes('Mẫu Mới')]).toMatchObject([{ phone: '(đã xóa)', address: { line: '(đã xóa)', provinceCode: '48' } }, false]);
    expect([await statusOf(own), await statusOf(shared)]).toEqual([404, 200]);
    expect((await timeline(other.code)).dossier.title).toBe('Hồ sơ của bà Mẫu');
    expect((await records.audit.of(`dossier:${code}`, 50)).filter(({ action }) => action === 'erase-dossier')).toMatchObject([{ actor: 'operator:test', detail: { note: 'asked for' } }]);
  });

  it('loses the bytes of its papers once nobody can be making a record of them any more', async () => {
    const texts = ['giấy tờ riêng', 'giấy tờ có người tải lại'] as const;
    const pathOf = (text: string): string => {
      const sha256 = createHash('sha256').update(text).digest('hex');
      return join(gateway.documentsPath, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
    };
    const isThere = (text: string): Promise<boolean> => access(pathOf(text)).then(() => true, () => false);
    const { code, message } = await sent([await upload(texts[0]), await upload(texts[1])]);
    await receive(message);
    const ports = await portsAt();
    await eraseDossier(ports, 'operator:test', code, 'asked for');
    expect(await Promise.all(texts.map(isThere))).toEqual([true, true]); // they came a moment ago
    const again = await upload(texts[1]); // and somebody has it again
    for (const text of texts) await utimes(pathOf(text), new Date(Date.now() - 2 * 3_600_000), new Date(Date.now() - 2 * 3_600_000));
    await eraseDue(ports);
    expect(await Promise.all(texts.map(isThere))).toEqual([false, true]);
    expect(await statusOf(again)).toBe(200);
  });

  it('that there is not, is told', async () => {
    await expect(eraseDossier(await portsAt(), 'operator:test', 'H57.12-010126-9999' as DossierCode, 'x')).rejects.toMatchObject({ code: 'DOSSIER_NOT_FOUND' });
  });
});

describe('a term of a procedure', () => {
  it('erases dossiers at their end so long after their last event, and no others', async () => {
    const [ended, open] = [await sent([]), await sent([], 'dossier.progress')];
    await receive(ended.message);
    await receive(open.message);
    await gateway.fresh.records.erasure.setRetention({ procedureCode: '1.000', keepDays: 30, basis: 'Thông tư mẫu' }, new Date());
    await gateway.fresh.records.erasure.setRetention({ procedureCode: '*', keepDays: 1, basis: 'Thông tư mẫu' }, new Date());
    await eraseDue(await portsAt(frozenClock(new Date(Date.now() + 29 * DAY_MS))));
    expect((await timeline(ended.code)).dossier.applicant).not.toBeNull();
    await eraseDue(await portsAt(frozenClock(new Date(Date.now() + 31 * DAY_MS))));
    expect((await timeline(ended.code)).dossier.applicant).toBeNull();
    expect((await timeline(open.code)).dossier.applicant).not.toBeNull();
  });
});
