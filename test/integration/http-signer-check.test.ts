import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, schemeOf, type DevIdentity } from '../../certs/dev/identity.ts';
import { issueOddSigner } from '../../certs/dev/odd-signers.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { KeyId } from '../../src/domain/ids.ts';
import type { Problem } from '../../src/formats/api/problem.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import { addSigningKey, grantKey } from '../../src/usecases/administer-keys.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { askRaw, startTestGateway, type TestGateway, type TestGatewayOptions, type TestPartner } from '../support/gateway-http.ts';
import { onePagePdf } from '../support/pdf.ts';
import { PROJECT_ROOT } from '../support/vectors.ts';

/** Circular 15/2025/TT-BKHCN art. 5: what is asked about the signer's certificate before a key of the gateway is used. */

interface Place {
  readonly gateway: TestGateway;
  readonly land: TestPartner;
}

let server: SandboxPki;
let pki: DevPki;
let folder: string;
let anchors: string;
let strict: Place;

beforeAll(async () => {
  server = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
  ({ pki } = server);
  folder = mkdtempSync(join(tmpdir(), 'lienthong-signer-check-'));
  anchors = join(folder, 'root.pem');
  writeFileSync(anchors, pemOf('CERTIFICATE', pki.root.identity.certificateDer));
  strict = await open({ trust: anchors });
});
afterEach(() => Object.assign(server.faults, { ocsp: null, crl: null }));
afterAll(async () => {
  await strict.gateway.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(options: TestGatewayOptions): Promise<Place> {
  const gateway = await startTestGateway(options);
  return { gateway, land: await gateway.addPartner('land-registry') };
}

async function addKey({ gateway, land }: Place, name: string, identity: DevIdentity): Promise<void> {
  const ports = { ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) };
  const id = name as KeyId;
  await addSigningKey(ports, 'operator:test', { id, purpose: 'document', scheme: schemeOf(identity.privateKey), privateKeyPkcs8Der: privateKeyDerOf(identity.privateKey), chainDer: identity.chainDer, picturePng: null });
  await grantKey(ports, 'operator:test', land.id, id);
}

function sign({ gateway, land }: Place, keyId: string, format: 'pades' | 'cades' = 'pades'): Promise<Response> {
  const body = new FormData();
  body.set('options', JSON.stringify({ keyId, level: 'B-B', format }));
  body.set('document', new Blob([new Uint8Array(onePagePdf())], { type: 'application/pdf' }), 'quyet-dinh.pdf');
  return askRaw(gateway.url, '/v1/signatures', { token: land.token, body });
}

async function refused(place: Place, keyId: string): Promise<Problem> {
  const response = await sign(place, keyId);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  return (await response.json()) as Problem;
}

interface EvidenceRow {
  readonly result: string;
  readonly policy: string;
  readonly output_sha256: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

async function lastEvidence({ gateway }: Place): Promise<EvidenceRow | undefined> {
  return (await gateway.fresh.handle.pool.query<EvidenceRow>('SELECT result, policy, output_sha256, detail FROM signature_evidence ORDER BY at DESC LIMIT 1')).rows[0];
}

describe('a key of the gateway signs', () => {
  it.each(['pades', 'cades'] as const)('%s with a certificate that leads to an anchor and is not revoked, and the evidence says so', async (format) => {
    await addKey(strict, `officer-${format}`, pki.officer);
    const response = await sign(strict, `officer-${format}`, format);
    expect(response.status).toBe(200);
    await response.arrayBuffer();
    expect(await lastEvidence(strict)).toMatchObject({ result: 'signed', policy: 'default', detail: { certificateStatus: 'good', certificateWarnings: '', policySha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string } });
  });

  it('many documents on one check a minute', async () => {
    await addKey(strict, 'busy', await issueOddSigner(pki, 'pss', new Date()));
    const before = server.served.ocsp;
    const answers = await Promise.all([1, 2, 3, 4].map(async () => (await sign(strict, 'busy')).status));
    expect(answers).toEqual([200, 200, 200, 200]);
    expect(server.served.ocsp - before).toBeLessThanOrEqual(2);
  });
});

describe('a key of the gateway signs nothing', () => {
  it.each(['revoked', 'suspended'] as const)('when its certificate is %s (RFC 5280 §5.3.1)', async (odd) => {
    await addKey(strict, odd, await issueOddSigner(pki, odd, new Date()));
    expect(await refused(strict, odd)).toMatchObject({ status: 422, code: 'CERTIFICATE_REVOKED', origin: 'caller', retryable: false });
    expect(await lastEvidence(strict)).toMatchObject({ result: 'failed', output_sha256: null, detail: { code: 'CERTIFICATE_REVOKED' } });
  });

  it('when its certificate leads to no anchor (RFC 5280 §6.1)', async () => {
    await addKey(strict, 'self-signed', await issueOddSigner(pki, 'self-signed', new Date()));
    expect(await refused(strict, 'self-signed')).toMatchObject({ status: 422, code: 'CERTIFICATE_CHAIN' });
  });

  it('while nobody says whether it is revoked, rather than take it for good', async () => {
    Object.assign(server.faults, { ocsp: { kind: 'reset' }, crl: { kind: 'reset' } });
    const place = await open({ trust: anchors }); // one that remembers no answer
    try {
      await addKey(place, 'officer', pki.officer);
      expect(await refused(place, 'officer')).toMatchObject({ status: 503, code: 'REVOCATION_UNAVAILABLE', origin: 'gateway', retryable: true });
      expect(await lastEvidence(place)).toMatchObject({ result: 'failed', output_sha256: null, detail: { code: 'REVOCATION_UNAVAILABLE' } });
    } finally {
      await place.gateway.close();
    }
  });
});

describe('a policy that only warns', () => {
  it('lets sign while nobody says whether the certificate is revoked, and the evidence keeps the reasons', async () => {
    const lenient = join(folder, 'lenient.json');
    const policy = JSON.parse(await readFile(join(PROJECT_ROOT, 'certs', 'policy', 'default.json'), 'utf8')) as object;
    writeFileSync(lenient, JSON.stringify({ ...policy, id: 'lenient', signing: { revocationUnavailable: 'warn' } }));
    Object.assign(server.faults, { ocsp: { kind: 'status', status: 500 }, crl: { kind: 'status', status: 500 } });
    const place = await open({ trust: anchors, policy: lenient });
    try {
      await addKey(place, 'officer', pki.officer);
      expect((await sign(place, 'officer')).status).toBe(200);
      expect(await lastEvidence(place)).toMatchObject({ result: 'signed', policy: 'lenient', detail: { certificateStatus: 'unavailable', certificateWarnings: expect.stringContaining(server.url) as string } });
    } finally {
      await place.gateway.close();
    }
  });
});

describe('a gateway without anchors of signers', () => {
  it('signs after its own checks alone, and the evidence says that nobody was asked', async () => {
    const place = await open({});
    try {
      await addKey(place, 'officer', pki.officer);
      const before = server.served.ocsp;
      expect((await sign(place, 'officer')).status).toBe(200);
      expect(server.served.ocsp).toBe(before);
      expect(await lastEvidence(place)).toMatchObject({ result: 'signed', policy: 'none', detail: { certificateStatus: 'not-checked', policySha256: null } });
    } finally {
      await place.gateway.close();
    }
  });
});
