import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesSource } from '../../src/formats/byte-source.ts';
import type { FieldLock } from '../../src/formats/pades/permissions.ts';
import { signDocument, type SignDocumentTerms } from '../../src/usecases/sign-document.ts';
import { startLongTermWorld, type LongTermWorld } from '../support/long-term.ts';
import { classicPdf, onePagePdf, pdfsigVerdicts } from '../support/pdf.ts';
import { drawPng } from '../support/pictures.ts';
import { requireTool } from '../support/tools.ts';

/** What earlier signatures and the form permit (ISO 32000-2 §12.8.2, §12.7.5.5), asked before a key is touched. */

type Presentation = NonNullable<SignDocumentTerms['presentation']>;

let world: LongTermWorld;
beforeAll(async () => {
  world = await startLongTermWorld();
});
afterAll(() => world.close());

const RECT = { x: 40, y: 60, width: 160, height: 60 };
const sign = (base: Uint8Array, presentation: Presentation = {}): Promise<Buffer> => world.sign(base, world.pki.seal, 'B-B', { presentation });

/** The key must not even be asked. */
async function expectForbidden(base: Uint8Array, presentation: Presentation = {}): Promise<void> {
  const ports = world.signingPorts(world.pki.officer);
  const signer = { ...ports.signer, sign: () => Promise.reject(new Error('the key was used')) };
  await expect(signDocument({ ...ports, signer }, { source: bytesSource(base), level: 'B-B', presentation })).rejects.toMatchObject({ code: 'PDF_CHANGE_FORBIDDEN' });
}

async function changesAfter(pdf: Uint8Array): Promise<string[]> {
  return (await world.verify(pdf)).signatures.map(({ coverage, integrity }) => `${integrity} ${coverage.changesAfter}`);
}

/** Two empty signature fields, one with a lock dictionary, and a text field. */
const formPdf = (lock: string): Buffer =>
  classicPdf({
    1: '<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R 5 0 R 6 0 R]>>>>',
    2: '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Annots[4 0 R 5 0 R 6 0 R]>>',
    4: `<</Type/Annot/Subtype/Widget/FT/Sig/T(CanBo)/F 132/P 3 0 R/Rect[40 60 200 120]/Lock<</Type/SigFieldLock${lock}>>>>`,
    5: '<</Type/Annot/Subtype/Widget/FT/Sig/T(Dau)/F 132/P 3 0 R/Rect[240 60 400 120]>>',
    6: '<</Type/Annot/Subtype/Widget/FT/Tx/T(GhiChu)/F 4/P 3 0 R/Rect[40 160 200 180]/V()>>',
  });

describe('certification (DocMDP, §12.8.2.2)', () => {
  it('level 1 permits no further signature', async () => {
    const certified = await sign(onePagePdf(), { certify: 1 });
    expect(await world.verify(certified)).toMatchObject({ signatures: [{ certification: 1 }] });
    await expectForbidden(certified);
    await expectForbidden(certified, { rect: RECT });
  });

  it.each([2, 3] as const)('level %i permits an invisible signature and the fields placed before, and no new visible one', async (certify) => {
    const certified = await sign(onePagePdf(), { certify, emptyFields: [{ name: 'Dau', page: 1, rect: RECT }] });
    await expectForbidden(certified, { rect: { ...RECT, x: 300 } });
    const filled = await sign(certified, { fieldName: 'Dau', appearance: { kind: 'seal', png: drawPng(4, 4, () => [255, 0, 0, 255]) } });
    const twice = await sign(filled);
    expect(await changesAfter(twice)).toEqual(['intact permitted', 'intact permitted', 'intact none']);
    expect((await world.verify(twice)).signatures[0]?.certification).toBe(certify);
    if (requireTool('pdfsig')) expect(pdfsigVerdicts(twice).map(({ valid }) => valid)).toEqual([true, true, true]);
  });

  it('is for the first signature only', async () => {
    await expectForbidden(await sign(onePagePdf()), { certify: 2 });
    await expectForbidden(await sign(onePagePdf(), { certify: 3 }), { certify: 3 });
  });
});

