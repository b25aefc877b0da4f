import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDevPki, revokeIdentity, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, type DevIdentity } from '../../certs/dev/identity.ts';
import { issueOddSigner } from '../../certs/dev/odd-signers.ts';
import { OCSP_NAME } from '../../certs/dev/names.ts';
import { loadPolicy } from '../../certs/policy/load-policy.ts';
import { createFileSigner } from '../../connectors/key-file/index.ts';
import { createHttpRevocationSource } from '../../connectors/revocation-http/index.ts';
import { createHttpTimestampAuthority, type HttpTimestampAuthority } from '../../connectors/tsa-http/index.ts';
import type { CrlFault, OcspFault } from '../../sandbox/pki/faults.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import { validationPolicy } from '../../src/formats/ades/policy.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { sayPhrase } from '../../src/formats/report/phrase-words.ts';
import { crlDistributionPointsExtension, extendedKeyUsageExtension, keyUsageExtension } from '../../src/formats/x509/build-extensions.ts';
import { EKU } from '../../src/formats/x509/extensions.ts';
import { createRevocationCollector, type RevocationCollector } from '../../src/usecases/collect-revocation.ts';
import { signDocument } from '../../src/usecases/sign-document.ts';
import { verifyDocument, type VerifyDocumentRequest } from '../../src/usecases/verify-document.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { outboundAgent } from '../../src/wiring/outbound-http.ts';
import { openRevocationCollector } from '../../src/wiring/revocation.ts';
import { frozenClock, type FrozenClock } from '../support/clock.ts';
import { onePagePdf } from '../support/pdf.ts';

const NOW = new Date();
const policy = validationPolicy(loadPolicy('default'));
const agent = outboundAgent({ allow: ['127.0.0.1'], connectTimeoutMs: 1_000 });

let clock: FrozenClock;
let server: SandboxPki;
let pki: DevPki;
let tsa: HttpTimestampAuthority;
let collector: RevocationCollector;
let pdf: Uint8Array;

const newCollector = (): RevocationCollector => createRevocationCollector({ source: createHttpRevocationSource({ dispatcher: agent, totalTimeoutMs: 600 }), clock, chance: systemChance(clock) });

beforeAll(async () => {
  clock = frozenClock(NOW);
  server = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: NOW, baseUrl }), now: () => clock.now() });
  ({ pki } = server);
  tsa = createHttpTimestampAuthority({ url: `${server.url}/tsa`, totalTimeoutMs: 5_000 });
  pdf = await signed(pki.officer);
});
afterAll(async () => {
  await tsa.close();
  await agent.destroy();
  await server.close();
});
beforeEach(() => {
  clock = frozenClock(NOW);
  collector = newCollector();
});
afterEach(() => Object.assign(server.faults, { tsa: null, ocsp: null, crl: null, ca: null }));

async function signed(identity: DevIdentity, { chainDer = identity.chainDer, level = 'B-T' }: { chainDer?: DevIdentity['chainDer']; level?: 'B-B' | 'B-T' } = {}): Promise<Uint8Array> {
  const signer = createFileSigner({ keyId: identity.name, privateKeyPkcs8Der: privateKeyDerOf(identity.privateKey), chainDer });
  const { increment } = await signDocument({ signer, timestampAuthorities: [tsa], clock, chance: systemChance(clock) }, { source: bytesSource(onePagePdf()), level });
  return Buffer.concat([onePagePdf(), increment]);
}

function verify(bytes: Uint8Array, request: Partial<VerifyDocumentRequest> = {}, use: RevocationCollector | null = collector, anchorDer = pki.root.identity.certificateDer): Promise<ValidationReport> {
  const trustStore = { anchors: () => Promise.resolve([{ certificateDer: anchorDer, set: 'dev' }]) };
  return verifyDocument({ trustStore, clock, collector: use ?? undefined }, { file: 'test', source: bytesSource(bytes), policy, ...request });
}

const warningsOf = (report: ValidationReport): string => report.signatures.flatMap(({ warnings }) => warnings).join('\n');
const counts = (): { ocsp: number; crl: number; ca: number } => ({ ocsp: server.served.ocsp, crl: server.served.crl, ca: server.served.ca });

async function asked(work: () => Promise<unknown>): Promise<{ ocsp: number; crl: number; ca: number }> {
  const before = counts();
  await work();
  return { ocsp: counts().ocsp - before.ocsp, crl: counts().crl - before.crl, ca: counts().ca - before.ca };
}

