import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki } from '../../certs/dev/create-dev-pki.ts';
import { writeDevPki } from '../../certs/dev/write-dev-pki.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { samplePdf } from '../support/pdf.ts';

/** `sign --level B-LTA` and `extend`, as a person at a terminal meets them. */

let dir: string;
let server: SandboxPki;
let allowed: Record<string, string>;
const at = (...names: string[]): string => join(dir, ...names);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'lienthong-cli-lta-'));
  server = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
  await writeDevPki(server.pki, at('pki'));
  writeFileSync(at('a.pdf'), await samplePdf());
  allowed = { LIENTHONG_OUTBOUND_ALLOW: new URL(server.url).host };
}, 60_000);
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});
afterEach(() => Object.assign(server.faults, { tsa: null, ocsp: null, crl: null }));

const authorities = (): string[] => ['--tsa', `${server.url}/tsa`, '--trust', at('pki/trust')];
const sign = (out: string, ...more: string[]): Promise<CliResult> => runCli(['sign', at('a.pdf'), '--out', at(out), '--p12', at('pki/keys/officer.p12'), '--passphrase-file', at('pki/keys/officer.passphrase'), ...more], { env: allowed });
const extend = (file: string, out: string, ...more: string[]): Promise<CliResult> => runCli(['extend', at(file), '--out', at(out), ...more], { env: allowed });

/** Without a network: what counts is what the document holds. */
async function levelOf(file: string): Promise<string> {
  const { stdout } = await runCli(['verify', at(file), '--trust', at('pki/trust'), '--offline', '--json']);
  const { signatures } = JSON.parse(stdout) as ValidationReport;
  return signatures.map(({ level, indication }) => `${level} ${indication}`).join();
}

describe('lienthong sign --level B-LTA', () => {
  it('writes a document that verifies without a network, and says both times', async () => {
    const { exitCode, stdout } = await sign('lta.pdf', '--level', 'B-LTA', ...authorities());
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/✓ .*lta\.pdf {2}B-LTA, time-stamped \S+ by \S+, whole document \S+/);
    expect(await levelOf('lta.pdf')).toBe('B-LTA TOTAL-PASSED');
  });

  it.each<[string, string[], number, string]>([
    ['no authority', ['--level', 'B-LT', '--trust', 'PKI'], 2, 'add --tsa URL'],
    ['no anchors', ['--level', 'B-LT', '--tsa', 'http://127.0.0.1:9/'], 2, 'add --trust PEM'],
    ['no network', ['--level', 'B-LTA', '--tsa', 'http://127.0.0.1:9/', '--trust', 'PKI', '--offline'], 2, 'leave out --offline'],
    ['packaging a PDF', ['--packaging', 'enveloping'], 2, '--packaging is for --format cades'],
  ])('says what is wrong with %s, and writes nothing', async (_, options, code, says) => {
    const { exitCode, stderr } = await sign('nothing.pdf', ...options.map((option) => (option === 'PKI' ? at('pki/trust') : option)));
    expect(exitCode).toBe(code);
    expect(stderr).toContain(says);
    expect(existsSync(at('nothing.pdf'))).toBe(false);
  });

  it('writes nothing, exit 3, before the key is used, when revocation cannot be had', async () => {
    Object.assign(server.faults, { ocsp: { kind: 'reset' }, crl: { kind: 'status', status: 500 } });
    const { exitCode, stderr } = await sign('nothing.pdf', '--level', 'B-LT', ...authorities());
    expect({ exitCode, written: readdirSync(dir).filter((name) => name.includes('nothing')) }).toEqual({ exitCode: 3, written: [] });
    expect(stderr).toMatch(/signer's certificate is revoked could not be found out.*\/ocsp.*\/crl\/issuing\.crl/);
    expect(stderr).toContain('[REVOCATION_UNAVAILABLE]');
  });
});

