import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPkcs11 } from '../../connectors/key-pkcs11/module.ts';
import { SANDBOX_CLIENT, startSandboxCsc } from '../../sandbox/csc/start.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import { testCa, testIdentity } from '../support/certificates.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { runCliInBrowser } from '../support/cli-in-browser.ts';
import { pdfsigVerdicts, samplePdf } from '../support/pdf.ts';
import { freshDatabase, type FreshDatabase } from '../support/postgres.ts';
import { softHsm, type SoftHsm } from '../support/softhsm.ts';
import { required, requireTool } from '../support/tools.ts';
import { PROJECT_ROOT } from '../support/vectors.ts';

const usable = requireTool('softhsm2-util') && requireTool('pkcs11-tool') && requireTool('pdfsig') && required(hasPkcs11(), 'pkcs11js');

describe.skipIf(!usable)('keys in a device, from the command line', () => {
  const ca = testCa();
  const officer = testIdentity({ issuer: ca });
  let folder: string;
  let hsm: SoftHsm;
  let database: FreshDatabase;
  let env: Record<string, string>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lienthong-cli-keys-'));
    hsm = softHsm();
    hsm.add(officer, 'can-bo', '01');
    writeFileSync(join(folder, 'a.pdf'), await samplePdf());
    writeFileSync(join(folder, 'ca.pem'), pemOf('CERTIFICATE', ca.certificateDer));
    writeFileSync(join(folder, 'wrong'), '00001111\n', { mode: 0o600 });
    database = await freshDatabase();
    const { host, port, user, password, database: name } = database.connection as unknown as Readonly<Record<string, string>>;
    env = { ...hsm.environment, DATABASE_URL: `postgres://${user}:${encodeURIComponent(password ?? '')}@localhost:${port}/${name}?host=${encodeURIComponent(host ?? '')}`, LIENTHONG_DATA: join(folder, 'data') };
  });
  afterAll(async () => {
    await database.drop();
    hsm.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const cli = (...args: readonly string[]): Promise<CliResult> => runCli(args, { env, cwd: folder });
  const uri = (): string => hsm.uri('object=can-bo').replace(/&pin-source=.*/, '');

  it('sign a file with the PIN from a file, with PSS where the policy prefers it, and never twice with a wrong one', async () => {
    const sign = (pinFile: string, ...more: readonly string[]): Promise<CliResult> => cli('sign', 'a.pdf', '--out', 'signed.pdf', '--pkcs11', uri(), '--pin-file', pinFile, '--json', ...more);
    const signed = await sign(hsm.pinFile, '--trust', 'ca.pem', '--offline', '--policy', 'default', '--scheme', 'pss');
    expect(signed.stderr).toContain('REVOCATION_UNAVAILABLE'); // a named policy decides itself
    const done = await sign(hsm.pinFile, '--policy', 'vietnam');
    expect(done).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(done.stdout)).toMatchObject({ scheme: 'pss', chain: 'not-checked' });
    expect(pdfsigVerdicts(readFileSync(join(folder, 'signed.pdf')))).toMatchObject([{ valid: true }]);
    const refused = await sign(join(folder, 'wrong'));
    expect(refused).toMatchObject({ exitCode: 3, stdout: '' });
    expect(refused.stderr).toContain('HSM_LOGIN_FAILED');
    expect(refused.stderr).not.toContain('00001111');
  }, 60_000);

  it('are taken into use, tried, listed and removed; the guard of their PIN is seen and reset', async () => {
    expect(await cli('keys', 'add', 'officer', '--pkcs11', uri(), '--pin-file', hsm.pinFile, '--json')).toMatchObject({ exitCode: 0 });
    expect(await cli('keys', 'test', 'officer')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('the value is right') as string });
    expect(await cli('keys', 'change-secret', 'officer', '--pin-file', join(folder, 'wrong'))).toMatchObject({ exitCode: 0 });
    expect((await cli('keys', 'test', 'officer')).stderr).toContain('HSM_LOGIN_FAILED');
    const [guarded] = JSON.parse((await cli('keys', 'pin-guard', '--json')).stdout) as { name: string; failures: number }[];
    expect(guarded).toMatchObject({ failures: 1, stopped: false });
    expect((await cli('keys', 'pin-guard', guarded?.name ?? '', '--reset')).stdout).toContain('may be tried again');
    expect((await cli('keys', 'remove', 'officer')).exitCode).toBe(0);
    expect(JSON.parse((await cli('keys', 'list', '--json')).stdout)).toMatchObject([{ keyId: 'officer', kind: 'pkcs11', disabled: true, uses: { signed: 0, failed: 0, unknown: 0 } }]);
  }, 60_000);

  it('of another program: sign-prepare, pkcs11-tool, sign-complete; a value for another file is refused', async () => {
    writeFileSync(join(folder, 'officer.pem'), pemOf('CERTIFICATE', officer.certificateDer) + pemOf('CERTIFICATE', ca.certificateDer));
    writeFileSync(join(folder, 'b.pdf'), await samplePdf({ pages: 2 }));
    const prepare = (name: string): Promise<CliResult> => cli('sign-prepare', `${name}.pdf`, '--cert', 'officer.pem', '--state', `${name}.json`, '--to-sign', `${name}.attributes`);
    const complete = (state: string, value: string): Promise<CliResult> => cli('sign-complete', `${state}.pdf`, '--state', `${state}.json`, '--value', value, '--out', `${state}.signed.pdf`);
    for (const name of ['a', 'b']) {
      expect((await prepare(name)).stdout).toContain('openssl dgst -sha256 -sign KEY');
      hsm.tool('--sign', '--mechanism', 'SHA256-RSA-PKCS', '--id', '01', '--input-file', join(folder, `${name}.attributes`), '--output-file', join(folder, `${name}.value`));
    }
    expect(await complete('a', 'b.value')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('SIGNATURE_VALUE_WRONG') as string });
    expect(await complete('a', 'a.value')).toMatchObject({ exitCode: 0 });
    expect(pdfsigVerdicts(readFileSync(join(folder, 'a.signed.pdf')))).toMatchObject([{ valid: true, wholeDocument: true }]);
  }, 60_000);

  it('at a remote signing service are taken into use, and asked for a one-time password only where they want one', async () => {
    const service = await startSandboxCsc();
    try {
      for (const [name, secret] of Object.entries({ client: SANDBOX_CLIENT.clientSecret, pin: SANDBOX_CLIENT.pin, otp: SANDBOX_CLIENT.otp })) writeFileSync(join(folder, `csc-${name}`), `${secret}\n`, { mode: 0o600 });
      const remote = (...args: readonly string[]): Promise<CliResult> => runCli(['keys', ...args], { env: { ...env, LIENTHONG_OUTBOUND_ALLOW: new URL(service.url).host }, cwd: folder });
      expect(await remote('add', 'remote', '--csc', service.apiUrl, '--credential', 'can-bo', '--client-id', SANDBOX_CLIENT.clientId, '--client-secret-file', 'csc-client', '--pin-file', 'csc-pin')).toMatchObject({ exitCode: 0 });
      expect(await remote('test', 'remote')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--otp-file') as string });
      expect(await remote('test', 'remote', '--otp-file', 'csc-otp')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('the value is right') as string });
    } finally {
      await service.close();
    }
  }, 60_000);

  it('at a remote signing service whose holder allows each use in a browser: the page is shown, and the browser comes back to the command', async () => {
    const service = await startSandboxCsc();
    try {
      writeFileSync(join(folder, 'csc-client'), `${SANDBOX_CLIENT.clientSecret}\n`, { mode: 0o600 });
      const allowed = { ...env, LIENTHONG_OUTBOUND_ALLOW: new URL(service.url).host };
      const added = await runCli(['keys', 'add', 'leader', '--csc', service.apiUrl, '--credential', 'lanh-dao', '--client-id', SANDBOX_CLIENT.clientId, '--client-secret-file', 'csc-client', '--without-pin'], { env: allowed, cwd: folder });
      expect(added).toMatchObject({ exitCode: 0 });
      const signing = (decision: 'allow' | 'deny'): Promise<CliResult> => runCliInBrowser(['sign', 'a.pdf', '--key', 'leader', '--out', `leader-${decision}.pdf`], { env: allowed, cwd: folder }, decision);
      expect(await signing('deny')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('CONSENT_REFUSED') as string });
      expect(await signing('allow')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('leader-allow.pdf') as string });
      expect(pdfsigVerdicts(readFileSync(join(folder, 'leader-allow.pdf')))).toMatchObject([{ valid: true }]);
      expect(existsSync(join(folder, 'leader-deny.pdf'))).toBe(false);
      expect(await runCliInBrowser(['keys', 'test', 'leader'], { env: allowed, cwd: folder }, 'allow')).toMatchObject({ exitCode: 0 });
    } finally {
      await service.close();
    }
  }, 60_000);

  it('at a service without signatures/signHash: found out when the key is added, signed through signatures/signDoc', async () => {
    const service = await startSandboxCsc();
    service.settings.signsHashes = false;
    try {
      writeFileSync(join(folder, 'csc-client'), `${SANDBOX_CLIENT.clientSecret}\n`, { mode: 0o600 });
      const allowed = { ...env, LIENTHONG_OUTBOUND_ALLOW: new URL(service.url).host };
      const remote = (...args: readonly string[]): Promise<CliResult> => runCli(args, { env: allowed, cwd: folder });
      expect(await remote('keys', 'add', 'documents', '--csc', service.apiUrl, '--credential', 'con-dau', '--client-id', SANDBOX_CLIENT.clientId, '--client-secret-file', 'csc-client', '--without-pin')).toMatchObject({ exitCode: 0 });
      expect(await remote('keys', 'test', 'documents')).toMatchObject({ exitCode: 0 });
      expect(await remote('sign', 'a.pdf', '--key', 'documents', '--out', 'documents.pdf')).toMatchObject({ exitCode: 0 });
      expect(pdfsigVerdicts(readFileSync(join(folder, 'documents.pdf')))).toMatchObject([{ valid: true }]);
    } finally {
      await service.close();
    }
  }, 60_000);

  it.skipIf(!requireTool('script'))('ask for the PIN at a terminal, without showing it', async () => {
    const command = `${process.execPath} ${join(PROJECT_ROOT, 'dist/src/cli.js')} sign a.pdf --out asked.pdf --pkcs11 '${uri()}'`;
    const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: folder, env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1', ...hsm.environment } });
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (!shown.includes('PIN of the key device') && (shown + text).includes('PIN of the key device')) child.stdin.write(`${hsm.pin}\r`);
      shown += text;
    });
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    expect(shown).toContain('asked.pdf');
    expect(shown).not.toContain(hsm.pin);
  }, 30_000);
});
