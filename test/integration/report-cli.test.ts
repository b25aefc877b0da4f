import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { signedSamples } from '../support/signed-samples.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lienthong-report-'));
  const { overlapping, tampered } = await signedSamples();
  await writeFile(join(dir, 'signed.pdf'), overlapping.pdf);
  await writeFile(join(dir, 'tampered.pdf'), tampered.pdf);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function report(file: string, out: string, ...options: readonly string[]): Promise<{ readonly exitCode: number | null; readonly stderr: string; readonly text: string }> {
  const { exitCode, stderr } = await runCli(['verify', join(dir, file), '--offline', '--report', join(dir, out), ...options]);
  return { exitCode, stderr, text: await readFile(join(dir, out), 'latin1').catch(() => '') };
}

describe('lienthong verify --report', () => {
  it('writes a page with pictures, in both languages unless one is asked for', async () => {
    const both = await report('signed.pdf', 'both.html');
    expect(both).toMatchObject({ exitCode: 1, stderr: '' });
    expect(both.text.match(/<img src="data:image\/png/g)).toHaveLength(4);
    expect(both.text).toContain('Report on digital signatures');
    const { text } = await report('signed.pdf', 'vi.html', '--lang', 'vi');
    expect(text).not.toContain('Report on digital signatures');
  });

  it('writes a paper, an ETSI report and JSON by the ending of the name', async () => {
    expect((await report('tampered.pdf', 'r.pdf')).text).toMatch(/^%PDF-1\./);
    expect((await report('tampered.pdf', 'r.xml')).text).toContain('urn:etsi:019102:mainindication:total-failed');
    expect(JSON.parse((await report('tampered.pdf', 'r.json')).text)).toMatchObject({ result: 'TOTAL-FAILED' });
  });

  it('refuses another ending before it verifies anything', async () => {
    const { exitCode, stderr } = await report('signed.pdf', 'r.docx');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--report writes .html, .pdf, .xml, .json');
    expect((await readdir(dir)).filter((name) => name.endsWith('.docx'))).toEqual([]);
  });
});
