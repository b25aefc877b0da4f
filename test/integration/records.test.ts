import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgencyCode } from '../../src/domain/agency-code.ts';
import type { DocumentId, KeyId, PartnerId, Sha256Hex } from '../../src/domain/ids.ts';
import type { PostalOrder, TrackingEvent } from '../../src/domain/postal-order.ts';
import type { IdempotentRequest } from '../../src/ports/idempotency-records.ts';
import type { SigningKeyRecord } from '../../src/ports/key-records.ts';
import { forgetAnswers } from '../../src/usecases/forget-answers.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { after, AGENCY, dossierOf, messageOf, newDocumentId, newId, newPostalOrderId, partnerOf, sendMessage, T0, evidenceOf } from '../support/ledger.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

let fresh: FreshRecords;
const LAND = 'land' as PartnerId;
const PORTAL = 'portal' as PartnerId;
const STRANGER = 'stranger' as PartnerId;

beforeAll(async () => {
  fresh = await freshRecords();
  for (const id of [LAND, PORTAL, STRANGER]) await fresh.records.partners.add(partnerOf(id));
});
afterAll(() => fresh.close());

const sha256 = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest());

const eventAt = (at: Date) => ({ kind: 'message.accepted', at, actor: LAND, messageId: null, deliveryId: null, postalOrderId: null, data: { n: 1, ok: true, none: null } }) as const;

async function sealedColumn(sql: string, values: readonly unknown[]): Promise<Buffer> {
  const { rows } = await fresh.handle.pool.query<{ sealed: Buffer }>(sql, [...values]);
  return rows[0]?.sealed ?? Buffer.alloc(0);
}

describe('partners', () => {
  it('are kept as given, changed field by field, and never added twice', async () => {
    const { partners } = fresh.records;
    const added = partnerOf('tax', { mode: 'pull', url: null, repeat: 'unsafe' });
    await partners.add(added);
    await expect(partners.add(added)).rejects.toMatchObject({ code: 'PARTNER_EXISTS' });
    await partners.update(added.id, { status: 'suspended', repeat: 'lookup' });
    expect(await partners.find(added.id)).toEqual({ ...added, status: 'suspended', repeat: 'lookup' });
    expect((await partners.list()).map((partner) => partner.id)).toContain(added.id);
  });

  it('are found by every route above an agency, the province written first (Decision 20/2020/QĐ-TTg) or last (QCVN 102:2016)', async () => {
    const { partners } = fresh.records;
    for (const code of ['H57', 'H57.12', 'H57.13', '000.00.12.H57']) await partners.setRoute({ agencyCode: code as AgencyCode, partnerId: LAND }, T0);
    const codes = async (code: string): Promise<readonly string[]> => (await partners.routesFor(code as AgencyCode)).map((route) => route.agencyCode);
    expect(await codes('H57.12.03')).toEqual(['H57', 'H57.12']);
    expect(await codes('000.00.12.H57')).toEqual(['000.00.12.H57']);
    expect(await codes('H58.12')).toEqual([]);
    await partners.setRoute({ agencyCode: 'H57' as AgencyCode, partnerId: PORTAL }, T0);
    expect(await partners.routes()).toContainEqual({ agencyCode: 'H57', partnerId: PORTAL });
    expect(await partners.removeRoute('H57' as AgencyCode)).toBe(true);
    expect(await partners.removeRoute('H57' as AgencyCode)).toBe(false);
    await expect(partners.setRoute({ agencyCode: 'H59' as AgencyCode, partnerId: 'nobody' as PartnerId }, T0)).rejects.toMatchObject({ code: 'PARTNER_NOT_FOUND' });
  });

  it('keep API keys by digest, revoked once, touched at most once a minute', async () => {
    const { partners } = fresh.records;
    const key = { id: newId(), partnerId: LAND, label: 'office', scopes: ['inbox:read', 'admin'] as const, createdAt: T0, expiresAt: after(1_000), revokedAt: null, lastUsedAt: null };
    await partners.addApiKey(key, sha256('secret'));
    expect(await partners.findApiKey(sha256('secret'))).toEqual({ key, partner: await partners.find(LAND) });
    expect(await partners.findApiKey(sha256('other'))).toBeNull();
    expect(await partners.revokeApiKey(key.id, T0)).toBe(true);
    expect(await partners.revokeApiKey(key.id, after(5))).toBe(false);
    expect(await partners.apiKeys(LAND)).toEqual([{ ...key, revokedAt: T0 }]);
    for (const at of [T0, after(59_999), after(60_000)]) await partners.touchApiKey(key.id, at);
    const { rows } = await fresh.handle.pool.query('SELECT last_used_at FROM api_key WHERE id = $1', [key.id]);
    expect(rows).toEqual([{ last_used_at: after(60_000) }]);
  });

  it('keep their webhook secret sealed, as given', async () => {
    expect(await fresh.records.partners.webhookSecretsSealed(LAND, T0)).toEqual([]);
    await fresh.records.partners.setWebhookSecret(LAND, sha256('box'));
    expect(await fresh.records.partners.webhookSecretsSealed(LAND, T0)).toEqual([sha256('box')]);
  });
});

