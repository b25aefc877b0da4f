import { createServer, type Server } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { writeDevPki } from '../../certs/dev/write-dev-pki.ts';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import { testIdentity, type TestIdentity } from '../support/certificates.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { ask } from '../support/gateway-http.ts';
import { onePagePdf } from '../support/pdf.ts';
import { servedGateway } from '../support/served-gateway.ts';
import { listXml, signXml, type ListDraft, type ServiceDraft } from '../support/trusted-list.ts';

/** A gateway that knows its authorities through a trusted list alone. */

const HOUR_MS = 3_600_000;

let dir: string;
let server: SandboxPki;
let pki: DevPki;
let operator: TestIdentity;
let signedBy: string;
let listServer: Server;
let served: { status: number; body: string };
let url: string;
let env: Record<string, string>;
const at = (...names: string[]): string => join(dir, ...names);
const ago = (hours: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 - hours * HOUR_MS);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'lienthong-cli-list-'));
  server = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
  pki = server.pki;
  await writeDevPki(pki, at('pki'));
  operator = testIdentity({ name: [['C', 'VN'], ['CN', 'Người ký danh sách (mẫu)']], key: 'p256' });
  signedBy = readCertificate(operator.certificateDer).sha256Hex;
  writeFileSync(at('operator.pem'), pemOf('CERTIFICATE', operator.certificateDer));
  writeFileSync(at('a.pdf'), onePagePdf());
  listServer = createServer((_request, response) => response.writeHead(served.status).end(served.body));
  await new Promise<void>((resolve) => listServer.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(listServer.address() as AddressInfo).port}`;
  url = `http://${host}/tsl.xml`;
  env = { LIENTHONG_OUTBOUND_ALLOW: `${new URL(server.url).host},${host}`, LIENTHONG_DATA: at('data') };
  const signed = await runCli(['sign', at('a.pdf'), '--out', at('signed.pdf'), '--p12', at('pki/keys/officer.p12'), '--passphrase-file', at('pki/keys/officer.passphrase'), '--tsa', `${server.url}/tsa`, '--level', 'B-T'], { env });
  expect(signed.stderr).toBe('');
}, 60_000);
afterAll(async () => {
  listServer.close();
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

const authority = (over: Partial<ServiceDraft> = {}): ServiceDraft => ({ name: 'CA thử', certificateDer: pki.issuing.identity.certificateDer, ...over });
const stamping = (): ServiceDraft => ({ name: 'TSA thử', type: 'TSA/QTST', certificateDer: pki.tsa.certificateDer });

function publish(draft: Partial<ListDraft>): void {
  served = { status: 200, body: signXml(listXml({ issuedAt: ago(24), services: [authority(), stamping()], ...draft }), operator) };
}

const trust = (...args: string[]): Promise<CliResult> => runCli(['trust', ...args], { env });

async function verify(): Promise<ValidationReport> {
  return JSON.parse((await runCli(['verify', at('signed.pdf'), '--data', at('data'), '--json'], { env })).stdout) as ValidationReport;
}

const update = async (): Promise<{ exitCode: number | null; first: Record<string, unknown> }> => {
  const { exitCode, stdout } = await trust('update', '--json');
  return { exitCode, first: (JSON.parse(stdout) as [Record<string, unknown>])[0] };
};

describe('a trusted list (ETSI TS 119 612) as the only source of trust', () => {
  it('is taken from the signer that was named and from no other', async () => {
    publish({ sequenceNumber: 5 });
    expect(await verify()).toMatchObject({ result: 'INDETERMINATE' });
    const stranger = await trust('add', '--list', url, '--list-signer', 'ab'.repeat(32), '--set', 'neac');
    expect(stranger).toMatchObject({ exitCode: 2, stdout: '' });
    expect(stranger.stderr).toContain('[TRUSTED_LIST_INVALID]');
    expect((await trust('add', '--list', url, '--set', 'neac')).stderr).toContain('--list-signer');
    const added = await trust('add', '--list', url, '--list-signer', at('operator.pem'), '--set', 'neac', '--json');
    expect(added.stderr).toBe('');
    expect(JSON.parse(added.stdout)).toMatchObject({ set: 'neac', sequenceNumber: 5, signedBy, stale: false, anchors: [{ purpose: 'signature', trustedNow: true }, { purpose: 'timestamp', trustedNow: true, direct: true }] });
  });

  it('makes a document of its authorities TOTAL-PASSED, and shows where an anchor comes from', async () => {
    expect(await verify()).toMatchObject({ result: 'TOTAL-PASSED', timestamps: [{ indication: 'PASSED' }] });
    const { stdout } = await trust('list');
    expect(stdout).toContain(url);
    expect(stdout).toMatch(/✓ +signature .*CA\/QC +granted/);
    expect((await runCli(['trust', 'list'], { env: { ...env, LANG: 'vi_VN.UTF-8' } })).stdout).toContain('phát hành');
  });

  it('counts for who verifies over HTTP', async () => {
    const gateway = await servedGateway({ LIENTHONG_OUTBOUND_ALLOW: env['LIENTHONG_OUTBOUND_ALLOW'] ?? '' });
    try {
      const beside = { env: { ...env, LIENTHONG_DATA: gateway.data } };
      const { url: base } = await gateway.serve();
      await runCli(['partners', 'add', 'one-stop', '--name', 'Một cửa (mẫu)', '--pull'], beside);
      const { stdout } = await runCli(['api-keys', 'add', 'one-stop', '--scopes', 'documents:write,documents:read,verifications:write', '--json'], beside);
      const { token } = JSON.parse(stdout) as { token: string };
      const judged = async (): Promise<ValidationReport> => (await ask<ValidationReport>(base, '/v1/verifications', { token, body: readFileSync(at('signed.pdf')) })).body;
      expect(await judged()).toMatchObject({ result: 'INDETERMINATE' });
      expect((await runCli(['trust', 'add', '--list', url, '--list-signer', at('operator.pem'), '--set', 'neac'], beside)).stderr).toBe('');
      expect(await judged()).toMatchObject({ result: 'TOTAL-PASSED', timestamps: [{ indication: 'PASSED' }] });
    } finally {
      await gateway.remove();
    }
  });

  it('keeps the old list when the new one is older, forged, or not to be had', async () => {
    publish({ sequenceNumber: 4 });
    expect(await update()).toMatchObject({ exitCode: 2, first: { updated: false, sequenceNumber: 5, error: { code: 'TRUSTED_LIST_INVALID' } } });
    publish({ sequenceNumber: 6 });
    served = { ...served, body: served.body.replace('Svcstatus/granted', 'Svcstatus/withdrawn') };
    expect(await update()).toMatchObject({ exitCode: 2, first: { updated: false } });
    served = { status: 503, body: '' };
    expect(await update()).toMatchObject({ exitCode: 3, first: { error: { code: 'TRUSTED_LIST_UNAVAILABLE' } } });
    expect(await verify()).toMatchObject({ result: 'TOTAL-PASSED' });
  });

  it('passes what was proven before the service was withdrawn, and nothing signed after (§5.5.4)', async () => {
    const history = [['granted', new Date('2020-01-01T00:00:00Z')]] as const;
    // Withdrawn an hour ago: the document was signed after that.
    publish({ sequenceNumber: 6, issuedAt: ago(1), services: [authority({ status: 'withdrawn', since: ago(1), history }), stamping()] });
    expect(await update()).toMatchObject({ exitCode: 0, first: { updated: true, changed: true } });
    const after = await verify();
    expect(after).toMatchObject({ result: 'INDETERMINATE', signatures: [{ subIndication: 'NO_CERTIFICATE_CHAIN_FOUND_NO_POE' }] });
    expect(after.signatures[0]?.checks).toContainEqual(expect.objectContaining({ name: 'path-anchor-in-force', status: 'failed' }));
    // Withdrawn only now: the time-stamp proves that the signature is older.
    publish({ sequenceNumber: 7, issuedAt: ago(0), services: [authority({ status: 'withdrawn', since: ago(0), history }), stamping()] });
    expect(await update()).toMatchObject({ exitCode: 0 });
    const before = await verify();
    expect(before).toMatchObject({ signatures: [{ signingTime: { source: 'timestamp' } }] });
    expect(before.signatures[0]?.checks).toContainEqual(expect.objectContaining({ name: 'path-anchor-in-force', status: 'passed' }));
  });

  it('says that a list is out of date, and forgets it when told to', async () => {
    publish({ sequenceNumber: 8, issuedAt: ago(0), nextUpdate: ago(0) });
    expect((await trust('update')).stdout).toContain('out of date');
    expect(await trust('remove', '--list', 'neac')).toMatchObject({ exitCode: 0 });
    expect(await trust('remove', '--list', 'neac')).toMatchObject({ exitCode: 1 });
    expect(await verify()).toMatchObject({ result: 'INDETERMINATE' });
    expect(() => readFileSync(at('data/trust/lists/neac.json'))).toThrow('ENOENT');
  });
});
