import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { pkcs12Of } from '../../certs/dev/identity.ts';
import { issueOddSigner } from '../../certs/dev/odd-signers.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import { buildPkcs12 } from '../../src/formats/pkcs12/build-pkcs12.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { onePagePdf, qpdfRewrite, samplePdf } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';

/** Issue 1, bad input, as a person at a terminal meets it: one clear line, the right exit code, nothing half-written. */

const PASSPHRASE = 'mật khẩu Ế';
let dir: string;
let pki: DevPki;
let authorities: SandboxPki;
const path = (name: string): string => join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lienthong-bad-input-'));
  pki = await createDevPki({ now: new Date() });
  authorities = await startSandboxPki({ pki });
  const expired = await issueOddSigner(pki, 'expired', new Date());
  await writeFile(path('officer.p12'), await pkcs12Of(pki.officer, PASSPHRASE, randomBytes));
  await writeFile(path('expired.p12'), await pkcs12Of(expired, PASSPHRASE, randomBytes));
  const foreignKey = pki.tsa.privateKey.export({ format: 'der', type: 'pkcs8' });
  await writeFile(path('mismatch.p12'), await buildPkcs12({ privateKeyPkcs8Der: foreignKey, chainDer: pki.officer.chainDer, passphrase: PASSPHRASE, friendlyName: 'mismatch', randomBytes }));
  await writeFile(path('passphrase'), `${PASSPHRASE}\n`);
  await writeFile(path('good.pdf'), await samplePdf());
});
afterEach(() => {
  authorities.faults.tsa = null;
});
afterAll(async () => {
  await authorities.close();
  await rm(dir, { recursive: true, force: true });
});

interface SignArguments {
  readonly file?: string;
  readonly p12?: string;
  readonly level?: 'B-B' | 'B-T';
  readonly passphraseFile?: string;
}

function sign({ file = 'good.pdf', p12 = 'officer.p12', level = 'B-B', passphraseFile = 'passphrase' }: SignArguments): Promise<CliResult> {
  const tsa = level === 'B-B' ? [] : ['--level', level, '--tsa', `${authorities.url}/tsa`];
  return runCli(['sign', path(file), '--out', path('out.pdf'), '--p12', path(p12), '--passphrase-file', path(passphraseFile), ...tsa], { cwd: dir });
}

/** One line for people and its code for programs; no stack, no passphrase. */
function expectClearLine({ stderr, stdout }: CliResult, code: string): void {
  const lines = stderr.trim().split('\n').filter((line) => line.startsWith('lienthong:'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(new RegExp(`^lienthong: .{20,}\\[${code}\\]$`));
  expect(stdout + stderr).not.toMatch(/\n\s+at |mật khẩu Ế/);
}

async function expectNothingWritten(): Promise<void> {
  expect(existsSync(path('out.pdf'))).toBe(false);
  expect((await readdir(dir)).filter((name) => name.includes('out.pdf'))).toEqual([]);
}

const withWrongStartxref = (pdf: Buffer): Buffer => Buffer.from(pdf.toString('latin1').replace(/startxref\n\d+/, 'startxref\n999999'), 'latin1');

interface BadDocument {
  readonly name: string;
  readonly make: (file: string) => Promise<void>;
  readonly code: string;
}

const DOCUMENTS: readonly BadDocument[] = [
  { name: 'not a PDF', make: (file) => writeFile(file, 'Đây không phải PDF'), code: 'PDF_NOT_PDF' },
  { name: 'empty', make: (file) => writeFile(file, ''), code: 'DOCUMENT_EMPTY' },
  { name: 'truncated', make: async (file) => writeFile(file, (await samplePdf()).subarray(0, 400)), code: 'PDF_BROKEN' },
  { name: 'pointing to a table that is not there', make: (file) => writeFile(file, withWrongStartxref(onePagePdf())), code: 'PDF_BROKEN' },
  {
    name: '100 MB of zeros',
    make: async (file) => {
      await writeFile(file, '');
      await truncate(file, 100 * 1024 * 1024);
    },
    code: 'PDF_NOT_PDF',
  },
  ...(requireTool('qpdf') ? [{ name: 'encrypted (by qpdf)', make: async (file: string) => writeFile(file, qpdfRewrite(await samplePdf(), '--encrypt', 'bi-mat', 'khac', '256', '--')), code: 'PDF_ENCRYPTED' }] : []),
];

describe('lienthong sign and verify: a document that is', () => {
  it.each(DOCUMENTS)('$name', async ({ make, code }) => {
    await make(path('bad.pdf'));
    const before = await readFile(path('bad.pdf'));
    const signing = await sign({ file: 'bad.pdf' });
    expect(signing.exitCode).toBe(2);
    expectClearLine(signing, code);
    await expectNothingWritten();
    expect((await readFile(path('bad.pdf'))).equals(before)).toBe(true);

    const verifying = await runCli(['verify', path('bad.pdf'), '--json', '--offline'], { cwd: dir });
    expect(verifying.exitCode).toBe(1);
    const report = JSON.parse(verifying.stdout) as ValidationReport;
    expect(['UNREADABLE', 'NO-SIGNATURE']).toContain(report.result);
  });

  it('missing is a wrong call, not a verdict', async () => {
    const verifying = await runCli(['verify', path('nowhere.pdf'), '--offline'], { cwd: dir });
    expect(verifying.exitCode).toBe(2);
    expectClearLine(verifying, 'FILE_NOT_READABLE');
    const signing = await sign({ file: 'nowhere.pdf' });
    expect(signing.exitCode).toBe(2);
    expectClearLine(signing, 'FILE_NOT_READABLE');
  });
});

describe('lienthong sign: a key', () => {
  it('whose passphrase is wrong', async () => {
    await writeFile(path('wrong-passphrase'), 'khác\n');
    const result = await sign({ passphraseFile: 'wrong-passphrase' });
    expect(result.exitCode).toBe(2);
    expectClearLine(result, 'P12_PASSPHRASE_WRONG');
    await expectNothingWritten();
  });

  it.each([
    ['whose certificate has expired', 'expired.p12', 'CERTIFICATE_EXPIRED'],
    ['that does not match its certificate', 'mismatch.p12', 'KEY_MISMATCH'],
    ['file that is none', 'good.pdf', 'P12_MALFORMED'],
  ])('%s', async (_, p12, code) => {
    const result = await sign({ p12 });
    expect(result.exitCode).toBe(2);
    expectClearLine(result, code);
    await expectNothingWritten();
  });
});

describe('lienthong sign --level B-T: no document, rather than one below the level, when the time-stamping authority is', () => {
  it.each([
    ['down', { kind: 'status', status: 500 }, 'TSA_UNAVAILABLE'],
    ['answering another nonce (RFC 3161 §2.4.2)', { kind: 'wrong-nonce' }, 'TSA_TOKEN_INVALID'],
    ['answering a page', { kind: 'html' }, 'TSA_ANSWER_INVALID'],
  ] as const)('%s', async (_, fault, code) => {
    authorities.faults.tsa = fault;
    const result = await sign({ level: 'B-T' });
    expect(result.exitCode).toBe(3);
    expectClearLine(result, code);
    await expectNothingWritten();
  });
});
