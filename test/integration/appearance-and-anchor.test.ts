import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { degrees, PDFDocument } from '@cantoo/pdf-lib';
import fontkit from '@cantoo/fontkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, schemeOf } from '../../certs/dev/identity.ts';
import type { KeyId } from '../../src/domain/ids.ts';
import type { Problem } from '../../src/formats/api/problem.ts';
import { findText } from '../../src/formats/pdf-picture/find-text.ts';
import { addSigningKey, grantKey } from '../../src/usecases/administer-keys.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { loadFonts } from '../../src/wiring/fonts.ts';
import { askRaw, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { pdfsigVerdicts } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';

let gateway: TestGateway;
let land: TestPartner;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lienthong-anchor-'));
  gateway = await startTestGateway();
  land = await gateway.addPartner('land-registry');
  const { officer } = await createDevPki({ now: new Date() });
  const ports = { ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) };
  const id = 'officer' as KeyId;
  await addSigningKey(ports, 'operator:test', { id, purpose: 'document', scheme: schemeOf(officer.privateKey), privateKeyPkcs8Der: privateKeyDerOf(officer.privateKey), chainDer: officer.chainDer, picturePng: null });
  await grantKey(ports, 'operator:test', land.id, id);
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

const TITLE = 'KT. CHỦ TỊCH';
interface Written {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

async function paper(pages: readonly (readonly Written[])[], change: (page: ReturnType<PDFDocument['addPage']>) => void = () => undefined): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  document.registerFontkit(fontkit);
  const font = await document.embedFont((await loadFonts()).regular, { subset: true });
  for (const lines of pages) {
    const page = document.addPage([595, 842]);
    for (const { text, x, y } of lines) page.drawText(text, { x, y, size: 14, font });
    change(page);
  }
  return document.save();
}

async function sign(pdf: Uint8Array, options: object): Promise<{ readonly pdf: Buffer; readonly problem: Partial<Problem> }> {
  const body = new FormData();
  body.set('options', JSON.stringify({ keyId: 'officer', ...options }));
  body.set('document', new Blob([new Uint8Array(pdf)]), 'a.pdf');
  const response = await askRaw(gateway.url, '/v1/signatures', { token: land.token, body });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { pdf: bytes, problem: response.ok ? {} : (JSON.parse(bytes.toString()) as Problem) };
}

describe('a text of a document', () => {
  it('is found where it stands, composed or not, whatever spaces are between its words', async () => {
    const pdf = await paper([[{ text: 'Quyết định', x: 60, y: 700 }], [{ text: 'KT. CHỦ', x: 300, y: 200 }, { text: 'TỊCH', x: 372, y: 200 }]]);
    const [place, ...others] = await findText(pdf, { text: TITLE.normalize('NFD') });
    expect(others).toEqual([]);
    expect(place).toMatchObject({ page: 2 });
    expect(Math.abs((place?.rect.x ?? 0) - 300)).toBeLessThan(3);
    expect(Math.abs((place?.rect.y ?? 0) - 200)).toBeLessThan(5);
  });

  it('is told as the page is shown, turned and cropped', async () => {
    const pdf = await paper([[{ text: TITLE, x: 100, y: 300 }]], (page) => {
      page.setRotation(degrees(90));
      page.setCropBox(50, 100, 500, 700);
    });
    const [place] = await findText(pdf, { text: TITLE });
    // Turned clockwise, what is up goes right: x is the height above the crop box, y the way to its right edge.
    expect(Math.abs((place?.rect.x ?? 0) - 200)).toBeLessThan(5);
    expect(place?.rect.height).toBeGreaterThan(place?.rect.width ?? 0);
  });
});

describe('an anchor', () => {
  const visible = { appearance: 'text', anchor: { text: TITLE, width: 160, height: 60 } };

  it.skipIf(!requireTool('pdfsig'))('puts the signature right below its text', async () => {
    const signed = await sign(await paper([[{ text: TITLE, x: 300, y: 400 }]]), visible);
    expect(pdfsigVerdicts(signed.pdf)).toMatchObject([{ valid: true }]);
    const [, x = '', , , top = ''] = /\/Rect ?\[([\d.-]+) ([\d.-]+) ([\d.-]+) ([\d.-]+)\]/.exec(signed.pdf.toString('latin1')) ?? [];
    expect(Math.abs(Number(x) - 300)).toBeLessThan(3);
    expect(Math.abs(Number(top) - 400)).toBeLessThan(5);
  });

  it('that stands nowhere or more than once is refused, with the pages', async () => {
    const twice = await paper([[{ text: TITLE, x: 60, y: 700 }], [{ text: TITLE, x: 60, y: 600 }]]);
    expect((await sign(twice, visible)).problem).toMatchObject({ code: 'PDF_TEXT_AMBIGUOUS', detail: expect.stringContaining('page 1, 2') as string });
    expect((await sign(twice, { ...visible, anchor: { ...visible.anchor, page: 2 } })).problem).toEqual({});
    expect((await sign(await paper([[]]), visible)).problem).toMatchObject({ code: 'PDF_TEXT_NOT_FOUND' });
  });
});

describe('an appearance of one’s own', () => {
  const placement = { page: 1, rect: { x: 100, y: 100, width: 220, height: 90 } };
  const design = { elements: [{ type: 'box', x: 0, y: 0, width: 220, height: 90, stroke: '#0000ff' }, { type: 'text', text: 'Ký bởi {signer}', x: 8, y: 60, size: 11, color: '#cc0000' }, { type: 'text', text: '{time}', x: 8, y: 40, size: 9 }] };

  it.skipIf(!requireTool('pdftotext'))('shows its elements with the values filled in', async () => {
    const { pdf, problem } = await sign(await paper([[]]), { appearance: 'custom', custom: design, placement });
    expect(problem).toEqual({});
    const path = join(folder, 'own.pdf');
    writeFileSync(path, pdf);
    const text = execFileSync('pdftotext', [path, '-'], { encoding: 'utf8' }).normalize('NFC');
    expect(text).toMatch(/Ký bởi \S+/);
    expect(text).toMatch(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+07:00/);
    expect(readFileSync(path).length).toBeGreaterThan(0);
  });

  it('that is wrong is told with pointers', async () => {
    const wrong = { elements: [{ type: 'text', text: 'a', x: 0, y: 0, size: 0 }, { type: 'circle' }, { type: 'line', x1: 0, y1: 0, x2: 1, y2: 1, color: 'red' }] };
    const { problem } = await sign(await paper([[]]), { appearance: 'custom', custom: wrong, placement });
    expect(problem.errors?.map(({ pointer }) => pointer)).toEqual(['/options/custom/elements/0/size', '/options/custom/elements/1/type', '/options/custom/elements/2/color']);
    expect((await sign(await paper([[]]), { appearance: 'custom', placement })).problem).toMatchObject({ code: 'APPEARANCE_INVALID', errors: [{ pointer: '/options/custom' }] });
    expect((await sign(await paper([[]]), { appearance: 'custom', custom: { elements: [{ type: 'text', text: '{unknown}', x: 0, y: 0, size: 9 }] }, placement })).problem).toMatchObject({ code: 'APPEARANCE_INVALID' });
  });
});
