import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Agent } from 'undici';
import { createRestPartner } from '../../connectors/partner-rest/index.ts';
import type { Partner } from '../../src/domain/partner.ts';
import type { DossierPartner, SendOutcome } from '../../src/ports/dossier-partner.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { outboundAgent } from '../../src/wiring/outbound-http.ts';
import { startHttpPartner, type HttpPartner, type Reaction } from '../support/http-partner.ts';
import { dossierOf, messageOf, newDeliveryId, newId, partnerOf } from '../support/ledger.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OTHER = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
const message = messageOf(dossierOf('land').code, 'land');

let agent: Agent;
let server: HttpPartner;
beforeEach(async () => {
  agent = outboundAgent({ allow: ['127.0.0.1'] });
  server = await startHttpPartner({ secret: SECRET, deduplicates: true });
});
afterEach(async () => {
  await agent.destroy();
  await server.close();
});

function connector(url: string, change: Partial<Partner> = {}, webhookSecret = SECRET, dispatcher = agent): DossierPartner {
  return createRestPartner({ partner: partnerOf('portal', { url, ...change }), webhookSecret, dispatcher, clock: systemClock, totalTimeoutMs: 500, maxAnswerBytes: 1_000 });
}

const send = (partner: DossierPartner, signal = new AbortController().signal, id = newDeliveryId()): Promise<SendOutcome> => partner.send(id, message, message.manifestSha256, signal);

function sendTo(reaction: Reaction): Promise<SendOutcome> {
  server.setReaction(() => reaction);
  return send(connector(server.url));
}

