import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createHttpTimestampAuthority, type HttpTimestampAuthority, type TsaHttpSettings } from '../../connectors/tsa-http/index.ts';
import { checkTimestampToken } from '../../src/formats/tsp/check-token.ts';
import { buildTimestampRequest, type TimestampRequest } from '../../src/formats/tsp/request.ts';
import { checkTimestampResponse, readTimestampResponse } from '../../src/formats/tsp/response.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import { testCa, testTsa } from '../support/certificates.ts';
import { opensslFolder, type OpensslFolder } from '../support/openssl.ts';
import { requireTool } from '../support/tools.ts';

const data = Buffer.from('Giá trị chữ ký', 'utf8');
const request = (): TimestampRequest => ({ imprint: createHash('sha256').update(data).digest(), digestAlgorithm: 'sha256', nonce: randomBytes(8), certReq: true });

const authorities: HttpTimestampAuthority[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const authority of authorities.splice(0)) await authority.close();
  for (const server of servers.splice(0)) await stop(server);
});

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => void server.close(() => resolve()));
}

/** A server that answers as `handle` says, and an authority that asks it. */
async function authorityOver(handle: (body: Buffer, response: ServerResponse, incoming: IncomingMessage) => void, settings: Partial<TsaHttpSettings> = {}): Promise<HttpTimestampAuthority> {
  const server = createServer((incoming, response) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => handle(Buffer.concat(parts), response, incoming));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const authority = createHttpTimestampAuthority({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsa`, ...settings });
  authorities.push(authority);
  servers.push(server);
  return authority;
}

const REPLY = { 'content-type': 'application/timestamp-reply' };

describe.skipIf(!requireTool('openssl'))('tsa-http with openssl ts as authority', () => {
  let folder: OpensslFolder;
  beforeAll(() => {
    folder = opensslFolder();
    const ca = testCa();
    const tsa = testTsa(ca);
    folder.write('ca.pem', pemOf('CERTIFICATE', ca.certificateDer));
    folder.write('tsa.pem', pemOf('CERTIFICATE', tsa.certificateDer));
    folder.write('tsa.key', tsa.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    folder.write('serial', '01\n');
    folder.write('data.bin', data);
    folder.write('ts.cnf', ['[tsa]', 'default_tsa = config', '[config]', 'serial = serial', 'crypto_device = builtin', 'signer_cert = tsa.pem', 'certs = ca.pem', 'signer_key = tsa.key', 'signer_digest = sha256', 'default_policy = 1.2.3.4.1', 'digests = sha256, sha512', 'accuracy = secs:1', 'ess_cert_id_chain = no', 'ess_cert_id_alg = sha256'].join('\n'));
  });
  afterAll(() => folder.remove());

  const opensslReply = (body: Buffer, response: ServerResponse): void => {
    folder.write('query.tsq', body);
    folder.run('ts', '-reply', '-config', 'ts.cnf', '-section', 'config', '-queryfile', 'query.tsq', '-out', 'reply.tsr');
    response.writeHead(200, REPLY).end(readFileSync(folder.path('reply.tsr')));
  };

  it('brings back a token that passes our rules and openssl ts -verify (RFC 3161 §3.4)', async () => {
    const authority = await authorityOver(opensslReply);
    const asked = request();
    const responseDer = await authority.exchange(buildTimestampRequest(asked));
    const token = checkTimestampResponse(readTimestampResponse(responseDer), asked);
    const result = checkTimestampToken(token, { imprint: (digest) => createHash(digest).update(data).digest(), at: new Date() });
    expect(result.checks.filter(({ status }) => status !== 'passed')).toEqual([]);
    expect(result).toMatchObject({ indication: 'PASSED', subIndication: null });
    folder.write('token.der', token.der);
    expect(folder.judge('ts', '-verify', '-token_in', '-in', 'token.der', '-data', 'data.bin', '-CAfile', 'ca.pem').said).toContain('Verification: OK');
    folder.write('answer.tsr', responseDer);
    expect(folder.judge('ts', '-verify', '-in', 'answer.tsr', '-queryfile', 'query.tsq', '-CAfile', 'ca.pem').said).toContain('Verification: OK');
  });

  it('tells a refusal with the authority’s own reason (RFC 3161 §2.4.2)', async () => {
    const authority = await authorityOver(opensslReply);
    const asked = { ...request(), policyOid: '1.2.3.4.99' };
    const response = readTimestampResponse(await authority.exchange(buildTimestampRequest(asked)));
    expect(() => checkTimestampResponse(response, asked)).toThrow(/^The time-stamping authority refused: rejection \(unacceptedPolicy/);
  });

  it('refuses the answer to an earlier request (RFC 3161 §2.2)', async () => {
    const authority = await authorityOver(opensslReply);
    const earlier = readTimestampResponse(await authority.exchange(buildTimestampRequest(request())));
    expect(() => checkTimestampResponse(earlier, request())).toThrow(expect.objectContaining({ code: 'TSA_TOKEN_INVALID' }));
  });
});

describe('tsa-http against answers that are none', () => {
  it.each<[string, (response: ServerResponse, incoming: IncomingMessage) => void, string]>([
    ['an HTML page', (response) => void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<h1>Đăng nhập</h1>'), 'TSA_ANSWER_INVALID'],
    ['no media type', (response) => void response.writeHead(200).end('x'), 'TSA_ANSWER_INVALID'],
    ['HTTP 500', (response) => void response.writeHead(500, REPLY).end(), 'TSA_UNAVAILABLE'],
    ['HTTP 404', (response) => void response.writeHead(404).end(), 'TSA_UNAVAILABLE'],
    ['a redirect', (response) => void response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(), 'TSA_ANSWER_INVALID'],
    ['more bytes than allowed', (response) => void response.writeHead(200, REPLY).end(Buffer.alloc(70_000)), 'TSA_ANSWER_INVALID'],
    ['a connection that breaks off', (response, incoming) => void (response.writeHead(200, { ...REPLY, 'content-length': '1000' }), response.write('x', () => incoming.socket.destroy())), 'TSA_UNAVAILABLE'],
    ['silence', () => undefined, 'TSA_UNAVAILABLE'],
    ['bytes that trickle for ever', (response) => void response.writeHead(200, REPLY).write('x'), 'TSA_UNAVAILABLE'],
  ])('refuses %s', async (_, respond, code) => {
    const authority = await authorityOver((__, response, incoming) => respond(response, incoming), { totalTimeoutMs: 400, maxBytes: 64 * 1024 });
    await expect(authority.exchange(buildTimestampRequest(request()))).rejects.toMatchObject({ code, name: 'GatewayError' });
  });

  it('tells an authority that cannot be reached', async () => {
    const authority = await authorityOver(() => undefined);
    for (const server of servers.splice(0)) await stop(server);
    await expect(authority.exchange(buildTimestampRequest(request()))).rejects.toMatchObject({ code: 'TSA_UNAVAILABLE', retryable: true });
  });

  it('stops when the caller does', async () => {
    const controller = new AbortController();
    const authority = await authorityOver(() => controller.abort());
    await expect(authority.exchange(buildTimestampRequest(request()), controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('sends media type, body and credentials as RFC 3161 §3.4 and the settings say', async () => {
    const seen: { headers: IncomingMessage['headers']; body: Buffer }[] = [];
    const authority = await authorityOver((body, response, { headers }) => {
      seen.push({ headers, body });
      response.writeHead(200, REPLY).end('answer');
    }, { authorization: 'Basic dGVzdDp0ZXN0' });
    const requestDer = buildTimestampRequest(request());
    expect(Buffer.from(await authority.exchange(requestDer)).toString()).toBe('answer');
    expect(seen).toHaveLength(1);
    expect(seen[0]?.headers).toMatchObject({ 'content-type': 'application/timestamp-query', authorization: 'Basic dGVzdDp0ZXN0' });
    expect(seen[0]?.body.equals(requestDer)).toBe(true);
    expect(authority.name).not.toContain('dGVzd');
  });

  it.each(['ftp://tsa.example', 'not a url', 'http://user:secret@tsa.example/'])('refuses the address %s', (url) => {
    expect(() => createHttpTimestampAuthority({ url })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
