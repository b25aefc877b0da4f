import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki } from '../../certs/dev/create-dev-pki.ts';
import { issueOddSigner } from '../../certs/dev/odd-signers.ts';
import type { DevIdentity } from '../../certs/dev/identity.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import { checkTimestampResponse, readTimestampResponse } from '../../src/formats/tsp/response.ts';
import { buildTimestampRequest, type TimestampRequest } from '../../src/formats/tsp/request.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import { opensslFolder, type OpensslFolder } from '../support/openssl.ts';
import { requireTool } from '../support/tools.ts';

const run = promisify(execFile);
let sandbox: SandboxPki;

beforeAll(async () => {
  sandbox = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
});
afterAll(() => sandbox.close());
afterEach(() => Object.assign(sandbox.faults, { tsa: null, ocsp: null, crl: null, ca: null }));

const post = (path: string, contentType: string, body: Uint8Array): Promise<Response> =>
  fetch(`${sandbox.url}${path}`, { method: 'POST', headers: { 'content-type': contentType }, body: Buffer.from(body) });
const bytesOf = async (response: Response): Promise<Uint8Array> => new Uint8Array(await response.arrayBuffer());
const pem = (identity: DevIdentity): string => pemOf('CERTIFICATE', identity.certificateDer);

describe.skipIf(!requireTool('openssl'))('the throw-away PKI on the wire, openssl as client and judge', () => {
  let openssl: OpensslFolder;

  beforeAll(() => {
    openssl = opensslFolder();
    openssl.write('root.pem', pem(sandbox.pki.root.identity));
    openssl.write('issuing.pem', pem(sandbox.pki.issuing.identity));
    openssl.write('officer.pem', pem(sandbox.pki.officer));
    openssl.write('chain.pem', pem(sandbox.pki.tsa) + pem(sandbox.pki.issuing.identity));
    openssl.write('paper.txt', 'Đơn đăng ký biến động đất đai\n');
  });
  afterAll(() => openssl.remove());

  const stamp = async (...options: readonly string[]): Promise<void> => {
    openssl.run('ts', '-query', '-data', 'paper.txt', '-out', 'query.tsq', ...options);
    const answer = await post('/tsa', 'application/timestamp-query', readFileSync(openssl.path('query.tsq')));
    expect(answer.headers.get('content-type')).toBe('application/timestamp-reply');
    openssl.write('reply.tsr', await bytesOf(answer));
  };
  const verifyStamp = (): { accepted: boolean; said: string } =>
    openssl.judge('ts', '-verify', '-queryfile', 'query.tsq', '-in', 'reply.tsr', '-CAfile', 'root.pem', '-untrusted', 'issuing.pem');
  const replyText = (): string => openssl.run('ts', '-reply', '-in', 'reply.tsr', '-text').toString();

  it.each(['-sha256', '-sha384', '-sha512'])('stamps %s digests so that openssl accepts the token (RFC 3161 §2.4.2)', async (digest) => {
    await stamp(digest, '-cert');
    expect(verifyStamp().said).toContain('Verification: OK');
    expect(replyText()).toMatch(/Policy OID: 2\.999\.33\.2[\s\S]*Accuracy: 0x01 seconds/);
  });

  it('leaves its certificate out when it was not asked for, and then still verifies with it at hand (RFC 3161 §2.4.1)', async () => {
    await stamp('-sha256', '-no_nonce');
    expect(verifyStamp().accepted).toBe(false);
    expect(openssl.judge('ts', '-verify', '-queryfile', 'query.tsq', '-in', 'reply.tsr', '-CAfile', 'root.pem', '-untrusted', 'chain.pem').said).toContain('OK');
  });

  it('refuses another policy by name (RFC 3161 §2.4.2, unacceptedPolicy)', async () => {
    await stamp('-sha256', '-tspolicy', '1.2.3.4');
    expect(replyText()).toMatch(/Status: Rejected[\s\S]*requested TSA policy is not supported/);
  });

  it('refuses SHA-1 (RFC 3161 §2.4.2, badAlg)', async () => {
    await stamp('-sha1');
    expect(replyText()).toMatch(/Rejected[\s\S]*unrecognized or unsupported algorithm/i);
  });

  it.each(['wrong-nonce', 'wrong-imprint', 'broken-signature', 'wrong-signer', 'no-nonce'] as const)('can answer with a token of fault %s, which openssl refuses', async (kind) => {
    sandbox.faults.tsa = { kind };
    await stamp('-sha256', '-cert');
    expect(verifyStamp().accepted).toBe(false);
  });

  /** openssl as a client that asks the server itself; it runs beside us, since the server is in this process. */
  const ask = async (issuer: string, ...options: readonly string[]): Promise<string> => {
    const args = ['ocsp', '-issuer', issuer, ...options, '-url', `${sandbox.url}/ocsp`, '-CAfile', 'root.pem', '-verify_other', 'issuing.pem'];
    const { stdout, stderr } = await run('openssl', args, { cwd: openssl.path('.') }).catch((error: unknown) => error as { stdout: string; stderr: string });
    return stdout + stderr;
  };
  const askFor = (name: string, identity: DevIdentity, ...options: readonly string[]): Promise<string> => {
    openssl.write(`${name}.pem`, pem(identity));
    return ask('issuing.pem', ...options, '-cert', `${name}.pem`);
  };

  it('says good for what it issued, revoked with reason for what it revoked (RFC 6960 §2.2)', async () => {
    expect(await askFor('officer', sandbox.pki.officer)).toMatch(/officer\.pem: good[\s\S]*Response verify OK/);
    expect(await askFor('officer', sandbox.pki.officer, '-sha256')).toMatch(/officer\.pem: good/);
    expect(await askFor('revoked', await issueOddSigner(sandbox.pki, 'revoked', new Date()))).toMatch(/revoked\.pem: revoked[\s\S]*Reason: keyCompromise/);
  });

  it('says unknown for a number it never issued (RFC 6960 §2.2)', async () => {
    expect(await ask('issuing.pem', '-serial', '0x4242')).toContain('0x4242: unknown');
  });

  it('answers for the issuing CA with the key of the root (RFC 6960 §4.2.2.2)', async () => {
    expect(await ask('root.pem', '-cert', 'issuing.pem')).toMatch(/issuing\.pem: good[\s\S]*Response verify OK/);
  });

  it('answers a GET whose path carries the request (RFC 6960 appendix A.1)', async () => {
    openssl.run('ocsp', '-issuer', 'issuing.pem', '-cert', 'officer.pem', '-no_nonce', '-reqout', 'request.der');
    const request = readFileSync(openssl.path('request.der')).toString('base64');
    openssl.write('response.der', await bytesOf(await fetch(`${sandbox.url}/ocsp/${encodeURIComponent(request)}`)));
    const judged = openssl.judge('ocsp', '-issuer', 'issuing.pem', '-cert', 'officer.pem', '-no_nonce', '-respin', 'response.der', '-CAfile', 'root.pem', '-verify_other', 'issuing.pem');
    expect(judged.said).toMatch(/officer\.pem: good[\s\S]*Response verify OK/);
  });

  it.each([
    ['wrong-signer', 'Response Verify Failure'],
    ['broken-signature', 'Response Verify Failure'],
    ['wrong-nonce', 'Nonce Verify error'],
    ['wrong-certificate', 'ERROR: No Status found'],
    ['stale', 'Status times invalid'],
    ['try-later', 'Responder Error: trylater'],
    ['unauthorized', 'Responder Error: unauthorized'],
  ] as const)('can answer OCSP with fault %s, which openssl refuses: %s', async (kind, said) => {
    sandbox.faults.ocsp = { kind };
    expect(await askFor('officer', sandbox.pki.officer)).toContain(said);
  });

  it('serves CRLs and CA certificates where its certificates say (RFC 5280 §4.2.1.13, §4.2.2.1)', async () => {
    const { crlUrls, caIssuersUrls } = readCertificate(sandbox.pki.officer.certificateDer);
    openssl.write('fetched.crl', await bytesOf(await fetch(crlUrls[0] ?? '')));
    openssl.write('fetched.crt', await bytesOf(await fetch(caIssuersUrls[0] ?? '')));
    openssl.run('x509', '-inform', 'DER', '-in', 'fetched.crt', '-out', 'fetched.pem');
    expect(openssl.judge('crl', '-inform', 'DER', '-in', 'fetched.crl', '-noout', '-CAfile', 'fetched.pem').said).toContain('verify OK');
    sandbox.faults.crl = { kind: 'broken-signature' };
    openssl.write('broken.crl', await bytesOf(await fetch(crlUrls[0] ?? '')));
    expect(openssl.judge('crl', '-inform', 'DER', '-in', 'broken.crl', '-noout', '-CAfile', 'fetched.pem').said).toContain('verify failure');
  });

  it('revokes over HTTP, and OCSP and CRL know it at once', async () => {
    const signer = await sandbox.pki.issuing.issue({ name: 'late', subject: [['CN', 'Người ký thử']], profile: 'signer', key: 'ec-p256', notBefore: new Date(Date.now() - 1000), notAfter: new Date(Date.now() + 86_400_000) });
    const { serialHex } = readCertificate(signer.certificateDer);
    const answer = await post('/sandbox/revocations', 'application/json', Buffer.from(JSON.stringify({ serialHex, reason: 'cessationOfOperation' })));
    expect(answer.status).toBe(200);
    expect(await askFor('late', signer)).toMatch(/late\.pem: revoked[\s\S]*Reason: cessationOfOperation/);
    openssl.write('late.crl', await bytesOf(await fetch(`${sandbox.url}/crl/issuing.crl`)));
    expect(openssl.run('crl', '-inform', 'DER', '-in', 'late.crl', '-noout', '-text').toString()).toContain(serialHex.toUpperCase());
  });
});