describe('keys', () => {
  it('come back byte for byte, granted partner by partner, disabled ones left out', async () => {
    const { keys } = fresh.records;
    const key: SigningKeyRecord = {
      id: 'seal' as KeyId,
      purpose: 'seal',
      place: { kind: 'file' },
      scheme: 'ecdsa',
      chainDer: [sha256('leaf'), sha256('issuer')],
      secretSealed: sha256('box'),
      picturePng: null,
      certificateSha256: 'ab',
      notAfter: after(1e9),
      createdAt: T0,
      disabledAt: null,
    };
    await keys.add(key);
    await expect(keys.add(key)).rejects.toMatchObject({ code: 'KEY_EXISTS' });
    expect(await keys.find(key.id)).toEqual(key);
    expect(await keys.findGranted(LAND, key.id)).toBeNull();
    await keys.grant(LAND, key.id, T0);
    await keys.grant(LAND, key.id, T0);
    expect(await keys.grantedTo(LAND)).toEqual([key]);
    expect(await keys.grants(key.id)).toEqual([LAND]);
    expect(await keys.disable(key.id, T0)).toBe(true);
    expect(await keys.grantedTo(LAND)).toEqual([]);
    expect(await keys.revokeGrant(LAND, key.id)).toBe(true);
    expect(await keys.findGranted(LAND, key.id)).toBeNull();
  });
});