describe('locks (FieldMDP, §12.8.2.4; SigFieldLock, §12.7.5.5)', () => {
  const locks: readonly (readonly [string, FieldLock, boolean])[] = [
    ['all fields', { action: 'All', fields: [] }, false],
    ['this field', { action: 'Include', fields: ['Dau'] }, false],
    ['another field', { action: 'Include', fields: ['GhiChu'] }, true],
    ['all but this field', { action: 'Exclude', fields: ['Dau'] }, true],
    ['all but another field', { action: 'Exclude', fields: ['GhiChu'] }, false],
  ];

  it.each(locks)('of an earlier signature on %s are kept', async (_, lock, permits) => {
    const locked = await sign(formPdf('/Action/Include/Fields[(Khac)]'), { fieldName: 'CanBo', lock });
    if (!permits) return expectForbidden(locked, { fieldName: 'Dau' });
    return expect(await changesAfter(await sign(locked, { fieldName: 'Dau' }))).toEqual(['intact permitted', 'intact none']);
  });

  it.each([
    ['/Action/All', false],
    ['/Action/Include/Fields[(Dau)]', false],
    ['/Action/Include/Fields[(GhiChu)]', true],
    ['/Action/Exclude/Fields[(Dau)]', true],
  ] as const)('that a field brings for its signature are laid down by it: %s', async (lock, permits) => {
    const locked = await sign(formPdf(lock), { fieldName: 'CanBo' });
    expect(locked.toString('latin1')).toContain('/TransformMethod/FieldMDP');
    if (!permits) return expectForbidden(locked, { fieldName: 'Dau' });
    return expect(await changesAfter(await sign(locked, { fieldName: 'Dau' }))).toEqual(['intact permitted', 'intact none']);
  });

  it('with a level (PDF 2.0) forbid what the level forbids', async () => {
    const locked = await sign(formPdf('/Action/Include/Fields[(GhiChu)]/P 1'), { fieldName: 'CanBo' });
    await expectForbidden(locked, { fieldName: 'Dau' });
  });

  it('that cannot be read forbid', async () => {
    await expect(sign(formPdf('/Action/Some'), { fieldName: 'CanBo' })).rejects.toMatchObject({ code: 'PDF_BROKEN' });
  });

  it('leave room for validation data and time-stamps: a locked document is raised to B-LTA', async () => {
    const locked = await sign(formPdf('/Action/All'), { fieldName: 'CanBo' });
    const raised = await world.extend(locked, 'B-LTA');
    expect(await world.verify(raised)).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ level: 'B-LTA', coverage: { changesAfter: 'permitted' } }] });
  });
});

describe('serial signing by profile', () => {
  it('officer, then the agency’s seal over a third of it, both at B-LTA, in a document that the officer certified: no warning', async () => {
    const officer = { x: 300, y: 200, width: 120, height: 60 };
    const seal = { x: 230, y: 180, width: 102, height: 102 };
    const blue = drawPng(4, 2, () => [0, 0, 255, 255]);
    const first = await world.sign(onePagePdf(), world.pki.officer, 'B-LTA', { presentation: { certify: 2, rect: officer, appearance: { kind: 'officer', png: blue }, emptyFields: [{ name: 'Dau', page: 1, rect: seal }] } });
    const second = await world.sign(first, world.pki.seal, 'B-LTA', { presentation: { fieldName: 'Dau', appearance: { kind: 'seal', png: drawPng(4, 4, () => [255, 0, 0, 255]) } } });
    const report = await world.verify(second);
    expect(report).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ level: 'B-LTA', certification: 2, warnings: [] }, { level: 'B-LTA', warnings: [] }] });
  });
});
