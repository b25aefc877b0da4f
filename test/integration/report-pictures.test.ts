import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesSource, type ByteSource } from '../../src/formats/byte-source.ts';
import { reportHtml } from '../../src/formats/report/html.ts';
import { reportPdf } from '../../src/formats/report/pdf.ts';
import type { RegionPicture } from '../../src/formats/report/pictures.ts';
import { isolationPool, type IsolationPool } from '../../src/isolation/pool.ts';
import { tasks, type Tasks } from '../../src/isolation/tasks.ts';
import { pictureSignatures } from '../../src/usecases/picture-signatures.ts';
import { loadPaperFonts } from '../../src/wiring/fonts.ts';
import { qpdfComplaints } from '../support/pdf.ts';
import { signedSamples, type SignedSamples } from '../support/signed-samples.ts';
import { requireTool } from '../support/tools.ts';

let samples: SignedSamples;
let isolation: IsolationPool<Tasks>;
beforeAll(async () => {
  isolation = isolationPool({ tasks, threads: 1, children: 1, maxWaiting: 4, maxHeapMb: 512 });
  samples = await signedSamples();
});
afterAll(() => isolation.close());

const picturesOf = (name: keyof SignedSamples) => pictureSignatures(isolation, { report: samples[name].report, source: bytesSource(samples[name].pdf), password: null });

/** Share of dark pixels, as ImageMagick counts them. */
function inkOf({ png }: RegionPicture): number {
  const { stdout } = spawnSync('convert', ['png:-', '-colorspace', 'gray', '-threshold', '50%', '-format', '%[fx:1-mean]', 'info:'], { input: png, encoding: 'utf8' });
  return Number(stdout);
}

describe.skipIf(!requireTool('convert'))('pictureSignatures, in a child process', () => {
  it('shows each visible signature as signed and as it is now, and whether the place looks the same', async () => {
    const { bySignature, omitted } = await picturesOf('overlapping');
    expect(omitted).toBeNull();
    const [first, second] = [bySignature.get('Signature1'), bySignature.get('Seal')];
    if (first?.current == null || second?.current == null) throw new Error('a picture is missing');
    expect(first).toMatchObject({ page: 2, identical: false });
    expect(second).toMatchObject({ page: 2, identical: true });
    expect(inkOf(first.signed)).toBeGreaterThan(0.005);
    // What the second signature drew over the first is in the picture of today alone.
    expect(inkOf(first.current)).toBeGreaterThan(inkOf(first.signed) * 1.1);
  });

  it('stand in the page and on the paper, with a warning where they differ', async () => {
    const { report } = samples.overlapping;
    const pictures = await picturesOf('overlapping');
    const html = reportHtml(report, { language: 'vi', pictures });
    expect(html.match(/<img src="data:image\/png;base64,/g)).toHaveLength(4);
    expect(html).toContain('Hai hình KHÁC nhau');
    expect(qpdfComplaints(await reportPdf(report, { language: 'vi', fonts: await loadPaperFonts(), pictures }))).toBe('');
  });

  it('has nothing to show of an invisible signature, of no signature, and of what is no PDF', async () => {
    for (const name of ['passed', 'unsigned', 'unreadable'] as const) {
      const { bySignature, omitted } = await picturesOf(name);
      expect([name, bySignature.size, omitted]).toEqual([name, 0, null]);
    }
  });

  it('says so instead of reading more than 50 MB', async () => {
    const large: ByteSource = { sizeBytes: 50 * 1024 * 1024 + 1, read: () => expect.unreachable('it was read') };
    const pictures = await pictureSignatures(isolation, { report: samples.overlapping.report, source: large, password: null });
    expect(pictures.omitted).toBe('too-large');
    expect(reportHtml(samples.overlapping.report, { language: 'vi', pictures })).toContain('Không chụp hình vùng chữ ký: tệp lớn hơn 50 MB.');
  });

  it('says so when the document cannot be painted', async () => {
    const broken = Buffer.from(samples.overlapping.pdf.toString('latin1').replaceAll('startxref', 'startxxxx'), 'latin1');
    const pictures = await pictureSignatures(isolation, { report: samples.overlapping.report, source: bytesSource(broken), password: null });
    expect(pictures).toMatchObject({ omitted: 'not-painted' });
  });

  it('is stopped with its process when the time is up', async () => {
    const started = isolation.run('pdf.paint-signatures', { pdf: samples.overlapping.pdf, password: null }, { deadlineMs: 1 });
    await expect(started).rejects.toMatchObject({ code: expect.stringMatching(/BUDGET_EXCEEDED|OVERLOADED/) as string });
  });
});

describe('report.pdf, in a thread', () => {
  it('is the same paper as set here', async () => {
    const { report } = samples.passed;
    const fonts = await loadPaperFonts();
    const there = await isolation.run('report.pdf', { report, language: 'vi', fonts }, { deadlineMs: 30_000 });
    expect(Buffer.compare(there, await reportPdf(report, { language: 'vi', fonts }))).toBe(0);
  });
});
