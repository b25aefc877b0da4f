import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DocumentView } from '../../src/formats/api/documents.ts';
import type { DossierTimeline, DossierView } from '../../src/formats/api/dossiers.ts';
import type { InboxPage, MessageView } from '../../src/formats/api/messages.ts';
import { webhookSecretContext } from '../../src/usecases/administer-partners.ts';
import { eventually } from '../support/eventually.ts';
import { WEBHOOK_SECRET } from '../support/gateway-worker.ts';
import { RECEIPT, startHttpPartner } from '../support/http-partner.ts';
import { ask, askRaw, startTestGateway, type Answer, type TestGateway, type TestPartner } from '../support/gateway-http.ts';

let gateway: TestGateway;
let land: TestPartner;
let portal: TestPartner;
let stranger: TestPartner;

const LAND_AGENCY = 'H57.12.03';
const PORTAL_AGENCY = 'H57.01';

beforeAll(async () => {
  gateway = await startTestGateway();
  land = await gateway.addPartner('land-registry', { agencies: [LAND_AGENCY] });
  portal = await gateway.addPartner('one-stop', { agencies: [PORTAL_AGENCY] });
  stranger = await gateway.addPartner('stranger', { agencies: ['H57.30', 'H57.31.01'] });
});
afterAll(() => gateway.close());

const paper = Buffer.from('Giấy chứng nhận, bản mẫu');

async function openDossier(): Promise<DossierView> {
  const json = { agencyCode: LAND_AGENCY, procedure: { code: '1.004238.H57', name: 'Đăng ký đất đai' }, title: 'Hồ sơ mẫu', applicant: { name: 'Trần Thị Mẫu', phone: '0900000000' } };
  const { status, body } = await ask<DossierView>(gateway.url, '/v1/dossiers', { token: land.token, json });
  expect(status).toBe(201);
  return body;
}

async function upload(partner: TestPartner, bytes: Buffer = paper): Promise<DocumentView> {
  const headers = { 'content-type': 'application/pdf', 'content-disposition': "attachment; filename*=UTF-8''Gi%E1%BA%A5y%20ch%E1%BB%A9ng%20nh%E1%BA%ADn.pdf" };
  const { status, body } = await ask<DocumentView>(gateway.url, '/v1/documents', { token: partner.token, body: bytes, headers });
  expect(status).toBe(201);
  return body;
}

function send(code: string, change: Readonly<Record<string, unknown>> = {}, key?: string): Promise<Answer<MessageView>> {
  const json = { type: 'dossier.result', from: LAND_AGENCY, to: [PORTAL_AGENCY], body: { note: 'Kết quả' }, documents: [], ...change };
  return ask<MessageView>(gateway.url, `/v1/dossiers/${code}/messages`, { token: land.token, json, headers: key === undefined ? {} : { 'idempotency-key': key } });
}

const inbox = (partner: TestPartner, after = 0): Promise<Answer<InboxPage>> => ask<InboxPage>(gateway.url, `/v1/inbox?after=${after}`, { token: partner.token });
const acknowledge = (partner: TestPartner, messageId: string, json: unknown): Promise<Answer<unknown>> => ask(gateway.url, `/v1/inbox/${messageId}/receipt`, { token: partner.token, json });

