import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPolicy } from '../../certs/policy/load-policy.ts';
import { createHttpRevocationSource } from '../../connectors/revocation-http/index.ts';
import { NO_MATERIAL, type CertificateQuestion } from '../../src/formats/ades/context.ts';
import { judgeCertificate, UNFETCHED, type CertificateJudgement } from '../../src/formats/ades/judge-certificate.ts';
import { validationPolicy } from '../../src/formats/ades/policy.ts';
import { readAsn1 } from '../../src/formats/asn1/reader.ts';
import { readOctetString, readSequence } from '../../src/formats/asn1/values.ts';
import { buildCrl } from '../../src/formats/crl/build-crl.ts';
import { authorityInfoAccessExtension, basicConstraintsExtension, buildExtension, crlDistributionPointsExtension, keyUsageExtension } from '../../src/formats/x509/build-extensions.ts';
import { keyIdentifierOf } from '../../src/formats/x509/build-certificate.ts';
import { buildName } from '../../src/formats/x509/build-name.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';
import { EXTENSION } from '../../src/formats/x509/extensions.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import type { RevocationSource } from '../../src/ports/revocation-source.ts';
import { createRevocationCollector, type Collected } from '../../src/usecases/collect-revocation.ts';
import { judgeWithCollector } from '../../src/usecases/judge-with-collector.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { outboundAgent } from '../../src/wiring/outbound-http.ts';
import { newKey, testCa, testIdentity, type TestIdentity } from '../support/certificates.ts';
import { frozenClock } from '../support/clock.ts';

type Handle = (response: ServerResponse, request: IncomingMessage, body: Buffer) => void;

const agent = outboundAgent({ allow: ['127.0.0.1'] });
const source: RevocationSource = createHttpRevocationSource({ dispatcher: agent, totalTimeoutMs: 500, maxBytes: { crl: 10_000, ocsp: 1_000, issuers: 1_000 } });
const DER = Buffer.of(0x30, 0);

let server: Server;
let base: string;
let handle: Handle;
let seen: string[];

beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      seen.push(request.url ?? '');
      handle(response, request, Buffer.concat(parts));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  return new Promise<void>((resolve) => void server.close(() => resolve()));
});
afterAll(() => agent.destroy());

const answering = (contentType: string | null, body: Uint8Array): Handle => (response) => void response.writeHead(200, contentType === null ? {} : { 'content-type': contentType }).end(body);

