import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDevPki } from '../../certs/dev/create-dev-pki.ts';
import { writeDevPki } from '../../certs/dev/write-dev-pki.ts';
import { JOURNAL_NAME } from '../../src/cli/sign-journal.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { samplePdf } from '../support/pdf.ts';
import { PROJECT_ROOT } from '../support/vectors.ts';

const FILES = 30;

let dir: string;
let out: string;
let call: readonly string[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'lienthong-many-'));
  const pki = await writeDevPki(await createDevPki({ now: new Date() }), join(dir, 'pki'));
  const pdf = await samplePdf();
  mkdirSync(join(dir, 'in'));
  const files = Array.from({ length: FILES }, (_, index) => join(dir, 'in', `giấy-${index}.pdf`));
  for (const file of files) writeFileSync(file, pdf);
  call = ['sign', ...files, '--p12', pki.p12.officer, '--passphrase-file', pki.passphrase.officer, '--json'];
});
beforeEach(() => {
  out = mkdtempSync(join(dir, 'out-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const sign = (...more: readonly string[]): Promise<CliResult> => runCli([...call, '--out-dir', out, ...more]);
const lines = ({ stdout }: CliResult): Record<string, unknown>[] => stdout.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
const results = (): readonly string[] => readdirSync(out).filter((name) => name.endsWith('.pdf'));
const signaturesIn = (name: string): number => readFileSync(join(out, name), 'latin1').match(/\/Type ?\/Sig\b/g)?.length ?? 0;
const journal = (): readonly { event: string; out: string }[] =>
  readFileSync(join(out, JOURNAL_NAME), 'utf8').split('\n').filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as { event: string; out: string });

describe('lienthong sign FILE… --out-dir', () => {
  it('signs each file once though the run is killed, keeps what it had signed, and counts the uses of the key it does not know the end of', async () => {
    const child = spawn(process.execPath, [join(PROJECT_ROOT, 'dist', 'src', 'cli.js'), ...call, '--out-dir', out], { stdio: 'ignore' });
    await expect.poll(() => results().length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(3);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const released = results();
    const bytes = released.map((name) => readFileSync(join(out, name)));
    const begun = new Set(journal().map((line) => line.out)).size;

    const run = await sign();
    expect(run.exitCode).toBe(0);
    expect(lines(run).at(-1)).toEqual({ total: FILES, signed: FILES - released.length, kept: released.length, failed: 0, unknownOutcomes: begun - released.length });
    released.forEach((name, index) => expect(readFileSync(join(out, name)).equals(bytes[index] ?? Buffer.alloc(0))).toBe(true));
    expect(results().map(signaturesIn)).toEqual(Array.from({ length: FILES }, () => 1));
    expect(lines(await sign()).at(-1)).toMatchObject({ signed: 0, kept: FILES });
  });

  it('tells what cannot be signed, signs the rest, and ends with the code of the worst', async () => {
    const broken = join(dir, 'hỏng.pdf');
    writeFileSync(broken, 'not a PDF');
    const { exitCode, stdout } = await runCli(['sign', broken, ...call.slice(1), '--out-dir', join(out, 'new')]);
    expect(exitCode).toBe(2);
    const told = stdout.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told.find((line) => line['file'] === broken)).toMatchObject({ out: null, error: { code: 'PDF_NOT_PDF' } });
    expect(told.at(-1)).toMatchObject({ signed: FILES, failed: 1 });
    expect(existsSync(join(out, 'new', 'hỏng.signed.pdf'))).toBe(false);
  });

  it('signs what was signed before again only when told to, and a changed file by itself', async () => {
    await sign();
    writeFileSync(call[1] ?? '', await samplePdf({ pages: 2 }));
    expect(lines(await sign()).at(-1)).toMatchObject({ signed: 1, kept: FILES - 1 });
    expect(lines(await sign('--again')).at(-1)).toMatchObject({ signed: FILES, kept: 0 });
  });

  it('stops at a journal that is damaged, except in a last line that a crash cut off', async () => {
    writeFileSync(join(out, JOURNAL_NAME), '{"at":"2026-11-24T00:0');
    expect((await sign()).exitCode).toBe(0);
    expect(lines(await sign()).at(-1)).toMatchObject({ kept: FILES });
    writeFileSync(join(out, JOURNAL_NAME), 'what?\n');
    expect(await sign()).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('[STORAGE_FAILED]') as string });
  });
});