describe('a dossier between two systems', () => {
  it('goes from opening to receipt, and both see it on one timeline', async () => {
    const dossier = await openDossier();
    expect(dossier).toMatchObject({ code: expect.stringMatching(/^H57\.12\.03-\d{6}-\d{4}$/) as string, owner: land.id, parties: [land.id], state: 'open', applicant: { name: 'Trần Thị Mẫu' } });
    const document = await upload(land);
    expect(document).toMatchObject({ name: 'Giấy chứng nhận.pdf', mediaType: 'application/pdf', sizeBytes: paper.length, sha256: createHash('sha256').update(paper).digest('hex') });

    const sent = await send(dossier.code, { documents: [{ documentId: document.id, role: 'result' }] });
    expect(sent.status).toBe(202);
    expect(sent.headers.get('location')).toBe(`/v1/messages/${sent.body.messageId}`);
    expect(sent.body.deliveries).toMatchObject([{ partnerId: portal.id, state: 'pending' }]);

    const page = await eventually(() => inbox(portal), ({ body }) => body.entries.length > 0);
    const [entry] = page.body.entries;
    expect(entry?.message).toMatchObject({ messageId: sent.body.messageId, type: 'dossier.result', body: { note: 'Kết quả' }, manifestSha256: sent.body.manifestSha256, from: { partnerId: land.id, agencyCode: LAND_AGENCY } });
    const part = entry?.message.parts[0];
    const fetched = await askRaw(gateway.url, `/v1/documents/${part?.documentId}`, { token: portal.token });
    expect(Buffer.from(await fetched.arrayBuffer()).equals(paper)).toBe(true);
    expect(await gateway.fresh.records.audit.of(`document:${document.id}`, 10)).toMatchObject([{ actor: `partner:${portal.id}`, action: 'read-document' }]);

    const receipt = { messageId: sent.body.messageId, manifestSha256: sent.body.manifestSha256, reference: 'portal-1' };
    const first = await acknowledge(portal, sent.body.messageId, receipt);
    const again = await acknowledge(portal, sent.body.messageId, receipt);
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body).toEqual(first.body);
    expect((await inbox(portal)).body.entries).toEqual([]);

    const message = await ask<MessageView>(gateway.url, `/v1/messages/${sent.body.messageId}`, { token: land.token });
    expect(message.body.deliveries).toMatchObject([{ state: 'delivered' }]);
    expect(message.body.receipts).toMatchObject([{ partnerId: portal.id, manifestSha256: sent.body.manifestSha256, reference: 'portal-1' }]);

    for (const partner of [land, portal]) {
      const timeline = await ask<DossierTimeline>(gateway.url, `/v1/dossiers/${dossier.code}`, { token: partner.token });
      expect(timeline.body.timeline.map(({ kind }) => kind)).toEqual(['dossier.created', 'message.accepted', 'message.delivered']);
      expect(timeline.body.dossier).toMatchObject({ state: 'result-sent', parties: [land.id, portal.id] });
    }
    const audited = await gateway.fresh.records.audit.of(`dossier:${dossier.code}`, 10);
    expect(audited.map(({ actor, action }) => `${actor} ${action}`)).toEqual([`partner:${portal.id} read-dossier`, `partner:${land.id} read-dossier`, `partner:${portal.id} read-message`]);
  });

  it('binds exactly the fields of the manifest by its digest (RFC 8785)', async () => {
    const sent = await send((await openDossier()).code);
    const manifest = (await gateway.fresh.records.messages.manifest(sent.body.messageId)) ?? '';
    expect(createHash('sha256').update(manifest).digest('hex')).toBe(sent.body.manifestSha256);
    expect(Object.keys(JSON.parse(manifest) as object)).toEqual(['bodySha256', 'createdAt', 'dossierCode', 'from', 'messageId', 'parts', 'to', 'type', 'version']);
  });

  it('comes to a pulling system one message of a dossier at a time, in order', async () => {
    const { code } = await openDossier();
    const ids: string[] = [];
    for (let number = 1; number <= 3; number += 1) ids.push((await send(code, { type: 'dossier.progress', body: { number } })).body.messageId);
    for (const id of ids) {
      const { body } = await eventually(() => inbox(portal), ({ body: page }) => page.entries.some(({ message }) => message.dossierCode === code));
      const [entry] = body.entries.filter(({ message }) => message.dossierCode === code);
      expect(entry?.message.messageId).toBe(id);
      await acknowledge(portal, id, { messageId: id, manifestSha256: entry?.message.manifestSha256 });
    }
  });

  it('keeps the trace of the caller with the message (W3C Trace Context)', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const { code } = await openDossier();
    const json = { type: 'dossier.progress', to: [PORTAL_AGENCY] };
    const { body, headers } = await ask<MessageView>(gateway.url, `/v1/dossiers/${code}/messages`, { token: land.token, json, headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
    expect(headers.get('x-request-id')).toBe(traceId);
    expect(await gateway.fresh.records.messages.traceparent(body.messageId)).toMatch(new RegExp(`^00-${traceId}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
  });

  it('takes a code its agency gave, once (Circular 01/2018 Art. 19)', async () => {
    const json = { code: `${LAND_AGENCY}-261124-7777`, agencyCode: LAND_AGENCY, procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' };
    expect((await ask(gateway.url, '/v1/dossiers', { token: land.token, json })).status).toBe(201);
    expect((await ask(gateway.url, '/v1/dossiers', { token: land.token, json })).body).toMatchObject({ status: 409, code: 'DOSSIER_EXISTS' });
  });

  it('lists without personal data', async () => {
    await openDossier();
    const { body } = await ask<{ dossiers: object[] }>(gateway.url, '/v1/dossiers?limit=1', { token: land.token });
    expect(body.dossiers).toHaveLength(1);
    expect(JSON.stringify(body)).not.toContain('Trần Thị Mẫu');
  });
});

describe('the same request twice', () => {
  it('has one effect and one answer', async () => {
    const { code } = await openDossier();
    const key = randomUUID();
    const first = await send(code, {}, key);
    const again = await send(code, {}, key);
    expect(again.body).toEqual(first.body);
    expect([first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')]).toEqual([null, 'true']);
    expect(await gateway.fresh.records.messages.ofDossier(code as never)).toHaveLength(1);
  });

  it('has one effect when both come at once', async () => {
    const { code } = await openDossier();
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(code, {}, key)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.messageId}`)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1);
    expect(await gateway.fresh.records.messages.ofDossier(code as never)).toHaveLength(1);
  });

  it('is refused when it is not the same', async () => {
    const { code } = await openDossier();
    const key = randomUUID();
    await send(code, {}, key);
    expect((await send(code, { body: { note: 'khác' } }, key)).body).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
    const otherRoute = await ask(gateway.url, '/v1/documents', { token: land.token, body: paper, headers: { 'idempotency-key': key } });
    expect(otherRoute.body).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('may be tried again after a failure, which records nothing', async () => {
    const { code } = await openDossier();
    const key = randomUUID();
    expect((await send(code, { to: ['H99.01'] }, key)).body).toMatchObject({ status: 422, code: 'AGENCY_UNKNOWN' });
    expect((await send(code, {}, key)).status).toBe(202);
  });

  it('is known by key and partner: another partner’s key of the same text is another', async () => {
    const key = randomUUID();
    const headers = { 'idempotency-key': `"${key}"` };
    const mine = await ask<DocumentView>(gateway.url, '/v1/documents', { token: land.token, body: paper, headers });
    const theirs = await ask<DocumentView>(gateway.url, '/v1/documents', { token: portal.token, body: paper, headers });
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.body.id).not.toBe(mine.body.id);
  });
});

describe('addressing', () => {
  it('reaches the system that serves the agency above, and each system once', async () => {
    const { code } = await openDossier();
    const { body } = await send(code, { to: [`${PORTAL_AGENCY}.05`, PORTAL_AGENCY, 'H57.30'] });
    expect(body.deliveries.map(({ partnerId }) => partnerId)).toEqual([portal.id, stranger.id]);
  });

  it('refuses an agency nobody serves, and one whose parts are served by different systems', async () => {
    const { code } = await openDossier();
    expect((await send(code, { to: ['H99'] })).body).toMatchObject({ status: 422, code: 'AGENCY_UNKNOWN' });
    expect((await send(code, { to: ['H57'] })).body).toMatchObject({ status: 422, code: 'AGENCY_AMBIGUOUS' });
    expect((await send(code, { to: ['000.00.12.H57'] })).body).toMatchObject({ status: 422, code: 'AGENCY_UNKNOWN' });
  });

  it('lets a system speak only for agencies it serves', async () => {
    const { code } = await openDossier();
    expect((await send(code, { from: PORTAL_AGENCY })).body).toMatchObject({ status: 422, code: 'REQUEST_INVALID', errors: [{ pointer: '/from' }] });
    const json = { agencyCode: PORTAL_AGENCY, procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' };
    expect((await ask(gateway.url, '/v1/dossiers', { token: land.token, json })).body).toMatchObject({ code: 'REQUEST_INVALID', errors: [{ pointer: '/agencyCode' }] });
    const foreign = { ...json, agencyCode: LAND_AGENCY, code: `${PORTAL_AGENCY}-261124-0001` };
    expect((await ask(gateway.url, '/v1/dossiers', { token: land.token, json: foreign })).body).toMatchObject({ code: 'REQUEST_INVALID', errors: [{ pointer: '/code' }] });
  });
});

describe('what is not yours does not exist', () => {
  it('dossier, document, message, inbox and receipt of others', async () => {
    const { code } = await openDossier();
    const document = await upload(land);
    const { body: message } = await send(code, { documents: [{ documentId: document.id, role: 'result' }] });
    const { token } = stranger;
    expect((await ask(gateway.url, `/v1/dossiers/${code}`, { token })).body).toMatchObject({ status: 404, code: 'DOSSIER_NOT_FOUND' });
    expect((await ask(gateway.url, `/v1/dossiers/${code}/messages`, { token, json: { type: 'dossier.progress', to: [PORTAL_AGENCY] } })).body).toMatchObject({ status: 404, code: 'DOSSIER_NOT_FOUND' });
    expect((await ask(gateway.url, `/v1/documents/${document.id}`, { token })).body).toMatchObject({ status: 404, code: 'DOCUMENT_NOT_FOUND' });
    expect((await ask(gateway.url, `/v1/messages/${message.messageId}`, { token })).body).toMatchObject({ status: 404, code: 'MESSAGE_NOT_FOUND' });
    expect((await ask(gateway.url, `/v1/messages/${message.messageId}/replay`, { token, method: 'POST' })).body).toMatchObject({ status: 404, code: 'MESSAGE_NOT_FOUND' });
    const receipt = { messageId: message.messageId, manifestSha256: message.manifestSha256 };
    expect((await acknowledge(stranger, message.messageId, receipt)).body).toMatchObject({ status: 404, code: 'MESSAGE_NOT_FOUND' });
    expect((await inbox(stranger)).body.entries.filter(({ message: one }) => one.dossierCode === code)).toEqual([]);
  });

  it('a document of others cannot be sent on', async () => {
    const theirs = await upload(portal);
    const { code } = await openDossier();
    const { body } = await send(code, { documents: [{ documentId: theirs.id, role: 'annex' }] });
    expect(body).toMatchObject({ status: 404, code: 'DOCUMENT_NOT_FOUND', errors: [{ pointer: '/documents/0/documentId' }] });
  });

  it('a recipient sees its own delivery of a message, not that of another recipient', async () => {
    const { code } = await openDossier();
    const { body: message } = await send(code, { to: [PORTAL_AGENCY, 'H57.30'] });
    const seen = await ask<MessageView>(gateway.url, `/v1/messages/${message.messageId}`, { token: portal.token });
    expect(seen.body.deliveries.map(({ partnerId }) => partnerId)).toEqual([portal.id]);
  });
});

describe('a receipt', () => {
  it('for another digest or another message is refused, and the delivery stays', async () => {
    const { code } = await openDossier();
    const { body: message } = await send(code);
    const other = (await send((await openDossier()).code)).body;
    const wrongDigest = await acknowledge(portal, message.messageId, { messageId: message.messageId, manifestSha256: 'ab'.repeat(32) });
    expect(wrongDigest.body).toMatchObject({ status: 422, code: 'RECEIPT_INVALID', errors: [{ pointer: '/manifestSha256' }] });
    const wrongMessage = await acknowledge(portal, message.messageId, { messageId: other.messageId, manifestSha256: message.manifestSha256 });
    expect(wrongMessage.body).toMatchObject({ status: 422, code: 'RECEIPT_INVALID', errors: [{ pointer: '/messageId' }] });
    const { body } = await ask<MessageView>(gateway.url, `/v1/messages/${message.messageId}`, { token: land.token });
    expect(body.deliveries.map(({ state }) => state)).not.toContain('delivered');
  });

  it('given twice at once is recorded once', async () => {
    const { code } = await openDossier();
    const { body: message } = await send(code);
    const receipt = { messageId: message.messageId, manifestSha256: message.manifestSha256 };
    await eventually(() => inbox(portal), ({ body }) => body.entries.some((entry) => entry.message.messageId === message.messageId));
    const answers = await Promise.all(Array.from({ length: 6 }, () => acknowledge(portal, message.messageId, receipt)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
    expect(await gateway.fresh.records.messages.receipts(message.messageId)).toHaveLength(1);
  });
});

describe('a message that was refused', () => {
  it('is parked with its reason, and goes out again under the same id when its sender replays it', async () => {
    const server = await startHttpPartner({ secret: WEBHOOK_SECRET, deduplicates: true, react: () => ({ apply: false, answer: { status: 400 } }) });
    try {
      const pushed = await gateway.addPartner('pushed', { agencies: ['H57.50'], pushUrl: server.url });
      await gateway.fresh.records.partners.setWebhookSecret(pushed.id, gateway.fresh.sealing.seal(new TextEncoder().encode(WEBHOOK_SECRET), webhookSecretContext(pushed.id)));
      const { code } = await openDossier();
      const { body: sent } = await send(code, { to: ['H57.50'] });
      const read = (): Promise<Answer<MessageView>> => ask<MessageView>(gateway.url, `/v1/messages/${sent.messageId}`, { token: land.token });
      const parked = await eventually(read, ({ body }) => body.deliveries[0]?.state === 'parked');
      expect(parked.body.deliveries[0]).toMatchObject({ parkedReason: expect.stringMatching(/./) as string, lastError: { code: 'PARTNER_REFUSED' } });

      server.setReaction(() => RECEIPT);
      const replay = (by: TestPartner): Promise<Answer<MessageView>> => ask<MessageView>(gateway.url, `/v1/messages/${sent.messageId}/replay`, { token: by.token, method: 'POST' });
      expect((await replay(stranger)).status).toBe(404);
      expect((await replay(land)).status).toBe(202);
      await eventually(read, ({ body }) => body.deliveries[0]?.state === 'delivered');
      expect(new Set(server.pushes.map(({ webhookId }) => webhookId))).toEqual(new Set([sent.deliveries[0]?.deliveryId]));
      expect((await replay(land)).body).toMatchObject({ status: 409, code: 'STATE_CONFLICT' });
      const timeline = await ask<DossierTimeline>(gateway.url, `/v1/dossiers/${code}`, { token: land.token });
      expect(timeline.body.timeline.map(({ kind }) => kind)).toEqual(['dossier.created', 'message.accepted', 'message.parked', 'message.replayed', 'message.delivered']);
    } finally {
      await server.close();
    }
  });
});

describe('documents', () => {
  it('come back whole or in ranges, always as attachments', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
    const { id, sha256 } = await upload(land, bytes);
    const whole = await askRaw(gateway.url, `/v1/documents/${id}`, { token: land.token });
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'content-type': 'application/pdf',
      'x-content-type-options': 'nosniff',
      'content-disposition': `attachment; filename="Gi?y ch?ng nh?n.pdf"; filename*=UTF-8''Gi%E1%BA%A5y%20ch%E1%BB%A9ng%20nh%E1%BA%ADn.pdf`,
      'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
      'accept-ranges': 'bytes',
    });
    for (const [range, start, end] of [['bytes=0-9', 0, 9], ['bytes=262140-262160', 262_140, 262_160], ['bytes=299990-', 299_990, 299_999], ['bytes=-5', 299_995, 299_999], ['bytes=299999-400000', 299_999, 299_999]] as const) {
      const part = await askRaw(gateway.url, `/v1/documents/${id}`, { token: land.token, headers: { range } });
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes ${start}-${end}/300000`]);
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(start, end + 1))).toBe(true);
    }
    const head = await askRaw(gateway.url, `/v1/documents/${id}`, { token: land.token, method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '300000']);
  });

  it('are checked against the digest the sender gives (RFC 9530 §2)', async () => {
    const digest = `sha-256=:${createHash('sha256').update(paper).digest('base64')}:`;
    expect((await ask(gateway.url, '/v1/documents', { token: land.token, body: paper, headers: { 'content-digest': digest } })).status).toBe(201);
    const wrong = await ask(gateway.url, '/v1/documents', { token: land.token, body: Buffer.from('khác'), headers: { 'repr-digest': digest } });
    expect(wrong.body).toMatchObject({ status: 422, code: 'REQUEST_INVALID', errors: [{ pointer: '/header/content-digest' }] });
  });
});