describe('lienthong sign --certify, --lock, --commitment', () => {
  it('lays down what may follow, and later signatures keep to it', async () => {
    expect(await sign('certified.pdf', '--certify', '1', '--lock', 'all', '--commitment', 'approval')).toMatchObject({ exitCode: 0 });
    const again = await runCli(['sign', at('certified.pdf'), '--out', at('again.pdf'), '--p12', at('pki/keys/seal.p12'), '--passphrase-file', at('pki/keys/seal.passphrase')], { env: allowed });
    expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('[PDF_CHANGE_FORBIDDEN]') as string });
    expect((await sign('x.pdf', '--reason', 'Ban hành', '--commitment', 'approval')).stderr).toContain('not both');
    expect((await sign('x.pdf', '--lock', 'a,,b')).stderr).toContain('empty name');
  });
});

describe('lienthong extend', () => {
  it('raises B-B to B-LTA, renews that, and leaves the input as it was', async () => {
    await sign('bb.pdf');
    const before = readFileSync(at('bb.pdf'));
    const raised = await extend('bb.pdf', 'raised.pdf', '--to', 'B-LTA', ...authorities(), '--json');
    expect(JSON.parse(raised.stdout)).toMatchObject({ out: at('raised.pdf'), signatures: [{ field: 'Signature1', from: 'B-B', to: 'B-LTA' }], documentTimestamp: { authority: expect.any(String) as string } });
    expect(readFileSync(at('bb.pdf')).equals(before)).toBe(true);
    const renewed = await extend('raised.pdf', 'renewed.pdf', '--to', 'B-LTA', ...authorities());
    expect(renewed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(renewed.stdout).toContain('Signature1: B-LTA');
    expect(await levelOf('renewed.pdf')).toBe('B-LTA TOTAL-PASSED');
    expect((await extend('renewed.pdf', 'same.pdf', '--to', 'B-LT', ...authorities())).stdout).toContain('nothing had to be added');
  });

  it('raises and renews CAdES, detached and enveloping, as sign makes it', async () => {
    expect((await sign('a.p7s', '--format', 'cades')).stdout).toContain('a.p7s  B-B');
    const made = await sign('a.p7m', '--format', 'cades', '--packaging', 'enveloping', '--level', 'B-LTA', ...authorities());
    expect(made.stdout).toMatch(/a\.p7m {2}B-LTA, time-stamped \S+ by \S+, archived \S+/);
    const raised = await extend('a.p7s', 'raised.p7s', '--detached', at('a.pdf'), '--to', 'B-LTA', ...authorities(), '--json');
    expect(JSON.parse(raised.stdout)).toMatchObject({ signatures: [{ field: 'Signature1', from: 'B-B', to: 'B-LTA' }], archiveTimestamp: { authority: expect.any(String) as string } });
    expect((await extend('a.p7m', 'renewed.p7m', '--to', 'B-LTA', ...authorities())).stdout).toContain('Signature1: B-LTA');
    const verified = await runCli(['verify', at('raised.p7s'), '--detached', at('a.pdf'), '--trust', at('pki/trust'), '--offline']);
    expect(verified.exitCode).toBe(0);
    expect(await levelOf('renewed.p7m')).toBe('B-LTA TOTAL-PASSED');
    expect(await extend('a.p7s', 'x.p7s', '--to', 'B-T', ...authorities())).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--detached FILE') as string });
    expect(await extend('a.p7s', 'a.pdf', '--detached', at('a.pdf'), '--to', 'B-T', ...authorities())).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('never changed') as string });
  });

  it('refuses an unsigned file, the input as output, and a level that does not exist, exit 2', async () => {
    expect(await extend('a.pdf', 'x.pdf', '--to', 'B-T', ...authorities())).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('[NOT_SIGNED]') as string });
    expect(await extend('a.pdf', 'a.pdf', '--to', 'B-T', ...authorities())).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('never changed') as string });
    expect(await extend('a.pdf', 'x.pdf', '--to', 'B-B', ...authorities())).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('B-T, B-LT, B-LTA') as string });
  });

  it('explains the levels', async () => {
    const { stdout } = await runCli(['extend', '--help']);
    expect(stdout).toContain('B-LTA with a time-stamp over that');
  });
});
