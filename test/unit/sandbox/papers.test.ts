import { spawnSync } from 'node:child_process';
import { inflateSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawPapers, drawSignatureImages, type SamplePapers } from '../../../sandbox/papers/draw-papers.ts';
import { loadPaperFonts } from '../../../sandbox/papers/fonts.ts';
import { AGENCY, areaOf, sampleCase, sidesOf } from '../../../sandbox/papers/sample-case.ts';
import type { PaperFonts } from '../../../src/formats/pdf-drawing/paper.ts';
import { qpdfComplaints, withFile } from '../../support/pdf.ts';
import { textOf } from '../../support/pictures.ts';
import { requireTool } from '../../support/tools.ts';

const CODE = 'H57.12.03-261124-0001';
const A4_HEIGHT = 841.89;
const MM = 72 / 25.4;
let fonts: PaperFonts;
let papers: SamplePapers;

beforeAll(async () => {
  fonts = await loadPaperFonts();
  papers = await drawPapers(sampleCase(CODE, new Date('2026-11-24T02:00:00Z')), fonts);
});

interface PrintedWord {
  readonly page: number;
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Words as poppler finds them on the page; points, y from the lower edge. */
function wordsOf(pdf: Uint8Array): PrintedWord[] {
  const xml = withFile(pdf, (path) => spawnSync('pdftotext', ['-bbox', path, '-'], { encoding: 'utf8' }).stdout);
  return xml.split('<page ').slice(1).flatMap((page, index) =>
    [...page.matchAll(/xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)</g)].map(([, left, top, right, bottom, text = '']) => ({
      page: index + 1,
      text,
      left: Number(left),
      right: Number(right),
      top: A4_HEIGHT - Number(top),
      bottom: A4_HEIGHT - Number(bottom),
    })),
  );
}

describe('the sample parcel', () => {
  const { parcel } = sampleCase(CODE, new Date('2026-11-24T02:00:00Z'));

  it('has the area and sides that its corners give', () => {
    expect(areaOf({ ...parcel, corners: [[0, 0], [10, 0], [10, 20], [0, 20]] })).toBe(200);
    expect(sidesOf({ ...parcel, corners: [[0, 0], [3, 4], [0, 4]] })).toEqual([5, 3, 4]);
    expect(areaOf(parcel)).toBeGreaterThan(150);
  });
});

describe.skipIf(!requireTool('pdftotext') || !requireTool('qpdf'))('the papers of the sample dossier, judged by poppler and qpdf', () => {
  it('are sound files that say what they are, and that they are samples', () => {
    for (const pdf of [papers.application, papers.parcelSketch, papers.decision.pdf]) {
      expect(qpdfComplaints(pdf)).toBe('');
      expect(textOf(pdf)).toContain('không có giá trị pháp lý');
      expect(textOf(pdf)).toContain(CODE);
    }
    expect(textOf(papers.application).split('\f').filter((page) => page.trim() !== '').length).toBeGreaterThan(1);
  });

  it('the decision keeps the margins of Decree 30/2020 Annex I, I.2: left 30–35 mm, right 15–20 mm, top and bottom 20–25 mm', () => {
    const body = wordsOf(papers.decision.pdf).filter(({ bottom, top }) => bottom > 15 * MM && top < A4_HEIGHT - 18 * MM);
    expect(Math.min(...body.map(({ left }) => left))).toBeGreaterThanOrEqual(30 * MM - 1);
    expect(Math.max(...body.map(({ right }) => right))).toBeLessThanOrEqual(210 * MM - 15 * MM + 1);
    expect(Math.max(...body.map(({ top }) => top))).toBeLessThanOrEqual(A4_HEIGHT - 20 * MM + 1);
    expect(Math.min(...body.map(({ bottom }) => bottom))).toBeGreaterThanOrEqual(20 * MM - 1);
  });

  it('the officer’s signature goes between title and name, centred under the title (Annex I, II.7d)', () => {
    const { page, rect } = papers.decision.officer;
    const words = wordsOf(papers.decision.pdf).filter((word) => word.page === page);
    const title = words.filter(({ text }) => AGENCY.officerTitle.split(' ').includes(text));
    const name = words.filter(({ text, bottom }) => AGENCY.officerName.split(' ').includes(text) && bottom < rect.y);
    expect(Math.min(...title.map(({ bottom }) => bottom))).toBeGreaterThan(rect.y + rect.height);
    expect(name).toHaveLength(AGENCY.officerName.split(' ').length);
    const middle = (found: readonly PrintedWord[]): number => (Math.min(...found.map(({ left }) => left)) + Math.max(...found.map(({ right }) => right))) / 2;
    expect(middle(title)).toBeCloseTo(rect.x + rect.width / 2, 0);
    expect(middle(name)).toBeCloseTo(rect.x + rect.width / 2, 0);
    const covered = words.filter((word) => word.right > rect.x && word.left < rect.x + rect.width && word.top > rect.y && word.bottom < rect.y + rect.height);
    expect(covered).toEqual([]);
  });

  it('the seal covers about a third of it on its left, in its real size of 36 mm (Annex I, II.8a)', () => {
    const { officer, seal } = papers.decision;
    expect(seal.page).toBe(officer.page);
    expect([seal.rect.width / MM, seal.rect.height / MM]).toEqual([expect.closeTo(36, 5), expect.closeTo(36, 5)]);
    expect((seal.rect.x + seal.rect.width - officer.rect.x) / officer.rect.width).toBeCloseTo(1 / 3, 5);
    expect(seal.rect.x).toBeLessThan(officer.rect.x);
  });
});

describe('the images of signature and seal', () => {
  /** Red, green, blue and alpha of a PNG without row filters. */
  function pixelsOf(png: Uint8Array): { readonly width: number; readonly data: Buffer } {
    const bytes = Buffer.from(png);
    const width = bytes.readUInt32BE(16);
    const at = bytes.indexOf('IDAT');
    const rows = inflateSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at - 4)));
    const stride = width * 4 + 1;
    return { width, data: Buffer.concat(Array.from({ length: rows.length / stride }, (_, y) => rows.subarray(y * stride + 1, (y + 1) * stride))) };
  }

  function inkOf(png: Uint8Array): { readonly share: number; readonly colours: Set<string>; readonly cornerAlpha: number | undefined } {
    const { data } = pixelsOf(png);
    const colours = new Set<string>();
    let inked = 0;
    for (let i = 0; i < data.length; i += 4) {
      if ((data[i + 3] ?? 0) === 0) continue;
      inked += 1;
      colours.add(data.subarray(i, i + 3).toString('hex'));
    }
    return { share: inked / (data.length / 4), colours, cornerAlpha: data[3] };
  }

  it('are one ink on transparent ground: blue and red (Annex I, II.7d and II.8a)', () => {
    const { officerPng, sealPng } = drawSignatureImages(fonts);
    const officer = inkOf(officerPng);
    const seal = inkOf(sealPng);
    expect([...officer.colours]).toEqual(['123a9e']);
    expect([...seal.colours]).toEqual(['ce1126']);
    expect([officer.cornerAlpha, seal.cornerAlpha]).toEqual([0, 0]);
    expect(officer.share).toBeGreaterThan(0.01);
    expect(officer.share).toBeLessThan(0.2);
    expect(seal.share).toBeGreaterThan(0.1);
    expect(seal.share).toBeLessThan(0.5);
  });
});
