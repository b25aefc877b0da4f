import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki, revokeIdentity } from '../../certs/dev/create-dev-pki.ts';
import { writeDevPki } from '../../certs/dev/write-dev-pki.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { onePagePdf } from '../support/pdf.ts';

/** `trust`, and what `sign` and `verify` fetch, as a person at a terminal meets them. */

let dir: string;
let server: SandboxPki;
let allowed: Record<string, string>;
const at = (...names: string[]): string => join(dir, ...names);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'lienthong-cli-trust-'));
  server = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
  await writeDevPki(server.pki, at('pki'));
  writeFileSync(at('a.pdf'), onePagePdf());
  allowed = { LIENTHONG_OUTBOUND_ALLOW: new URL(server.url).host };
}, 60_000);
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});
afterEach(() => Object.assign(server.faults, { ocsp: null, crl: null }));

const sign = (out: string, env: Record<string, string>, ...more: string[]): Promise<CliResult> =>
  runCli(['sign', at('a.pdf'), '--out', at(out), '--p12', at('pki/keys/officer.p12'), '--passphrase-file', at('pki/keys/officer.passphrase'), '--trust', at('pki/trust'), '--json', ...more], { env });

async function verify(file: string, env: Record<string, string>, ...more: string[]): Promise<{ exitCode: number | null; report: ValidationReport }> {
  const { exitCode, stdout } = await runCli(['verify', at(file), '--trust', at('pki/trust'), '--json', ...more], { env });
  return { exitCode, report: JSON.parse(stdout) as ValidationReport };
}

function expectRefused({ exitCode, stdout, stderr }: CliResult, code: number, says: string): void {
  expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' });
  expect(stderr).toContain(says);
}

describe('lienthong sign and verify with fetching', () => {
  it('sign after the certificate was found good, and verify on fetched answers', async () => {
    const signed = await sign('good.pdf', allowed, '--policy', 'vietnam');
    expect(signed.stderr).toBe('');
    expect(JSON.parse(signed.stdout)).toMatchObject({ chain: 'reached', revocation: 'good', warnings: [] });
    const { exitCode, report } = await verify('good.pdf', allowed);
    expect(report).toMatchObject({ result: 'TOTAL-PASSED' });
    expect(report.signatures[0]?.revocation.map(({ source }) => source)).toEqual(['fetched', 'fetched']);
    expect(exitCode).toBe(0);
  });

  it('fetch nothing with --offline, and nothing from inside without being allowed', async () => {
    const before = { ...server.served };
    const offline = await verify('good.pdf', allowed, '--offline');
    expect(offline).toMatchObject({ exitCode: 1, report: { result: 'INDETERMINATE' } });
    const guarded = await verify('good.pdf', {});
    expect(guarded).toMatchObject({ exitCode: 1, report: { result: 'INDETERMINATE' } });
    expect(guarded.report.signatures[0]?.warnings.join()).toMatch(/could not be checked: http:\/\/127\.0\.0\.1:\d+\/ocsp: This URL may not be called/);
    expect(server.served).toEqual(before);
  });

  it('warn a signer of unreachable authorities, and refuse where a named policy does (Circular 15/2025/TT-BKHCN art. 5)', async () => {
    Object.assign(server.faults, { ocsp: { kind: 'reset' }, crl: { kind: 'reset' } });
    const warned = await sign('warned.pdf', allowed);
    const { chain, revocation, warnings } = JSON.parse(warned.stdout) as { chain: string; revocation: string; warnings: string[] };
    expect({ chain, revocation }).toEqual({ chain: 'reached', revocation: 'not-checked' });
    expect(warnings.join()).toContain(`${server.url}/ocsp`);
    expectRefused(await sign('refused.pdf', allowed, '--policy', 'vietnam'), 3, '[REVOCATION_UNAVAILABLE]');
    expect(() => readFileSync(at('refused.pdf'))).toThrow('ENOENT');
  });

  it('refuse to sign with a revoked certificate, policy or not', async () => {
    const other = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
    try {
      await writeDevPki(other.pki, at('other'));
      revokeIdentity(other.pki, other.pki.officer, new Date(Date.now() - 60_000));
      const args = ['sign', at('a.pdf'), '--out', at('revoked.pdf'), '--p12', at('other/keys/officer.p12'), '--passphrase-file', at('other/keys/officer.passphrase'), '--trust', at('other/trust')];
      expectRefused(await runCli(args, { env: { LIENTHONG_OUTBOUND_ALLOW: new URL(other.url).host } }), 2, '[CERTIFICATE_REVOKED]');
      expect(() => readFileSync(at('revoked.pdf'))).toThrow('ENOENT');
    } finally {
      await other.close();
    }
  });
});

describe('lienthong trust', () => {
  const trust = (...args: string[]): Promise<CliResult> => runCli(['trust', ...args, '--data', at('data')]);
  const list = async (): Promise<unknown> => JSON.parse((await trust('list', '--json')).stdout);

  it('add, list and remove by fingerprint, purpose and set', async () => {
    const root = at('pki/trust/root.pem');
    const added = await trust('add', root, '--purpose', 'signature', '--set', 'official-use', '--source', 'trao tay', '--json');
    const { sha256 } = JSON.parse(added.stdout) as { sha256: string };
    expect(await list()).toMatchObject([{ purpose: 'signature', set: 'official-use', sha256, source: 'trao tay' }]);
    expect((await trust('list')).stdout).toContain(sha256.slice(0, 16));
    const wrong = await trust('add', root, '--purpose', 'timestamp', '--set', 'official-use', '--fingerprint', 'AA:BB');
    expectRefused(wrong, 2, 'nothing was added');
    const right = await trust('add', root, '--purpose', 'timestamp', '--set', 'official-use', '--fingerprint', sha256.toUpperCase().match(/../g)?.join(':') ?? '');
    expect(right.exitCode).toBe(0);
    expect(await trust('remove', sha256.slice(0, 8), '--purpose', 'timestamp')).toMatchObject({ exitCode: 0 });
    expect(await list()).toHaveLength(1);
    expect(await trust('remove', sha256)).toMatchObject({ exitCode: 0 });
    expect(await trust('remove', sha256)).toMatchObject({ exitCode: 1 });
    expect(await list()).toEqual([]);
  });

  it('refuse a signer’s certificate, a missing purpose or set, and what is no fingerprint', async () => {
    expectRefused(await trust('add', at('pki/certificates/officer.pem'), '--purpose', 'signature', '--set', 'x'), 2, '[CERTIFICATE_USAGE]');
    expectRefused(await trust('add', at('pki/trust/root.pem'), '--set', 'x'), 2, '--purpose');
    expectRefused(await trust('add', at('pki/trust/root.pem'), '--purpose', 'signature'), 2, '--set');
    expect(await trust('remove', 'không phải')).toMatchObject({ exitCode: 2 });
  });
});
