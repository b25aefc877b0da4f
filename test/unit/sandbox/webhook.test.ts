import { createHmac, createPrivateKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkWebhook, type Download, type MessageEnvelope, type WebhookTrust } from '../../../client/index.ts';
import { buildPush, readWebhookSecret } from '../../../connectors/partner-rest/request.ts';
import { MessageDamaged, openMailbox } from '../../../sandbox/mailbox.ts';
import type { AgencyCode } from '../../../src/domain/agency-code.ts';
import type { DossierCode } from '../../../src/domain/dossier.ts';
import type { DeliveryId, DocumentId, MessageId, PartnerId } from '../../../src/domain/ids.ts';
import type { Message } from '../../../src/domain/message.ts';
import { canonicalSha256, sha256Hex } from '../../../src/formats/canonical-json.ts';
import { messageEnvelopeOf } from '../../../src/formats/api/message-views.ts';
import { ed25519KeyPair } from '../../../src/formats/ed25519-key.ts';
import { webhookPublicKeyText } from '../../../src/formats/webhook-key.ts';

const NOW = new Date('2026-11-24T02:00:00Z');
const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const DELIVERY = '01936e5a-0000-7000-8000-00000000000d' as DeliveryId;
/** The example key of the specification's libraries, and another. */
const EXAMPLE = ed25519KeyPair(Buffer.from('6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=', 'base64'));
const OTHER = ed25519KeyPair(Buffer.alloc(32, 7));
const pushKeyOf = ({ privateKeyDer }: typeof EXAMPLE) => ({ id: 'k', privateKey: createPrivateKey({ key: Buffer.from(privateKeyDer), format: 'der', type: 'pkcs8' }) });
const PAPER = Buffer.from('%PDF-1.7 mẫu');

function message(): Message {
  const parts = [{ documentId: '01936e5a-0000-7000-8000-00000000000a' as DocumentId, sha256: sha256Hex(PAPER), sizeBytes: PAPER.length, mediaType: 'application/pdf', name: 'a.pdf', role: 'result' }];
  const facts = { type: 'dossier.result', schemaVersion: 1, dossierCode: 'H57.12.03-261124-0001' as DossierCode, createdAt: NOW } as const;
  const body = { number: '1234/QĐ' };
  const id = '01936e5a-0000-7000-8000-00000000000b' as MessageId;
  const from = { partnerId: 'land-registry', agencyCode: 'H57.12.03' };
  const named = parts.map(({ documentId: _, ...part }) => part);
  const manifest = { version: 1, messageId: id, type: facts.type, dossierCode: facts.dossierCode, from, to: ['H57.00.99'], createdAt: NOW.toISOString(), bodySha256: canonicalSha256(body), parts: named };
  return { ...facts, id, fromPartnerId: from.partnerId as PartnerId, fromAgencyCode: from.agencyCode as AgencyCode, toAgencyCodes: ['H57.00.99' as AgencyCode], body, parts, manifestSha256: canonicalSha256(manifest), traceparent: null };
}

