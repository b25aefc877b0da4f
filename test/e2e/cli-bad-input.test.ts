import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PDFDocument } from '@cantoo/pdf-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { pkcs12Of, privateKeyDerOf } from '../../certs/dev/identity.ts';
import { issueOddSigner } from '../../certs/dev/odd-signers.ts';
import { buildPkcs12 } from '../../src/formats/pkcs12/build-pkcs12.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import { runCli } from '../support/cli.ts';

/** Wrong input at the command line: exit code, one clear line, nothing half-written. */

const PASSPHRASE = 'mật khẩu thử';
const random = (count: number): Uint8Array => new Uint8Array(randomBytes(count));

let dir: string;
let pki: DevPki;
let server: SandboxPki;
const at = (name: string): string => join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lienthong-cli-'));
  server = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
  ({ pki } = server);
  const good = Buffer.from(await samplePdf());
  await writeFile(at('good.pdf'), good);
  await writeFile(at('empty.pdf'), '');
  await writeFile(at('text.pdf'), 'Đây không phải PDF');
  await writeFile(at('truncated.pdf'), good.subarray(0, Math.floor(good.length / 2)));
  await writeFile(at('startxref.pdf'), good.toString('latin1').replace(/startxref\s+\d+/, 'startxref\n7'), 'latin1');
  await writeFile(at('zeros.pdf'), Buffer.alloc(100 * 1024 * 1024));
  await writeFile(at('encrypted.pdf'), await encryptedPdf());
  await writeFile(at('passphrase'), `${PASSPHRASE}\n`);
  await writeFile(at('officer.p12'), await pkcs12Of(pki.officer, PASSPHRASE, random));
  await writeFile(at('expired.p12'), await pkcs12Of(await issueOddSigner(pki, 'expired', new Date()), PASSPHRASE, random));
  await writeFile(at('early.p12'), await pkcs12Of(await issueOddSigner(pki, 'not-yet-valid', new Date()), PASSPHRASE, random));
  await writeFile(at('usage.p12'), await pkcs12Of(await issueOddSigner(pki, 'wrong-usage', new Date()), PASSPHRASE, random));
  const other = await issueOddSigner(pki, 'sha3', new Date());
  const mismatched = await buildPkcs12({ privateKeyPkcs8Der: privateKeyDerOf(other.privateKey), chainDer: [pki.officer.certificateDer], passphrase: PASSPHRASE, friendlyName: 'x', randomBytes: random });
  await writeFile(at('mismatch.p12'), mismatched);
  await writeFile(at('garbage.p12'), random(500));
}, 60_000);

afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

async function samplePdf(): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  document.addPage([300, 300]).drawText('Quyet dinh');
  return document.save({ useObjectStreams: false });
}

async function encryptedPdf(): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  document.addPage([300, 300]);
  document.encrypt({ userPassword: 'a', ownerPassword: 'b', permissions: {} });
  return document.save({ useObjectStreams: false });
}

const sign = (file: string, out: string, ...more: readonly string[]) =>
  runCli(['sign', at(file), '--out', at(out), '--p12', at('officer.p12'), '--passphrase-file', at('passphrase'), ...more]);

describe('lienthong sign refuses what cannot be signed: exit 2, one line, no output', () => {
  it.each([
    ['empty.pdf', 'DOCUMENT_EMPTY'],
    ['text.pdf', 'PDF_NOT_PDF'],
    ['truncated.pdf', 'PDF_BROKEN'],
    ['startxref.pdf', 'PDF_BROKEN'],
    ['zeros.pdf', 'PDF_NOT_PDF'],
    ['encrypted.pdf', 'PDF_ENCRYPTED'],
    ['missing.pdf', 'FILE_NOT_READABLE'],
  ])('%s → %s', async (file, code) => {
    const { exitCode, stdout, stderr } = await sign(file, `${file}.out`);
    expect({ exitCode, stdout, lines: stderr.trim().split('\n').length }).toEqual({ exitCode: 2, stdout: '', lines: 1 });
    expect(stderr).toContain(`[${code}]`);
    expect(existsSync(at(`${file}.out`))).toBe(false);
  });
});

describe('lienthong sign refuses keys that must not sign', () => {
  it.each([
    ['expired.p12', 'CERTIFICATE_EXPIRED'],
    ['early.p12', 'CERTIFICATE_NOT_YET_VALID'],
    ['usage.p12', 'CERTIFICATE_USAGE'],
    ['mismatch.p12', 'KEY_MISMATCH'],
    ['garbage.p12', 'P12_MALFORMED'],
  ])('%s → %s', async (p12, code) => {
    const { exitCode, stderr } = await runCli(['sign', at('good.pdf'), '--out', at(`${p12}.pdf`), '--p12', at(p12), '--passphrase-file', at('passphrase')]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`[${code}]`);
    expect(existsSync(at(`${p12}.pdf`))).toBe(false);
  });

  it('a wrong passphrase is told apart from a damaged file, and is not shown', async () => {
    const { exitCode, stderr } = await runCli(['sign', at('good.pdf'), '--out', at('wrong.pdf'), '--p12', at('officer.p12'), '--passphrase-file', '-'], { input: 'bí mật sai\n' });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('[P12_PASSPHRASE_WRONG]');
    expect(stderr).not.toContain('bí mật sai');
  });

  it('a chain that does not reach the given anchors is refused before the key is used', async () => {
    const stranger = await createDevPki({ now: new Date() });
    await writeFile(at('stranger.der'), stranger.root.identity.certificateDer);
    const { exitCode, stderr } = await sign('good.pdf', 'stranger.pdf', '--trust', at('stranger.der'));
    expect(exitCode).toBe(2);
    expect(stderr).toContain('[CERTIFICATE_CHAIN]');
    expect(existsSync(at('stranger.pdf'))).toBe(false);
  });
});