describe('the throw-away PKI on the wire, our own client', () => {
  const asked: TimestampRequest = { imprint: createHash('sha256').update('giấy tờ').digest(), digestAlgorithm: 'sha256', nonce: Uint8Array.of(9, 8, 7, 6, 5, 4, 3, 2), certReq: true };
  const exchange = async (): Promise<Uint8Array> => bytesOf(await post('/tsa', 'application/timestamp-query', buildTimestampRequest(asked)));

  it('gives tokens that our own checks accept (RFC 3161 §2.4.2)', async () => {
    const token = checkTimestampResponse(readTimestampResponse(await exchange()), asked);
    expect(Math.abs(token.info.genTime.getTime() - Date.now())).toBeLessThan(60_000);
  });

  it.each([
    ['wrong-nonce', 'TSA_TOKEN_INVALID'],
    ['no-nonce', 'TSA_TOKEN_INVALID'],
    ['wrong-imprint', 'TSA_TOKEN_INVALID'],
    ['refuse', 'TSA_REFUSED'],
  ] as const)('fault %s is refused by our own checks as %s', async (kind, code) => {
    sandbox.faults.tsa = { kind };
    const answer = await exchange();
    expect(() => checkTimestampResponse(readTimestampResponse(answer), asked)).toThrow(expect.objectContaining({ code }) as Error);
  });

  it('refuses what is no request, with the failure RFC 3161 §2.4.2 names', async () => {
    const answer = readTimestampResponse(await bytesOf(await post('/tsa', 'application/timestamp-query', Buffer.from('xin chào'))));
    expect(answer).toMatchObject({ status: 'rejection', failures: ['badDataFormat'] });
    expect((await post('/tsa', 'text/plain', Buffer.from('x'))).status).toBe(415);
    expect((await post('/tsa', 'application/timestamp-query', new Uint8Array(100_000))).status).toBe(413);
  });

  it('misbehaves on the wire as told', async () => {
    sandbox.faults.tsa = { kind: 'status', status: 500 };
    expect((await post('/tsa', 'application/timestamp-query', buildTimestampRequest(asked))).status).toBe(500);
    sandbox.faults.tsa = { kind: 'html' };
    expect((await post('/tsa', 'application/timestamp-query', buildTimestampRequest(asked))).headers.get('content-type')).toContain('text/html');
    sandbox.faults.tsa = { kind: 'reset' };
    await expect(exchange()).rejects.toThrow(TypeError);
    sandbox.faults.tsa = { kind: 'truncated' };
    await expect(exchange()).rejects.toThrow(TypeError);
    sandbox.faults.tsa = { kind: 'hang' };
    await expect(fetch(`${sandbox.url}/tsa`, { method: 'POST', headers: { 'content-type': 'application/timestamp-query' }, body: Buffer.from(buildTimestampRequest(asked)), signal: AbortSignal.timeout(200) })).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