describe('verifyDocument with a collector', () => {
  it('passes a signature and its time-stamp on fetched OCSP responses (RFC 6960)', async () => {
    const report = await verify(pdf);
    expect(report).toMatchObject({ result: 'TOTAL-PASSED', timestamps: [{ indication: 'PASSED' }] });
    expect(report.signatures[0]?.revocation.map(({ status, source, type }) => ({ status, source, type }))).toEqual([
      { status: 'good', source: 'fetched', type: 'ocsp' },
      { status: 'good', source: 'fetched', type: 'ocsp' },
    ]);
    expect(warningsOf(report)).toBe('');
  });

  it('fetches once per chain and validity window, however many documents and at once', async () => {
    const fetched = await asked(() => Promise.all(Array.from({ length: 8 }, () => verify(pdf))));
    expect(fetched).toEqual({ ocsp: 3, crl: 0, ca: 0 }); // officer, time-stamping authority, issuing CA
    expect(await asked(() => verify(pdf))).toEqual({ ocsp: 0, crl: 0, ca: 0 });
    clock.advance(61 * 60_000);
    expect(await asked(() => verify(pdf))).toEqual({ ocsp: 3, crl: 0, ca: 0 });
  });

  it.each<OcspFault>([
    { kind: 'status', status: 500 }, { kind: 'html' }, { kind: 'hang' }, { kind: 'reset' }, { kind: 'truncated' }, { kind: 'oversized', bytes: 2 * 1024 * 1024 },
    { kind: 'content-type', contentType: 'application/octet-stream' }, { kind: 'redirect', location: 'http://127.0.0.1:9/' },
    { kind: 'try-later' }, { kind: 'unauthorized' }, { kind: 'stale' }, { kind: 'wrong-nonce' }, { kind: 'wrong-certificate' }, { kind: 'wrong-signer' }, { kind: 'broken-signature' },
  ])('turns to the CRL when OCSP answers with fault $kind, and says so; without a CRL it stays open (Circular 15/2025/TT-BKHCN art. 6)', async (fault) => {
    server.faults.ocsp = fault;
    const byCrl = await verify(pdf);
    expect(byCrl).toMatchObject({ result: 'TOTAL-PASSED' });
    expect(byCrl.signatures[0]?.revocation.every(({ type, source }) => type === 'crl' && source === 'fetched')).toBe(true);
    expect(warningsOf(byCrl)).toContain(`Asked elsewhere instead: ${server.url}/ocsp: `);
    server.faults.crl = { kind: 'status', status: 503 };
    const open = await verify(pdf, {}, newCollector());
    expect(open).toMatchObject({ result: 'INDETERMINATE', signatures: [{ integrity: 'intact' }], timestamps: [{ indication: 'INDETERMINATE' }] });
    expect(open.signatures[0]?.subIndication).toMatch(/^(CERTIFICATE_CHAIN_GENERAL_FAILURE|TRY_LATER)$/);
    expect(warningsOf(open)).toContain(`Revocation could not be checked: ${server.url}/ocsp: `);
    expect(warningsOf(open)).toContain(`Revocation could not be checked: ${server.url}/crl/issuing.crl: The server answered with HTTP 503`);
    const inVietnamese = [...warningsOf(byCrl).split('\n'), ...warningsOf(open).split('\n')].map((warning) => sayPhrase(warning).vi).join('\n');
    expect(inVietnamese).not.toMatch(/The (server|answer)|could not be|instead:/);
  });

  it.each<CrlFault>([{ kind: 'html' }, { kind: 'stale' }, { kind: 'broken-signature' }, { kind: 'truncated' }])('takes no CRL with fault $kind for an answer (RFC 5280 §6.3.3)', async (fault) => {
    Object.assign(server.faults, { ocsp: { kind: 'reset' }, crl: fault });
    const report = await verify(pdf);
    expect(report.result).toBe('INDETERMINATE');
    expect(warningsOf(report)).toContain(`/crl/issuing.crl`);
  });

  it('does not ask a dead responder for every document, and asks again after half a minute', async () => {
    Object.assign(server.faults, { ocsp: { kind: 'status', status: 500 }, crl: { kind: 'status', status: 500 } });
    await verify(pdf);
    expect(await asked(() => verify(pdf))).toEqual({ ocsp: 0, crl: 0, ca: 0 });
    Object.assign(server.faults, { ocsp: null, crl: null });
    clock.advance(31_000);
    expect(await verify(pdf)).toMatchObject({ result: 'TOTAL-PASSED' });
  });

  it('finds a revoked signer (EN 319 102-1 §5.2.5)', async () => {
    const revoked = await issueOddSigner(pki, 'revoked', NOW);
    expect(await verify(await signed(revoked, { level: 'B-B' }))).toMatchObject({ result: 'INDETERMINATE', signatures: [{ subIndication: 'REVOKED_NO_POE', integrity: 'intact' }] });
  });

  it('fetches issuers that the signature left out (RFC 5280 §4.2.2.1)', async () => {
    const alone = await signed(pki.officer, { chainDer: [pki.officer.certificateDer], level: 'B-B' });
    expect(await verify(alone, {}, null)).toMatchObject({ signatures: [{ subIndication: 'NO_CERTIFICATE_CHAIN_FOUND' }] });
    expect(await asked(async () => expect(await verify(alone)).toMatchObject({ result: 'TOTAL-PASSED' }))).toMatchObject({ ca: 1 });
    server.faults.ca = { kind: 'html' };
    const report = await verify(alone, {}, newCollector());
    expect(report).toMatchObject({ result: 'INDETERMINATE', signatures: [{ subIndication: 'NO_CERTIFICATE_CHAIN_FOUND' }] });
    expect(warningsOf(report)).toContain(`An issuer could not be fetched: ${server.url}/ca/issuing.crt: The server answered with text/html`);
  });

  it('asks nobody about a chain that leads to no anchor', async () => {
    const stranger = await createDevPki({ now: NOW });
    const fetched = await asked(async () => expect(await verify(pdf, {}, collector, stranger.root.identity.certificateDer)).toMatchObject({ result: 'INDETERMINATE' }));
    expect(fetched).toMatchObject({ ocsp: 0, crl: 0 });
  });

  it('fetches nothing for a validation time in the past, and passes nothing for it', async () => {
    const fetched = await asked(async () => expect((await verify(pdf, { at: new Date(NOW.getTime() - 3_600_000) })).result).not.toBe('TOTAL-PASSED'));
    expect(fetched).toEqual({ ocsp: 0, crl: 0, ca: 0 });
  });

  it('calls no address inside unless it was allowed, and says which (SSRF)', async () => {
    const opened = openRevocationCollector({ allow: [], clock, chance: systemChance(clock) });
    try {
      const fetched = await asked(async () => {
        const report = await verify(pdf, {}, opened.collector);
        expect(report.result).toBe('INDETERMINATE');
        expect(warningsOf(report)).toMatch(/could not be checked: http:\/\/127\.0\.0\.1:\d+\/ocsp: This URL may not be called/);
      });
      expect(fetched).toEqual({ ocsp: 0, crl: 0, ca: 0 });
    } finally {
      await opened.close();
    }
  });
});