describe('a push (Standard Webhooks 1.0.0)', () => {
  it('carries the same id, key and bytes each time, and is accepted by a verifier written apart', async () => {
    const id = newDeliveryId();
    for (let round = 0; round < 2; round += 1) expect(await send(connector(server.url), undefined, id)).toMatchObject({ outcome: 'delivered', manifestSha256: message.manifestSha256 });
    const [first, second] = server.pushes;
    expect(first).toMatchObject({ webhookId: id, idempotencyKey: id, messageId: message.id });
    expect({ ...second, headers: null }).toEqual({ ...first, headers: null });
    expect(server.effects).toHaveLength(1);
  });

  it('goes on with the trace of the call that sent the message (W3C Trace Context §3.2), and says nothing of one where there is none', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    for (const traced of [message, { ...message, traceparent }]) await connector(server.url).send(newDeliveryId(), traced, message.manifestSha256, new AbortController().signal);
    expect(server.pushes.map(({ headers }) => headers['traceparent'])).toEqual([undefined, traceparent]);
  });

  it('is signed with every key while one replaces the other', async () => {
    expect(await send(connector(server.url, {}, `${OTHER} ${SECRET}`))).toMatchObject({ outcome: 'delivered' });
    expect(await send(connector(server.url, {}, OTHER))).toMatchObject({ outcome: 'refused', code: 'PARTNER_REFUSED' });
    expect(server.unsigned).toBe(1);
  });

  it.each(['', 'whsec_', 'whsec_c2hvcnQ=', SECRET.slice(6)])('refuses the secret %j without repeating it', (secret) => {
    expect(() => connector(server.url, {}, secret)).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

describe('the outcome of a push', () => {
  it.each([
    [429, 'retry'], [503, 'retry'], [408, 'retry'], [409, 'retry'], [425, 'retry'],
    [400, 'refused'], [401, 'refused'], [403, 'refused'], [404, 'refused'], [413, 'refused'], [422, 'refused'], [301, 'refused'], [307, 'refused'], [501, 'refused'],
    [500, 'unknown'], [502, 'unknown'], [504, 'unknown'], [599, 'unknown'],
  ])('of an HTTP %i is %s', async (status, outcome) => {
    expect(await sendTo({ apply: false, answer: { status, headers: status < 400 ? { location: 'http://127.0.0.1:1/' } : {} } })).toMatchObject({ outcome });
  });

  it('of 410 is gone', async () => {
    expect(await sendTo({ apply: false, answer: { status: 410 } })).toMatchObject({ outcome: 'refused', code: 'PARTNER_GONE' });
  });

  it('tells how long the partner asks to wait, in seconds or as a date (RFC 9110 §10.2.3)', async () => {
    const answer = (retryAfter: string): Promise<SendOutcome> => sendTo({ apply: false, answer: { status: 503, headers: { 'retry-after': retryAfter } } });
    expect(await answer('120')).toMatchObject({ outcome: 'retry', retryAfterMs: 120_000 });
    expect(await answer('soon')).toMatchObject({ outcome: 'retry', retryAfterMs: null });
    const dated = await answer(new Date(Date.now() + 60_000).toUTCString());
    expect(dated.outcome === 'retry' ? dated.retryAfterMs : null).toBeGreaterThan(50_000);
  });

  it.each(['', 'OK', '<html>login</html>', '{}', '{"messageId":"x"}', `{"messageId":"${newId()}"}`, 'x'.repeat(5_000)])('of a 200 with the body %.20j is unknown: no receipt, no delivery', async (body) => {
    expect(await sendTo({ apply: true, answer: { status: 200, body } })).toMatchObject({ outcome: 'unknown', code: 'PARTNER_ANSWER_INVALID' });
  });

  it('of a receipt for another message is refused', async () => {
    const body = JSON.stringify({ messageId: newId(), manifestSha256: message.manifestSha256 });
    expect(await sendTo({ apply: true, answer: { status: 200, body } })).toMatchObject({ outcome: 'refused', code: 'RECEIPT_INVALID' });
  });

  it('is unknown once bytes have left: no answer in time, or a connection cut', async () => {
    expect(await sendTo({ apply: true, answer: 'hang' })).toMatchObject({ outcome: 'unknown', detail: expect.stringContaining('500 ms') as string });
    expect(await sendTo({ apply: true, answer: 'reset' })).toMatchObject({ outcome: 'unknown' });
    expect(server.effects).toHaveLength(2);
  });

  it('is a retry when nothing left: connection refused, no such name, no TLS on the other side', async () => {
    const closed = createTcpServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const free = outboundAgent({ allow: ['127.0.0.1', 'no-such-host.invalid'], connectTimeoutMs: 400 });
    try {
      for (const url of [`http://127.0.0.1:${port}/`, 'http://no-such-host.invalid/', server.url.replace('http:', 'https:')]) {
        expect(await send(connector(url, {}, SECRET, free)), url).toMatchObject({ outcome: 'retry', code: 'PARTNER_UNAVAILABLE' });
      }
    } finally {
      await free.destroy();
    }
  });

  it('is a retry when it was aborted before, unknown when it was aborted after bytes left', async () => {
    expect(await send(connector(server.url), AbortSignal.abort())).toMatchObject({ outcome: 'retry' });
    const abort = new AbortController();
    server.setReaction(() => {
      setTimeout(() => abort.abort(), 20);
      return { apply: true, answer: 'hang' };
    });
    expect(await send(connector(server.url), abort.signal)).toMatchObject({ outcome: 'unknown' });
    expect(server.pushes).toHaveLength(1);
  });
});

describe('an address inside (SSRF)', () => {
  it.each([
    'http://127.0.0.1:PORT/', 'http://127.1:PORT/', 'http://2130706433:PORT/', 'http://0x7f.1:PORT/', 'http://0177.0.0.1:PORT/', 'http://[::1]:PORT/', 'http://[::ffff:127.0.0.1]:PORT/',
    'http://0.0.0.0:PORT/', 'http://localhost:PORT/', 'http://localhost.:PORT/', 'http://169.254.169.254/', 'http://10.0.0.1/', 'http://172.16.0.1/', 'http://192.168.0.1/', 'http://100.64.0.1/',
    'http://[fc00::1]/', 'http://[fe80::1]/', 'http://[64:ff9b::7f00:1]:PORT/', 'http://[2002:7f00:1::]:PORT/', 'http://%31%32%37.0.0.1:PORT/', 'http://①②⑦.0.0.1:PORT/', 'http://127。0。0。1:PORT/', 'http://8.8.8.8:22/', 'http://8.8.8.8:6379/',
  ])('%s is refused when it is connected to, before a byte is sent', async (form) => {
    const guarded = outboundAgent({ allow: [] });
    try {
      expect(await send(connector(form.replace('PORT', String(server.port)), {}, SECRET, guarded))).toMatchObject({ outcome: 'refused', code: 'URL_FORBIDDEN' });
    } finally {
      await guarded.destroy();
    }
    expect(server.pushes).toHaveLength(0);
  });

  it.each(['http://user:pass@partner.example/', 'file:///etc/passwd', 'gopher://127.0.0.1/', 'ftp://partner.example/', 'not a url'])('%s is no URL of a partner', (url) => {
    expect(() => connector(url)).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('that an operator allowed by host and port is allowed there only', async () => {
    const other = await startHttpPartner({ secret: SECRET, deduplicates: true });
    const narrow = outboundAgent({ allow: [`127.0.0.1:${server.port}`, `localhost:${server.port}`] });
    try {
      expect(await send(connector(server.url, {}, SECRET, narrow))).toMatchObject({ outcome: 'delivered' });
      expect(await send(connector(other.url, {}, SECRET, narrow))).toMatchObject({ code: 'URL_FORBIDDEN' });
      expect(await send(connector(other.url.replace('127.0.0.1', 'localhost'), {}, SECRET, narrow))).toMatchObject({ code: 'URL_FORBIDDEN' });
    } finally {
      await narrow.destroy();
      await other.close();
    }
  });
});

describe('a look-up', () => {
  it('is offered only where the partner declares it', () => {
    expect(connector(server.url).lookup).toBeNull();
    expect(connector(server.url, { repeat: 'lookup' }).lookup).not.toBeNull();
  });

  it('finds what took effect, and says so of what did not', async () => {
    const partner = connector(server.url, { repeat: 'lookup' });
    const [there, elsewhere] = [newDeliveryId(), newDeliveryId()];
    await send(partner, undefined, there);
    const { signal } = new AbortController();
    expect(await partner.lookup?.(there, signal)).toMatchObject({ found: true, manifestSha256: message.manifestSha256 });
    expect(await partner.lookup?.(elsewhere, signal)).toEqual({ found: false, manifestSha256: null, reference: null });
  });

  it('throws when the partner cannot be asked: that is not "not found"', async () => {
    const partner = connector(server.url, { repeat: 'lookup' }, OTHER);
    await expect(partner.lookup?.(newDeliveryId(), new AbortController().signal)).rejects.toMatchObject({ code: 'PARTNER_UNAVAILABLE' });
  });
});