describe('revocation-http', () => {
  it('asks OCSP by POST with its media type and takes only its own (RFC 6960 appendix A)', async () => {
    handle = (response, { method, headers }, body) => {
      expect([method, headers['content-type'], headers['accept-encoding'], body.toString()]).toEqual(['POST', 'application/ocsp-request', 'identity', 'asked']);
      response.writeHead(200, { 'content-type': 'Application/OCSP-Response; a=b' }).end(DER);
    };
    expect(Buffer.from(await source.fetchOcsp(`${base}/ocsp#part`, Buffer.from('asked')))).toEqual(DER);
    expect(seen).toEqual(['/ocsp']);
  });

  it.each([['application/pkix-crl'], ['application/x-pkcs7-crl'], ['application/octet-stream'], ['text/plain'], [null]])('takes a CRL served as %s, since the bytes decide (RFC 2585 §4)', async (contentType) => {
    handle = answering(contentType, DER);
    expect(Buffer.from(await source.fetchCrl(`${base}/a.crl`))).toEqual(DER);
    handle = answering(contentType, Buffer.from(`# comment\n${pemOf('X509 CRL', DER)}`));
    expect(Buffer.from(await source.fetchCrl(`${base}/a.crl`)).includes('BEGIN X509 CRL')).toBe(true);
  });

  it.each<[string, Handle, RegExp]>([
    ['a web page', answering('text/html', DER), /text\/html/],
    ['JSON', answering('application/json', DER), /application\/json/],
    ['text that is neither DER nor PEM', answering(null, Buffer.from('not found')), /neither DER nor PEM/],
    ['nothing', answering(null, new Uint8Array()), /with nothing/],
    ['more than allowed', answering(null, Buffer.alloc(10_001, 0x30)), /more than 10000 bytes/],
    ['compressed bytes', (response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(DER), /compressed/],
    ['HTTP 404', (response) => void response.writeHead(404).end(), /HTTP 404/],
    ['HTTP 204', (response) => void response.writeHead(204).end(), /HTTP 204/],
    ['a redirect without an address', (response) => void response.writeHead(302).end(), /redirects/],
    ['a redirect to nonsense', (response) => void response.writeHead(302, { location: 'http://[' }).end(), /no address/],
    ['silence', () => undefined, /no whole answer within 500 ms/],
    ['a broken connection', (response) => void response.socket?.destroy(), /broke off/],
    ['half an answer', (response) => void (response.writeHead(200, { 'content-length': 9 }), response.write('0', () => response.destroy())), /broke off/],
  ])('refuses %s', async (_, answer, says) => {
    handle = answer;
    const fetched = source.fetchCrl(`${base}/a.crl`);
    await expect(fetched).rejects.toMatchObject({ name: 'GatewayError', code: 'REVOCATION_UNAVAILABLE', retryable: true });
    await expect(fetched).rejects.toThrow(says);
  });

  it('follows three redirects of a CRL or certificate, not four, and none of a responder', async () => {
    const hops = (count: number): Handle => (response, { url = '' }) => {
      const at = Number(url.slice(1));
      if (at < count) response.writeHead(307, { location: `/${at + 1}` }).end();
      else response.writeHead(200, { 'content-type': 'application/ocsp-response' }).end(DER);
    };
    handle = hops(3);
    expect(await source.fetchCrl(`${base}/0`)).toHaveLength(2);
    expect(await source.fetchIssuers(`${base}/0`)).toHaveLength(2);
    seen = [];
    await expect(source.fetchOcsp(`${base}/0`, DER)).rejects.toThrow(/redirects/);
    expect(seen).toEqual(['/0']);
    handle = hops(4);
    await expect(source.fetchCrl(`${base}/0`)).rejects.toThrow(/more than 3 times/);
  });

  it('stops when the caller does', async () => {
    const controller = new AbortController();
    handle = () => controller.abort();
    await expect(source.fetchCrl(`${base}/a.crl`, controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('does not wait for the rest of what it refuses', async () => {
    handle = (response) => {
      response.writeHead(200);
      const more = (): void => void (response.destroyed || response.write(Buffer.alloc(20_000, 0x30), more));
      more();
    };
    await expect(source.fetchCrl(`${base}/a.crl`)).rejects.toThrow(/more than 10000 bytes/);
  });
});

describe('a collector among hostile certificates', () => {
  const NOW = new Date();
  const policy = validationPolicy(loadPolicy('default'));
  const clock = frozenClock(NOW);
  const root = testCa([['CN', 'Gốc']]);

  function collect(leaf: TestIdentity, from: RevocationSource = createHttpRevocationSource({ dispatcher: agent, totalTimeoutMs: 5_000 })): Promise<Collected> {
    const question: CertificateQuestion = { certificate: readCertificate(leaf.certificateDer), carried: [], embedded: NO_MATERIAL, anchors: [{ certificate: readCertificate(root.certificateDer), set: 'test' }], rules: policy.signaturePath, at: NOW };
    const collector = createRevocationCollector({ source: from, clock, chance: systemChance(clock) });
    return collector.collect({ questions: [question], now: NOW, rules: policy.revocation, certificates: [], revocation: NO_MATERIAL });
  }

  const issuedBy = (name: string, issuerName: string, caIssuers: string): TestIdentity => {
    const issuer = { ...testIdentity({ key: 'p256' }), subjectDer: buildName([['CN', issuerName]]) };
    return testIdentity({ name: [['CN', name]], key: 'p256', issuer, extensionsDer: [basicConstraintsExtension(true), keyUsageExtension(['keyCertSign', 'digitalSignature']), authorityInfoAccessExtension({ caIssuers })] });
  };

  it('ends a loop of issuers (RFC 5280 §4.2.2.1)', async () => {
    const [x, y] = [issuedBy('X', 'Y', `${base}/y.crt`), issuedBy('Y', 'X', `${base}/x.crt`)];
    handle = (response, { url }) => void response.writeHead(200).end(url === '/x.crt' ? x.certificateDer : y.certificateDer);
    await collect(issuedBy('leaf', 'X', `${base}/x.crt`));
    expect(seen.length).toBeLessThanOrEqual(2);
  });

  it('ends a chain of issuers that never ends', async () => {
    handle = (response, { url = '' }) => {
      const next = Number(url.slice(1)) + 1;
      response.writeHead(200).end(issuedBy(`CA ${next - 1}`, `CA ${next}`, `${base}/${next}`).certificateDer);
    };
    await collect(issuedBy('leaf', 'CA 0', `${base}/0`));
    expect(seen.length).toBeLessThanOrEqual(4);
  });

  it('asks few of a thousand addresses, and tells what it could not have', async () => {
    handle = (response) => void response.writeHead(500).end();
    const extensionsDer = [keyUsageExtension(['digitalSignature']), crlDistributionPointsExtension(...Array.from({ length: 1_000 }, (_, index) => `${base}/${index}.crl`))];
    const { unfetched, revocation } = await collect(testIdentity({ key: 'p256', issuer: root, extensionsDer }));
    expect(seen).toEqual(['/0.crl', '/1.crl', '/2.crl']);
    expect([...unfetched.values()].flat()).toHaveLength(3);
    expect(revocation).toEqual(NO_MATERIAL);
  });

  it('reads a CRL of 300,000 entries and finds the one', async () => {
    const serialNumber = Uint8Array.of(0x40, ...randomBytes(12));
    const leaf = testIdentity({ key: 'p256', issuer: root, serialNumber, extensionsDer: [keyUsageExtension(['digitalSignature']), crlDistributionPointsExtension(`${base}/big.crl`)] });
    const others = Array.from({ length: 300_000 }, (_, index) => ({ serialNumber: Uint8Array.of(0x41, index >> 16, (index >> 8) & 255, index & 255), at: NOW, reason: 'superseded' as const }));
    const crl = buildCrl({
      issuerDer: root.subjectDer,
      issuerKeyId: keyIdentifierOf(readCertificate(root.certificateDer).spkiDer),
      thisUpdate: new Date(NOW.getTime() - 60_000),
      nextUpdate: new Date(NOW.getTime() + 3_600_000),
      crlNumber: 1n,
      revoked: [...others, { serialNumber, at: new Date(NOW.getTime() - 120_000), reason: 'keyCompromise' }],
      signer: root.signer,
    });
    handle = answering('application/pkix-crl', crl);
    const { revocation, unfetched } = await collect(leaf);
    expect(unfetched.size).toBe(0);
    expect(revocation.crls.map(({ source: from, crl: { entryCount } }) => [from, entryCount])).toEqual([['fetched', 300_001]]);
  });

  it('takes a delta CRL where one is named, and passes without it when it cannot be had (RFC 5280 §4.2.1.15)', async () => {
    const serialNumber = Uint8Array.of(0x40, ...randomBytes(12));
    const [point] = readSequence(readAsn1(crlDistributionPointsExtension(`${base}/delta.crl`))).slice(-1);
    const freshest = buildExtension(EXTENSION.FRESHEST_CRL, false, readOctetString(point));
    const leaf = testIdentity({ key: 'p256', issuer: root, serialNumber, extensionsDer: [keyUsageExtension(['digitalSignature']), crlDistributionPointsExtension(`${base}/complete.crl`), freshest] });
    const common = { issuerDer: root.subjectDer, issuerKeyId: keyIdentifierOf(readCertificate(root.certificateDer).spkiDer), thisUpdate: new Date(NOW.getTime() - 60_000), nextUpdate: new Date(NOW.getTime() + 3_600_000), signer: root.signer };
    const complete = buildCrl({ ...common, crlNumber: 5n, revoked: [] });
    const delta = buildCrl({ ...common, crlNumber: 6n, baseNumber: 5n, revoked: [{ serialNumber, at: new Date(NOW.getTime() - 90_000), reason: 'keyCompromise' }] });
    handle = (response, { url }) => void response.writeHead(200).end(url === '/delta.crl' ? delta : complete);
    expect(await judged(leaf)).toMatchObject({ subIndication: 'REVOKED_NO_POE', revocation: [{ status: 'revoked', source: 'fetched', type: 'crl' }] });
    handle = (response, { url }) => void (url === '/delta.crl' ? response.writeHead(503).end() : response.writeHead(200).end(complete));
    const without = await judged(leaf);
    expect(without).toMatchObject({ subIndication: null, revocation: [{ status: 'good' }] });
    expect(without.checks.find(({ name }) => name === UNFETCHED)?.detail).toContain(`${base}/delta.crl: The server answered with HTTP 503`);
  });

  it('keeps no CRL that anybody on the way could have made: the genuine one counts when it comes (RFC 5280 §5.2.3)', async () => {
    const leaf = testIdentity({ key: 'p256', issuer: root, extensionsDer: [keyUsageExtension(['digitalSignature']), crlDistributionPointsExtension(`${base}/a.crl`)] });
    const moving = frozenClock(NOW);
    const collector = createRevocationCollector({ source, clock: moving, chance: systemChance(moving) });
    const crl = (crlNumber: bigint, signer: TestIdentity['signer']): Uint8Array =>
      buildCrl({ issuerDer: root.subjectDer, issuerKeyId: keyIdentifierOf(readCertificate(root.certificateDer).spkiDer), thisUpdate: new Date(NOW.getTime() - 60_000), nextUpdate: new Date(NOW.getTime() + 3_600_000), crlNumber, revoked: [], signer });
    handle = answering(null, crl(999n, testCa().signer));
    const forged = await judged(leaf, collector);
    expect(forged.subIndication).toBe('CERTIFICATE_CHAIN_GENERAL_FAILURE');
    expect(forged.checks.find(({ name }) => name === UNFETCHED)?.detail).toContain('the CRL is not signed with the key of its issuer');
    handle = answering(null, crl(5n, root.signer));
    moving.advance(31_000);
    expect(await judged(leaf, collector)).toMatchObject({ subIndication: null, revocation: [{ status: 'good' }] });
    handle = answering(null, crl(4n, root.signer));
    moving.advance(3_600_000);
    expect((await judged(leaf, collector)).checks.find(({ name }) => name === UNFETCHED)?.detail).toContain('the CRL is older than the one seen before');
  });

  function judged(leaf: TestIdentity, collector = createRevocationCollector({ source, clock, chance: systemChance(clock) })): Promise<CertificateJudgement> {
    const anchors = [{ certificate: readCertificate(root.certificateDer), set: 'test' }];
    const context = { policy, at: NOW, anchors: { signature: anchors, timestamp: [] }, certificates: [], revocation: NO_MATERIAL };
    const question = { certificate: readCertificate(leaf.certificateDer), carried: [], embedded: NO_MATERIAL, anchors, rules: policy.signaturePath, at: NOW };
    return judgeWithCollector(collector, context, (known) => judgeCertificate({ ...question, context: known }));
  }

  it('shows no control character of an address (terminals obey them)', async () => {
    const leaf = testIdentity({ key: 'p256', issuer: root, privateKey: newKey('p256'), extensionsDer: [keyUsageExtension(['digitalSignature']), crlDistributionPointsExtension('\u001b[2Jhttp://x\u0007')] });
    const { unfetched } = await collect(leaf);
    const words = [...unfetched.values()].flat().join();
    expect(words).toContain('could not be checked');
    expect(words).not.toMatch(/[\u0000-\u001f\u007f]/);
  });
});