describe('a collector and what tries to mislead it', () => {
  it('refuses a CRL that turns the clock back (RFC 5280 §5.2.3)', async () => {
    server.faults.ocsp = { kind: 'reset' };
    expect(await verify(pdf)).toMatchObject({ result: 'TOTAL-PASSED' });
    clock.advance(61 * 60_000);
    server.faults.crl = { kind: 'stale' };
    const report = await verify(pdf);
    expect(report.result).toBe('INDETERMINATE');
    expect(warningsOf(report)).toContain('the CRL is older than the one seen before');
  });

  it.each([
    ['whose CRL says good', { crl: null, revoked: false }, 'ocsp'],
    ['whose CRL cannot be had', { crl: { kind: 'status', status: 503 }, revoked: false }, null],
    ['that is revoked', { crl: null, revoked: true }, 'crl'],
  ] as const)('asks about a delegated responder without nocheck %s (RFC 6960 §4.2.2.2.1)', async (_, { crl, revoked }, type) => {
    const delegated = await startSandboxPki({ pki: (baseUrl) => withCheckedResponder(baseUrl), now: () => clock.now() });
    try {
      delegated.faults.crl = crl;
      if (revoked) revokeIdentity(delegated.pki, delegated.pki.ocsp, new Date(NOW.getTime() - 3_600_000));
      const report = await verify(await signed(delegated.pki.officer, { level: 'B-B' }), {}, collector, delegated.pki.root.identity.certificateDer);
      const [leaf] = report.signatures[0]?.revocation ?? [];
      expect(leaf).toMatchObject({ type, status: type === null ? 'missing' : 'good' });
      expect(report.result).toBe(type === null ? 'INDETERMINATE' : 'TOTAL-PASSED');
      if (type !== 'ocsp') expect(warningsOf(report)).toContain(`The responder's own certificate ${revoked ? 'is revoked' : 'cannot be checked'}`);
    } finally {
      await delegated.close();
    }
  });
});

async function withCheckedResponder(baseUrl: string): Promise<DevPki> {
  const made = await createDevPki({ now: NOW, baseUrl });
  const extensionsDer = [keyUsageExtension(['digitalSignature']), extendedKeyUsageExtension([EKU.OCSP_SIGNING], false), crlDistributionPointsExtension(`${baseUrl}/crl/issuing.crl`)];
  const ocsp = await made.issuing.issue({ name: 'ocsp', subject: OCSP_NAME, profile: 'ocsp', key: 'ec-p256', notBefore: new Date(NOW.getTime() - 86_400_000), notAfter: new Date(NOW.getTime() + 86_400_000), extensionsDer });
  return { ...made, ocsp };
}
