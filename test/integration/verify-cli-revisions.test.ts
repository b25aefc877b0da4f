import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import { testIdentity } from '../support/certificates.ts';
import { runCli } from '../support/cli.ts';
import { onePagePdf, qpdfRewrite, signPdf } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';
import { requireVectors, vectorPath } from '../support/vectors.ts';

let dir: string;
let once: Buffer;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lienthong-revisions-'));
  const identity = testIdentity({ key: 'p256' });
  once = Buffer.from(await signPdf(onePagePdf(), identity));
  await writeFile(join(dir, 'twice.pdf'), await signPdf(once, identity));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const verify = (...args: readonly string[]) => runCli(['verify', '--offline', ...args]);
const reportOf = (stdout: string): ValidationReport => JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as ValidationReport;

describe('lienthong verify --extract-revision', () => {
  it('writes the revision that was signed, byte for byte, beside the report on the whole file', async () => {
    const out = join(dir, 'signed-revision.pdf');
    const { exitCode, stdout, stderr } = await verify(join(dir, 'twice.pdf'), '--extract-revision', '2', '--out', out, '--json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    expect(reportOf(stdout).signatures.map(({ coverage }) => coverage.extent)).toEqual(['revision', 'file']);
    expect((await readFile(out)).equals(once)).toBe(true);
    if (requireTool('qpdf')) expect(qpdfRewrite(await readFile(out)).length).toBeGreaterThan(0);
  });

  it('refuses a revision that is not there and half a pair of options: exit 2, nothing written', async () => {
    const out = join(dir, 'never.pdf');
    const beyond = await verify(join(dir, 'twice.pdf'), '--extract-revision', '9', '--out', out);
    expect(beyond).toMatchObject({ exitCode: 2, stdout: '' });
    expect(beyond.stderr).toContain('3 revision(s)');
    expect(await verify(join(dir, 'twice.pdf'), '--extract-revision', '2')).toMatchObject({ exitCode: 2 });
    expect(await verify(join(dir, 'twice.pdf'), '--out', out)).toMatchObject({ exitCode: 2 });
    await expect(readFile(out)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe.skipIf(!requireVectors('pyhanko-generated'))('lienthong verify --password-file', () => {
  const encrypted = vectorPath('pyhanko-generated', '5fa08902e3c41e94.pdf');

  it('reads an encrypted document with its password, and says UNREADABLE without and with a wrong one (ISO 32000-2 §7.6.4)', async () => {
    const [right, wrong] = [join(dir, 'right.txt'), join(dir, 'wrong.txt')];
    await writeFile(right, 'secret\n');
    await writeFile(wrong, 'sai\n');
    const report = reportOf((await verify(encrypted, '--password-file', right, '--json')).stdout);
    expect(report.error).toBeNull();
    expect(new Set(report.signatures.map(({ integrity }) => integrity))).toEqual(new Set(['intact']));
    expect(reportOf((await runCli(['verify', '--offline', encrypted, '--password-file', '-', '--json'], { input: 'secret\n' })).stdout)).toMatchObject({ error: null });
    for (const more of [[], ['--password-file', wrong]]) {
      const refused = await verify(encrypted, '--json', ...more);
      expect(refused.exitCode).toBe(1);
      expect(reportOf(refused.stdout)).toMatchObject({ result: 'UNREADABLE', error: { code: 'PDF_ENCRYPTED' } });
      expect(refused.stdout).not.toContain('sai');
    }
  });
});