describe('lienthong sign never lowers the level: exit 3 when the time-stamping authority fails', () => {
  it.each([
    ['wrong nonce', { kind: 'wrong-nonce' }, 'TSA_TOKEN_INVALID'],
    ['an HTML answer', { kind: 'html' }, 'TSA_ANSWER_INVALID'],
    ['a refusal', { kind: 'refuse' }, 'TSA_REFUSED'],
  ] as const)('%s', async (_name, fault, code) => {
    server.faults.tsa = fault;
    const { exitCode, stdout, stderr } = await sign('good.pdf', 'stamped.pdf', '--level', 'B-T', '--tsa', `${server.url}/tsa`);
    server.faults.tsa = null;
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(stderr).toContain(`[${code}]`);
    expect(existsSync(at('stamped.pdf'))).toBe(false);
  });

  it('nobody listens', async () => {
    const { exitCode, stderr } = await sign('good.pdf', 'stamped.pdf', '--level', 'B-T', '--tsa', 'http://127.0.0.1:1/tsa');
    expect(exitCode).toBe(3);
    expect(stderr).toContain('[TSA_UNAVAILABLE]');
  });

  it('no authority is named: exit 2, and the option to add is', async () => {
    const { exitCode, stderr } = await sign('good.pdf', 'stamped.pdf', '--level', 'B-T');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--tsa URL');
  });

  it('and the same call with a good authority succeeds, the input unchanged and a prefix of the output', async () => {
    const before = await readFile(at('good.pdf'));
    const { exitCode } = await sign('good.pdf', 'stamped.pdf', '--level', 'B-T', '--tsa', `${server.url}/tsa`);
    expect(exitCode).toBe(0);
    const signed = await readFile(at('stamped.pdf'));
    expect(signed.subarray(0, before.length).equals(before)).toBe(true);
    expect((await readFile(at('good.pdf'))).equals(before)).toBe(true);
    expect((await readdir(dir)).filter((name) => name.includes('.part'))).toEqual([]);
  });
});

describe('lienthong verify: a document that cannot be read is an answer', () => {
  it('names each UNREADABLE with its reason, goes on, and exits 1', async () => {
    const files = ['empty.pdf', 'text.pdf', 'truncated.pdf', 'zeros.pdf', 'encrypted.pdf', 'good.pdf'];
    const { exitCode, stdout } = await runCli(['verify', ...files.map(at), '--offline', '--json']);
    const reports = stdout.trim().split('\n').map((line) => JSON.parse(line) as { result: string; error: { code: string } | null });
    expect(exitCode).toBe(1);
    expect(reports.map(({ result, error }) => error?.code ?? result)).toEqual(['DOCUMENT_EMPTY', 'MEDIA_TYPE_UNSUPPORTED', 'PDF_BROKEN', 'MEDIA_TYPE_UNSUPPORTED', 'PDF_ENCRYPTED', 'NO-SIGNATURE']);
  });

  it.each([
    ['a missing file', ['verify', 'no-such.pdf'], 'FILE_NOT_READABLE'],
    ['a folder', ['verify', 'src', '--offline'], 'it is a folder'],
    ['a revocation list that is none', ['verify', 'package.json', '--crl', 'package.json'], 'does not hold a CRL'],
    ['an OCSP response that is none', ['verify', 'package.json', '--ocsp', 'package.json'], 'does not hold an OCSP response'],
    ['a certificate that is none', ['verify', 'package.json', '--cert', 'tsconfig.json'], 'tsconfig.json does not hold certificates'],
    ['a certificate that is not there', ['verify', 'package.json', '--cert', 'no-such.pem'], 'no-such.pem'],
    ['an anchor that is none', ['verify', 'package.json', '--trust', 'tsconfig.json'], 'tsconfig.json does not hold certificates'],
    ['a wrong time', ['verify', 'package.json', '--at', 'yesterday'], 'REQUEST_INVALID'],
    ['anchors that are not there', ['verify', 'package.json', '--trust', 'no-such-folder'], 'FILE_NOT_READABLE'],
    ['an unknown option', ['verify', 'package.json', '--fast'], 'unknown option'],
  ])('%s is a wrong call: exit 2', async (_name, args, words) => {
    const { exitCode, stderr } = await runCli(args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(words);
  });
});

describe('administration refuses what it cannot do', () => {
  it.each([
    ['routes', 'set', 'H57x', 'nobody', 'AGENCY_CODE_INVALID'],
    ['routes', 'set', 'H57.12', 'nobody', 'PARTNER_NOT_FOUND'],
    ['api-keys', 'add', 'nobody', '--scopes=documents:read', 'PARTNER_NOT_FOUND'],
    ['keys', 'grant', 'no-key', 'nobody', 'KEY_NOT_FOUND'],
    ['postal', 'adopt', 'not-an-id', '--note=x', 'POSTAL_ORDER_NOT_FOUND'],
  ])('%s %s %s %s', async (...row) => {
    const args = row.slice(0, -1);
    const { exitCode, stderr } = await runCli([...args, '--data', at('data')]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`[${row.at(-1) ?? ''}]`);
  });
});