describe('checking a webhook (Standard Webhooks 1.0.0)', () => {
  const secrets = readWebhookSecret(SECRET);
  const pushBy = (...keys: (typeof EXAMPLE)[]) => buildPush(new URL('http://127.0.0.1/webhooks'), { secrets, ed25519: keys.map(pushKeyOf) }, DELIVERY, message(), NOW);
  const push = pushBy();
  const body = push.body ?? new Uint8Array();
  const TRUST: WebhookTrust = { secret: SECRET, publicKeys: [] };
  const trusting = (...keys: (typeof EXAMPLE)[]): WebhookTrust => ({ secret: SECRET, publicKeys: keys.map(({ publicKey }) => webhookPublicKeyText(publicKey)) });

  it('takes what the gateway’s connector sends', () => {
    expect(checkWebhook({ headers: push.headers, body }, TRUST, NOW)).toEqual({ genuine: true, id: DELIVERY });
  });

  it('takes the worked example of the specification’s libraries', () => {
    const headers = { 'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': '1614265330', 'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=' };
    expect(checkWebhook({ headers, body: Buffer.from('{"test": 2432232314}') }, { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', publicKeys: [] }, new Date(1_614_265_330_000))).toMatchObject({ genuine: true });
  });

  it('checks Ed25519 (v1a) like the worked example of the libraries, and refuses it by another key', () => {
    const headers = { 'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': '1614265330' };
    const symmetric = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
    const asymmetric = 'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==';
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const check = (signature: string, publicKey: Uint8Array) =>
      checkWebhook({ headers: { ...headers, 'webhook-signature': signature }, body: Buffer.from('{"test": 2432232314}') }, { secret, publicKeys: [webhookPublicKeyText(publicKey)] }, new Date(1_614_265_330_000)).genuine;
    expect(webhookPublicKeyText(EXAMPLE.publicKey)).toBe('whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=');
    expect(check(`${symmetric} ${asymmetric}`, EXAMPLE.publicKey)).toBe(true);
    expect(check(`${symmetric} ${asymmetric}`, OTHER.publicKey)).toBe(false);
    expect(check(symmetric, EXAMPLE.publicKey)).toBe(false);
    expect(check(asymmetric, EXAMPLE.publicKey)).toBe(false);
  });

  it('takes the old and the new key while one replaces the other', () => {
    const both = { headers: pushBy(EXAMPLE, OTHER).headers, body };
    for (const trust of [trusting(EXAMPLE), trusting(OTHER), trusting(EXAMPLE, OTHER)]) expect(checkWebhook(both, trust, NOW)).toMatchObject({ genuine: true });
    expect(checkWebhook({ headers: pushBy(EXAMPLE).headers, body }, trusting(OTHER), NOW)).toMatchObject({ genuine: false });
  });

  it('takes one good signature among several, so that secrets can be changed', () => {
    const headers = { ...push.headers, 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')} v1a,xyz ${push.headers['webhook-signature'] ?? ''}` };
    expect(checkWebhook({ headers, body }, TRUST, NOW).genuine).toBe(true);
  });

  it.each([
    ['another body', {}, Buffer.from('{}'), 0],
    ['another id', { 'webhook-id': 'x' }, body, 0],
    ['another time', { 'webhook-timestamp': String(NOW.getTime() / 1_000 + 1) }, body, 0],
    ['no signature', { 'webhook-signature': undefined }, body, 0],
    ['a signature of another version', { 'webhook-signature': (push.headers['webhook-signature'] ?? '').replace('v1,', 'v2,') }, body, 0],
    ['a cut signature', { 'webhook-signature': (push.headers['webhook-signature'] ?? '').slice(0, -8) }, body, 0],
    ['a time that is no number', { 'webhook-timestamp': 'now' }, body, 0],
    ['a replay after five minutes', {}, body, 301_000],
    ['a clock five minutes ahead', {}, body, -301_000],
  ])('refuses %s', (_, change, content, laterMs) => {
    expect(checkWebhook({ headers: { ...push.headers, ...change }, body: content }, TRUST, new Date(NOW.getTime() + laterMs))).toMatchObject({ genuine: false });
  });

  it('refuses a signature by another secret', () => {
    const signature = createHmac('sha256', Buffer.alloc(32, 1)).update(`${DELIVERY}.${NOW.getTime() / 1_000}.`).update(body).digest('base64');
    expect(checkWebhook({ headers: { ...push.headers, 'webhook-signature': `v1,${signature}` }, body }, TRUST, NOW)).toMatchObject({ genuine: false });
  });
});

describe('a receiving system’s mailbox', () => {
  const envelope = (): MessageEnvelope => JSON.parse(JSON.stringify(messageEnvelopeOf(message(), DELIVERY))) as MessageEnvelope;
  const open = (bytes: Uint8Array = PAPER) => {
    let fetched = 0;
    const downloadDocument = (): Promise<Download> => {
      fetched += 1;
      return Promise.resolve({ name: 'a.pdf', mediaType: 'application/pdf', sizeBytes: bytes.length, sha256: sha256Hex(bytes), stream: ReadableStream.from<Uint8Array>([bytes]) });
    };
    return { mailbox: openMailbox({ gateway: { downloadDocument }, now: () => NOW, reference: () => 'R-1' }), fetched: () => fetched };
  };

  it('keeps a message once, however often it comes, also at the same time, and gives the same receipt', async () => {
    const { mailbox, fetched } = open();
    const receipts = await Promise.all([mailbox.take(envelope()), mailbox.take(envelope()), mailbox.take(envelope())]);
    expect(new Set(receipts.map((receipt) => JSON.stringify(receipt))).size).toBe(1);
    expect(await mailbox.take(envelope())).toEqual({ messageId: envelope().messageId, manifestSha256: envelope().manifestSha256, reference: 'R-1' });
    expect([fetched(), mailbox.messages().length, mailbox.messages()[0]?.times]).toEqual([1, 1, 4]);
    expect(mailbox.receiptOf(DELIVERY)).toEqual(receipts[0]);
  });

  it.each<readonly [string, (envelope: MessageEnvelope) => object]>([
    ['body', (whole) => ({ ...whole, body: { number: '9999/QĐ' } })],
    ['sender', (whole) => ({ ...whole, from: { partnerId: 'stranger', agencyCode: null } })],
    ['type', (whole) => ({ ...whole, type: 'dossier.withdraw', body: {} })],
    ['list of papers', (whole) => ({ ...whole, parts: [] })],
  ])('gives no receipt for a message whose %s does not match its digest', async (_, damage) => {
    const { mailbox } = open();
    await expect(mailbox.take(damage(envelope()) as MessageEnvelope)).rejects.toThrow(MessageDamaged);
    expect(mailbox.receiptOf(DELIVERY)).toBeNull();
  });

  it('gives no receipt for a paper with other bytes, and takes the message when it comes whole', async () => {
    await expect(open(Buffer.from('%PDF-1.7 MẪU')).mailbox.take(envelope())).rejects.toThrow('a.pdf');
  });

  it('refuses the same delivery with another content', async () => {
    const { mailbox } = open();
    await mailbox.take(envelope());
    await expect(mailbox.take({ ...envelope(), manifestSha256: sha256Hex('other') })).rejects.toThrow('another content');
  });
});