describe('dossiers', () => {
  it('seal the applicant, and open it only at its own place', async () => {
    const dossier = dossierOf(LAND);
    await fresh.records.dossiers.add(dossier);
    expect(await fresh.records.dossiers.find(dossier.code)).toEqual(dossier);
    const sealed = await sealedColumn('SELECT applicant_sealed AS sealed FROM dossier WHERE code = $1', [dossier.code]);
    expect(sealed.includes('Trần Thị Mẫu')).toBe(false);
    const other = dossierOf(LAND);
    await fresh.records.dossiers.add(other);
    await fresh.handle.pool.query('UPDATE dossier SET applicant_sealed = $1 WHERE code = $2', [sealed, other.code]);
    await expect(fresh.records.dossiers.find(other.code)).rejects.toMatchObject({ code: 'SEALED_DATA_UNREADABLE' });
  });

  it('are added once, with their owner as first party', async () => {
    const dossier = dossierOf(LAND);
    await fresh.records.dossiers.add(dossier);
    await expect(fresh.records.dossiers.add(dossier)).rejects.toMatchObject({ code: 'DOSSIER_EXISTS' });
    for (const at of [after(1), after(2)]) await fresh.records.dossiers.addEvent(dossier.code, eventAt(at), { state: null, parties: [LAND, PORTAL] });
    expect(await fresh.records.dossiers.parties(dossier.code)).toEqual([LAND, PORTAL]);
    expect(await fresh.records.dossiers.isParty(dossier.code, STRANGER)).toBe(false);
    expect((await fresh.records.dossiers.listFor(PORTAL, 1))[0]?.code).toBe(dossier.code);
  });

  it('count serials per agency and day without gap or repeat when many ask at once (Circular 01/2018/TT-VPCP Art. 19)', async () => {
    const serials = await Promise.all(Array.from({ length: 30 }, () => fresh.records.dossiers.nextSerial(AGENCY, '261124')));
    expect(serials.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    expect(await fresh.records.dossiers.nextSerial(AGENCY, '261125')).toBe(1);
  });

  it('number their events from 1 without gap when many are added at once, and let none be changed', async () => {
    const dossier = dossierOf(LAND);
    await fresh.records.dossiers.add(dossier);
    const event = eventAt(T0);
    await Promise.all(Array.from({ length: 10 }, () => fresh.records.dossiers.addEvent(dossier.code, event)));
    expect((await fresh.records.dossiers.events(dossier.code, 2, 3)).map((each) => each.seq)).toEqual([3, 4, 5]);
    expect((await fresh.records.dossiers.events(dossier.code, 9, 10))[0]).toEqual({ ...event, seq: 10 });
    await expect(fresh.handle.pool.query('UPDATE dossier_event SET kind = $1', ['x'])).rejects.toThrow('append-only');
    await expect(fresh.records.dossiers.addEvent(dossierOf(LAND).code, event)).rejects.toMatchObject({ code: 'DOSSIER_NOT_FOUND' });
  });
});

describe('messages', () => {
  it('keep parts in order with the documents they name, and seal the body', async () => {
    const dossier = dossierOf(LAND);
    await fresh.records.dossiers.add(dossier);
    const documents = ['b', 'a'].map((name, index) => ({
      id: newDocumentId(),
      partnerId: LAND,
      sha256: String(index).repeat(64) as Sha256Hex,
      sizeBytes: 5_000_000_000 + index,
      mediaType: 'application/pdf',
      name: `${name}.pdf`,
      createdAt: T0,
    }));
    for (const document of documents) await fresh.records.documents.add(document);
    const parts = documents.map(({ id, sha256: digest, sizeBytes, mediaType }, index) => ({
      documentId: id,
      sha256: digest,
      sizeBytes,
      mediaType,
      name: `part ${index}`,
      role: 'annex',
    }));
    const message = messageOf(dossier.code, LAND, { parts, traceparent: '00-trace', body: { text: 'Bí mật', nested: { list: [1, null] } } });
    await fresh.records.messages.add(message, '{"version":1}', [evidenceOf(message.id)]);
    expect(await fresh.records.messages.find(message.id)).toEqual(message);
    expect(await fresh.records.messages.ofDossier(dossier.code)).toEqual([message]);
    expect(await fresh.records.messages.manifest(message.id)).toBe('{"version":1}');
    expect(await fresh.records.messages.traceparent(message.id)).toBe('00-trace');
    expect((await sealedColumn('SELECT body_sealed AS sealed FROM message WHERE id = $1', [message.id])).includes('Bí mật')).toBe(false);
    const [first] = documents;
    const seenBy = (partner: PartnerId): Promise<boolean> => fresh.records.documents.isVisibleTo(first?.id as DocumentId, partner);
    expect([await seenBy(LAND), await seenBy(PORTAL), await seenBy(STRANGER)]).toEqual([true, false, false]);
    await fresh.records.dossiers.addEvent(dossier.code, eventAt(T0), { state: null, parties: [PORTAL] });
    expect([await seenBy(PORTAL), await seenBy(STRANGER)]).toEqual([true, false]);
  });

  it('keep one receipt per delivery', async () => {
    const dossier = dossierOf(LAND);
    await fresh.records.dossiers.add(dossier);
    const { message, deliveryId } = await sendMessage(fresh.records, dossier.code, LAND, PORTAL);
    const receipt = { deliveryId, messageId: message.id, partnerId: PORTAL, manifestSha256: message.manifestSha256, receivedAt: T0, reference: null };
    await fresh.records.messages.addReceipt(receipt, after(5));
    await expect(fresh.records.messages.addReceipt(receipt, after(6))).rejects.toThrow('receipt_pkey');
    expect(await fresh.records.messages.receipts(message.id)).toEqual([receipt]);
    expect(await fresh.records.messages.deliveryTo(message.id, PORTAL)).toMatchObject({ id: deliveryId, state: 'pending', nextAttemptAt: T0 });
    expect(await fresh.records.messages.deliveryTo(message.id, LAND)).toBeNull();
  });
});

describe('the inbox', () => {
  const offer = async (partner: PartnerId): Promise<string> => {
    const dossier = dossierOf(LAND);
    await fresh.records.dossiers.add(dossier);
    const { deliveryId } = await sendMessage(fresh.records, dossier.code, LAND, partner);
    const held = await fresh.records.outbox.lease(deliveryId, 'a', T0, after(6_000));
    if (held === null) throw new Error('not leased');
    await fresh.records.outbox.settle(held, { state: 'offered' }, { startedAt: T0, finishedAt: T0, outcome: 'offered', code: null, detail: null });
    return deliveryId;
  };

  it('gives positions from 1 per partner, and hides what was acknowledged', async () => {
    const partner = partnerOf('puller', { mode: 'pull', url: null });
    await fresh.records.partners.add(partner);
    const offered = [await offer(partner.id), await offer(partner.id), await offer(partner.id)];
    const read = (from: number, limit = 10): ReturnType<typeof fresh.records.messages.inbox> => fresh.records.messages.inbox(partner.id, from, limit, T0);
    expect((await read(0, 2)).map((entry) => [entry.position, entry.deliveryId])).toEqual([[1, offered[0]], [2, offered[1]]]);
    expect((await read(2)).map((entry) => entry.position)).toEqual([3]);
    await fresh.records.outbox.finish(offered[0] as never, 'delivered', T0);
    expect((await read(0)).map((entry) => entry.position)).toEqual([2, 3]);
    expect(await fresh.records.messages.inbox(STRANGER, 0, 10, T0)).toEqual([]);
  });

  it('never lets a reader that goes on from its last position miss one, while others are still being offered', async () => {
    const partner = partnerOf('busy-puller', { mode: 'pull', url: null });
    await fresh.records.partners.add(partner);
    const offered: string[] = [];
    const writers = Array.from({ length: 4 }, async () => {
      for (let round = 0; round < 10; round += 1) offered.push(await offer(partner.id));
    });
    const reader = async (): Promise<string[]> => {
      const seen: string[] = [];
      for (let last = 0; seen.length < 40; ) {
        for (const entry of await fresh.records.messages.inbox(partner.id, last, 7, T0)) {
          expect(entry.position).toBeGreaterThan(last);
          last = entry.position;
          seen.push(entry.deliveryId);
        }
      }
      return seen;
    };
    const [first, second] = await Promise.all([reader(), reader(), ...writers]);
    expect([...(first ?? [])].sort()).toEqual([...offered].sort());
    expect(second).toEqual(first);
  });
});

describe('idempotency', () => {
  const request = (change: Partial<IdempotentRequest> = {}): IdempotentRequest => ({ partnerId: LAND, key: newId(), operation: 'POST /v1/x', requestSha256: 'aa', ...change });
  const claim = (asked: IdempotentRequest, now = T0, leaseUntil = after(60_000, now)): ReturnType<typeof fresh.records.idempotency.claim> =>
    fresh.records.idempotency.claim(asked, now, leaseUntil, after(1e9, now));
  const holderOf = async (claiming: ReturnType<typeof claim>): Promise<string> => {
    const claimed = await claiming;
    return claimed.outcome === 'claimed' ? claimed.holder : expect.fail('answered');
  };

  it('gives the stored answer to the same request, and refuses another body or operation under the same key', async () => {
    const asked = request();
    const holder = await holderOf(claim(asked));
    await expect(claim(asked)).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    await fresh.records.idempotency.complete(asked, holder, { status: 202, bodySealed: sha256('answer') });
    expect(await claim(asked)).toEqual({ outcome: 'answered', answer: { status: 202, bodySealed: sha256('answer') } });
    await expect(claim({ ...asked, requestSha256: 'bb' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    await expect(claim({ ...asked, operation: 'POST /v1/y' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    await holderOf(claim({ ...asked, partnerId: PORTAL }));
  });

  it('is never stuck after a crash: a claim whose lease ran out is taken over by the same request only', async () => {
    const asked = request();
    await claim(asked, T0, after(1_000));
    await expect(claim({ ...asked, requestSha256: 'bb' }, after(1_000))).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    const holder = await holderOf(claim(asked, after(1_000)));
    await fresh.records.idempotency.release(asked, holder);
    await holderOf(claim({ ...asked, requestSha256: 'bb' }));
  });

  it('knows who holds a claim: one that lost it cannot renew, complete or release it', async () => {
    const asked = request();
    const { idempotency } = fresh.records;
    const lost = await holderOf(claim(asked, T0, after(1_000)));
    expect(await idempotency.renew(asked, lost, after(2_000))).toBe(true);
    await expect(claim(asked, after(1_999))).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    const holder = await holderOf(claim(asked, after(2_000)));
    await idempotency.release(asked, lost);
    const answer = { status: 201, bodySealed: sha256('late') };
    expect([await idempotency.renew(asked, lost, after(1e6)), await idempotency.complete(asked, lost, answer), await idempotency.complete(asked, holder, answer)]).toEqual([false, false, true]);
  });

  it('disappears with the transaction that made it', async () => {
    const asked = request();
    const broken = fresh.records.transaction(async (trx) => {
      await trx.idempotency.claim(asked, T0, after(1_000), after(1e9));
      throw new Error('broken');
    });
    await expect(broken).rejects.toThrow('broken');
    await holderOf(claim(asked));
  });

  it('makes two requests at once one: the second waits for the first and gets its answer', async () => {
    const asked = request();
    const run = (): Promise<string> =>
      fresh.records.transaction(async (trx) => {
        const claimed = await trx.idempotency.claim(asked, T0, after(1_000), after(1e9));
        if (claimed.outcome === 'claimed') await trx.idempotency.complete(asked, claimed.holder, { status: 201, bodySealed: sha256('one') });
        return claimed.outcome;
      });
    expect((await Promise.all([run(), run(), run()])).sort()).toEqual(['answered', 'answered', 'claimed']);
  });

  it('forgets what has expired, a bounded number at a time', async () => {
    for (let count = 0; count < 3; count += 1) await fresh.records.idempotency.claim(request(), T0, T0, after(-1e9));
    expect(await fresh.records.idempotency.removeExpired(after(-1e9 + 1), 2)).toBe(2);
    expect(await fresh.records.idempotency.removeExpired(after(-1e9 + 1), 2)).toBe(1);
  });

  it('keeps what has not expired when the worker forgets, and says when there is more', async () => {
    const [old, older, kept] = [request(), request(), request()];
    for (const asked of [old, older]) await fresh.records.idempotency.claim(asked, T0, T0, after(-2e9));
    await fresh.records.idempotency.claim(kept, T0, after(60_000), after(-1e9));
    const ports = { records: fresh.records, clock: { ...systemClock, now: () => after(-2e9 + 1) } };
    expect(await forgetAnswers(ports, 2)).toEqual({ forgotten: 2, more: true });
    expect(await forgetAnswers(ports, 2)).toEqual({ forgotten: 0, more: false });
    const { rows } = await fresh.handle.pool.query('SELECT key FROM idempotency WHERE key = ANY($1)', [[old.key, older.key, kept.key]]);
    expect(rows).toEqual([{ key: kept.key }]);
  });
});

describe('postal orders', () => {
  it('exist once per dossier, leg and revision, with their detail and raw events sealed', async () => {
    const dossier = dossierOf(LAND);
    await fresh.records.dossiers.add(dossier);
    const party = { name: 'Lê Văn Mẫu', phone: '0900000001', email: null, address: { line: '1 Lê Lợi', provinceCode: '46', districtCode: null, communeCode: null } };
    const order = {
      id: newPostalOrderId(),
      dossierCode: dossier.code,
      leg: 'DELIVER_RESULT',
      revision: 1,
      carrier: 'post-vnpost-hcc',
      orderNumber: `${dossier.code}-KQ1`,
      requestedBy: LAND,
      detail: { sender: party, recipient: party, contents: [{ title: 'Giấy chứng nhận', kind: 'original', copies: 1 }], fees: [], note: null },
      state: 'QUEUED',
      stateReason: null,
      stateAt: T0,
      carrierText: null,
      trackingNumber: null,
      createdAt: T0,
    } as unknown as PostalOrder;
    const { postal } = fresh.records;
    await postal.add(order);
    await expect(postal.add({ ...order, id: newPostalOrderId(), orderNumber: 'other' })).rejects.toMatchObject({ code: 'POSTAL_ORDER_EXISTS' });
    await expect(postal.add({ ...order, id: newPostalOrderId(), revision: 2 })).rejects.toMatchObject({ code: 'POSTAL_ORDER_EXISTS' });
    expect(await postal.find(order.id)).toEqual(order);
    expect(await postal.findByNumber(order.carrier, order.orderNumber)).toEqual(order);
    expect(await postal.ofDossier(dossier.code)).toEqual([order]);
    expect((await sealedColumn('SELECT detail_sealed AS sealed FROM postal_order WHERE id = $1', [order.id])).includes('Lê Văn Mẫu')).toBe(false);
    expect(await postal.openOf(order.carrier)).toEqual([order]);

    const event: TrackingEvent = {
      id: newId(),
      carrier: order.carrier,
      orderNumber: order.orderNumber,
      postalOrderId: order.id,
      source: 'poll',
      carrierEventId: '17',
      carrierCode: '4',
      carrierText: 'Phát thành công',
      status: 'DELIVERED',
      occurredAt: after(9_000),
      receivedAt: after(9_500),
      raw: '{"phone":"0900000001"}',
    };
    expect(await postal.addEvent(event)).toBe(true);
    expect(await postal.addEvent({ ...event, id: newId() })).toBe(false);
    expect(await postal.addEvent({ ...event, id: newId(), carrierEventId: '16', occurredAt: after(8_000) })).toBe(true);
    expect((await postal.events(order.id)).map((each) => each.carrierEventId)).toEqual(['16', '17']);
    expect((await postal.events(order.id))[1]).toEqual(event);
    const told = ['18', '18', '17', '19'].map((carrierEventId): TrackingEvent => ({ ...event, id: newId(), carrierEventId, occurredAt: after(8_500) }));
    expect(await postal.addEvents(told)).toEqual(new Set([told[0]?.id, told[3]?.id]));
    expect((await postal.histories([order.id, newPostalOrderId()])).get(order.id)?.map((each) => each.carrierEventId)).toEqual(['16', '18', '19', '17']);
    expect((await postal.lockByNumbers(order.carrier, [order.orderNumber, 'other'])).map(({ id }) => id)).toEqual([order.id]);
    await postal.setState(order.id, 'DELIVERED', null, after(9_000), 'Phát thành công', 'EB1');
    expect(await postal.lock(order.id)).toMatchObject({ state: 'DELIVERED', stateAt: after(9_000), trackingNumber: 'EB1' });
    expect(await postal.openOf(order.carrier)).toEqual([]);
  });

  it('keep one cursor per account', async () => {
    expect(await fresh.records.postal.cursor('vnpost')).toBeNull();
    await fresh.records.postal.moveCursor('vnpost', '10', T0);
    await fresh.records.postal.moveCursor('vnpost', '11', after(1));
    expect(await fresh.records.postal.cursor('vnpost')).toBe('11');
  });
});

describe('a transaction', () => {
  it('is tried again after a deadlock, and both sides are recorded', async () => {
    const [first, second] = [dossierOf(LAND), dossierOf(LAND)];
    for (const dossier of [first, second]) await fresh.records.dossiers.add(dossier);
    const met: Promise<void>[] = [];
    let bothIn = (): void => {};
    const gate = new Promise<void>((resolve) => (bothIn = resolve));
    const run = (order: readonly (typeof first)[]): Promise<void> =>
      fresh.records.transaction(async (trx) => {
        for (const dossier of order) {
          await trx.dossiers.addEvent(dossier.code, eventAt(T0), { state: 'submitted', parties: [] });
          if (met.push(gate) === 2) bothIn();
          await gate;
        }
      });
    await Promise.all([run([first, second]), run([second, first])]);
    expect(met.length).toBeGreaterThan(4); // one side went twice
  });

  it('keeps the audit in order, newest first', async () => {
    for (const at of [T0, after(1)]) await fresh.records.audit.add({ at, actor: 'gateway', action: 'replay-message', subject: 'message:1', detail: { n: at.getTime() } });
    expect((await fresh.records.audit.of('message:1', 1))[0]).toMatchObject({ at: after(1), detail: { n: after(1).getTime() } });
  });
});
