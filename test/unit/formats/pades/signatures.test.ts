import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import { readPdfSignatures, type PdfSignature } from '../../../../src/formats/pades/signatures.ts';
import type { PdfDict } from '../../../../src/formats/pdf/objects.ts';
import { dict, isDict, isRef, name, ref, stream, withEntries } from '../../../../src/formats/pdf/objects.ts';
import type { IncrementalUpdate } from '../../../../src/formats/pdf/increment.ts';
import { findPage } from '../../../../src/formats/pdf/pages.ts';
import { textString } from '../../../../src/formats/pdf/text.ts';
import { testIdentity } from '../../../support/certificates.ts';
import { appendUpdate, classicPdf, onePagePdf, patch, samplePdf, signPdf, SIGNING_TIME } from '../../../support/pdf.ts';
import { integrityOf, isSoundPlacement } from '../../../conformance/pdf-verdict.ts';

const identity = testIdentity({ key: 'p256' });
const read = (bytes: Uint8Array) => readPdfSignatures(bytesSource(bytes));
const first = (bytes: Uint8Array): PdfSignature => {
  const [signature] = read(bytes).signatures;
  if (signature === undefined) throw new Error('no signature found');
  return signature;
};
const accepted = (bytes: Uint8Array, signature: PdfSignature): boolean => isSoundPlacement(signature) && integrityOf(bytesSource(bytes), signature) === 'intact';
const catalogOf = (update: IncrementalUpdate): { readonly root: ReturnType<typeof ref>; readonly catalog: PdfDict } => {
  const root = update.document.latest.trailer.entries.get('Root');
  const catalog = update.document.latest.catalog;
  return { root: isRef(root) ? root : ref(0), catalog };
};

/** A page with text, a text field and an empty signature field. */
const FORM = classicPdf({
  1: '<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 6 0 R]>>>>',
  2: '<</Type/Pages/Kids[3 0 R]/Count 1>>',
  3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Annots[5 0 R 6 0 R]>>',
  4: '<</Length 4>>\nstream\nq Q \nendstream',
  5: '<</FT/Tx/T(So)/Type/Annot/Subtype/Widget/Rect[10 10 100 30]/P 3 0 R/V(1)>>',
  6: '<</FT/Sig/T(Ky)/Type/Annot/Subtype/Widget/Rect[10 40 100 80]/P 3 0 R>>',
});

describe('reading signatures (ISO 32000-2 §12.8)', () => {
  it('tells what the dictionary says and what it covers', async () => {
    const once = await signPdf(await samplePdf(), identity, { reason: 'Phê duyệt', name: 'Thử', location: 'Huế', contactInfo: 'mẫu' });
    const twice = await signPdf(once, identity);
    const { signatures, revisionEnds, disagreements } = read(twice);
    expect(disagreements).toEqual([]);
    expect(revisionEnds.slice(1)).toEqual([once.length, twice.length]);
    expect(signatures[0]).toMatchObject({ id: 'Signature1', kind: 'signature', subFilter: 'ETSI.CAdES.detached', reason: 'Phê duyệt', name: 'Thử', location: 'Huế', contactInfo: 'mẫu', claimedTime: SIGNING_TIME, formatFaults: [] });
    expect(signatures.map(({ coverage }) => coverage)).toEqual([
      { extent: 'revision', revision: 2, of: 3, faults: [] },
      { extent: 'file', revision: 3, of: 3, faults: [] },
    ]);
    expect(signatures.every((signature) => accepted(twice, signature))).toBe(true);
  });

  it('tells certification, permissions and locks (§12.8.2)', async () => {
    const certified = first(await signPdf(onePagePdf(), identity, { certify: 2, lock: { action: 'Exclude', fields: ['So'] } }));
    expect(certified).toMatchObject({ docMdp: 2, certifies: true, locks: [{ action: 'Exclude', fields: ['So'] }] });
    expect(first(await signPdf(onePagePdf(), identity))).toMatchObject({ docMdp: null, certifies: false, locks: [] });
  });

  it('tells a document time-stamp from a signature (§12.8.5)', async () => {
    expect(first(await signPdf(onePagePdf(), identity, { subFilter: 'ETSI.RFC3161' }))).toMatchObject({ kind: 'document-timestamp', subFilter: 'ETSI.RFC3161', formatFaults: [] });
  });

  it('reads a signature whose place is far larger than other objects', async () => {
    const signed = await signPdf(onePagePdf(), identity, { contentsBytes: 400_000 });
    expect(accepted(signed, first(signed))).toBe(true);
  });

  it('finds none in an unsigned document', async () => {
    expect(read(await samplePdf()).signatures).toEqual([]);
  });
});

describe('PDF-USF: damaged signature dictionaries are never accepted', () => {
  const contentsOf = (bytes: Uint8Array): string => /\/Contents <[0-9a-f]*>/.exec(Buffer.from(bytes).toString('latin1'))?.[0] ?? '';
  const rangeOf = (bytes: Uint8Array): string => /\/ByteRange \[[^\]]*\] */.exec(Buffer.from(bytes).toString('latin1'))?.[0] ?? '';
  const CONTENTS = ['/Contents null', '/Contents <>', '/Contents <00>', '/Contents (30)', '/Contents /Name', '/Contents 99 0 R', '/Contents', '/NoContents 1', '/Contents <30820100>'];
  const RANGES = ['/ByteRange null', '/ByteRange []', '/ByteRange [0 0 0 0]', '/ByteRange [0 -1 5 5]', '/ByteRange [0 10 20]', '/ByteRange [0 10]', '/ByteRange [0 10 20 99999999]', '/ByteRange [5 10 20 30]', '/ByteRange [0 10.5 20 3]', '/ByteRange [9 9 0 9]', '/ByteRange [0 10 5 9]', '/ByteRange 7', '/NoByteRange 1', '/ByteRange [0 9007199254740993 1 1]'];

  it.each([...CONTENTS, ...RANGES])('%s', async (text) => {
    const signed = await signPdf(onePagePdf(), identity);
    const damaged = patch(signed, text.includes('Range') ? rangeOf(signed) : contentsOf(signed), text);
    let signatures: readonly PdfSignature[] = [];
    try {
      signatures = read(damaged).signatures;
    } catch (error) {
      expect(error).toMatchObject({ code: 'PDF_BROKEN' });
    }
    expect(signatures.filter((signature) => accepted(damaged, signature))).toEqual([]);
  });

  it('all zeros in /Contents', async () => {
    const signed = await signPdf(onePagePdf(), identity);
    const text = contentsOf(signed);
    const damaged = patch(signed, text, `/Contents <${'0'.repeat(text.length - 12)}>`);
    expect(accepted(damaged, first(damaged))).toBe(false);
  });
});

describe('PDF-SWA: the gap is exactly the string of /Contents and its padding zeros', () => {
  it('refuses a value behind the CMS', async () => {
    const signed = await signPdf(onePagePdf(), identity);
    const text = Buffer.from(signed).toString('latin1');
    const at = text.lastIndexOf('00>') - 8;
    const damaged = Buffer.from(signed);
    damaged.write('41', at, 'latin1');
    const signature = first(damaged);
    expect(signature.formatFaults).toEqual(['/Contents holds more than one value and padding zeros']);
    expect(accepted(damaged, signature)).toBe(false);
  });

  it('refuses a second /ByteRange that skips what was put before the relocated tail, though the digest is right', async () => {
    const signed = await signPdf(FORM, identity, { fieldName: 'Ky', reason: 'room for the attack' });
    const range = /\/ByteRange \[0 (\d+) (\d+) (\d+)\]/.exec(signed.toString('latin1'));
    const [a, b, c] = [Number(range?.[1]), Number(range?.[2]), Number(range?.[3])];
    const tail = signed.subarray(b);
    const forged = Buffer.from(tail);
    forged.write(`/ByteRange[0 ${a} ${b + c} ${c}]`.padEnd(tail.indexOf('>>')), 0, 'latin1');
    const wrapped = Buffer.concat([signed.subarray(0, b), forged, tail]);
    const signature = first(wrapped);
    expect(integrityOf(bytesSource(wrapped), signature)).toBe('intact');
    expect(signature.coverage.extent).toBe('unclear');
    expect(signature.coverage.faults).toContain('the signature dictionary has an entry twice');
  });
});

describe('PDF-ISA: what is appended after the signature', () => {
  const page = (update: IncrementalUpdate) => findPage(update.document.latest, 1);
  const attacks: readonly (readonly [string, RegExp, (update: IncrementalUpdate) => void])[] = [
    ['the page content is replaced', /Contents/, (update) => { const { ref: at, dict: old } = page(update); update.put(at, withEntries(old, { Contents: update.add(stream(dict({}), Buffer.from('q Q'))) })); }],
    ['the content stream itself is replaced', /object 4, used as \/Contents of object 3/, (update) => update.put(ref(4), stream(dict({}), Buffer.from('q Q')))],
    ['a page is added', /object 2|used as/, (update) => { const pages = update.document.latest.resolve(ref(2)); if (isDict(pages)) update.put(ref(2), withEntries(pages, { Kids: [ref(3), update.add(dict({ Type: name('Page'), Parent: ref(2) }))], Count: 2 })); }],
    ['the page is turned', /Rotate/, (update) => { const { ref: at, dict: old } = page(update); update.put(at, withEntries(old, { Rotate: 90 })); }],
    ['an action runs on opening', /OpenAction/, (update) => { const { root, catalog } = catalogOf(update); update.put(root, withEntries(catalog, { OpenAction: dict({ S: name('JavaScript'), JS: textString('app.alert(1)') }) })); }],
    ['an annotation is laid over the page', /annotation \(FreeText\)/, (update) => { const { ref: at, dict: old } = page(update); const note = update.add(dict({ Type: name('Annot'), Subtype: name('FreeText'), Rect: [0, 0, 500, 500] })); update.put(at, withEntries(old, { Annots: [ref(5), ref(6), note] })); }],
    ['the widget of the signature is taken away', /form field was taken off/, (update) => { const { ref: at, dict: old } = page(update); update.put(at, withEntries(old, { Annots: [ref(5)] })); }],
    ['a text field is added', /form field “Moi” was added/, (update) => { const { root, catalog } = catalogOf(update); const added = update.add(dict({ FT: name('Tx'), T: textString('Moi') })); update.put(root, withEntries(catalog, { AcroForm: dict({ Fields: [ref(5), ref(6), added], SigFlags: 3 }) })); }],
    ['a field is removed', /“So” was removed/, (update) => { const { root, catalog } = catalogOf(update); update.put(root, withEntries(catalog, { AcroForm: dict({ Fields: [ref(6)], SigFlags: 3 }) })); }],
    ['a field becomes another', /So/, (update) => { const old = update.document.latest.resolve(ref(5)); if (isDict(old)) update.put(ref(5), withEntries(old, { FT: name('Btn') })); }],
  ];

  it.each(attacks)('%s: intact, and modified afterwards', async (_, words, attack) => {
    const signed = await signPdf(FORM, identity, { fieldName: 'Ky' });
    const attacked = appendUpdate(signed, attack);
    const signature = first(attacked);
    expect(integrityOf(bytesSource(attacked), signature)).toBe('intact');
    expect(signature.coverage).toMatchObject({ extent: 'revision', revision: 2, of: 3 });
    expect(signature.changes.after).toBe('forbidden');
    expect(signature.changes.after !== 'unknown' && signature.changes.changes.join('\n')).toMatch(words);
  });

  it('is unclear without a cross-reference section of its own, and for anything after the last %%EOF', async () => {
    const signed = await signPdf(FORM, identity, { fieldName: 'Ky' });
    for (const tail of ['4 0 obj\n<</Length 1>>\nstream\nx\nendstream\nendobj\n', '4 0 obj\n<<>>\nendobj\n%%EOF\n', '% note\n', 'x']) {
      const attacked = Buffer.concat([signed, Buffer.from(tail)]);
      expect(first(attacked).coverage.extent).toBe('unclear');
    }
  });

  it('is unclear when an update hides between revisions that do not know of it', async () => {
    const signed = await signPdf(FORM, identity, { fieldName: 'Ky' });
    const hidden = appendUpdate(signed, (update) => update.put(ref(4), stream(dict({}), Buffer.from('q Q'))));
    const back = /startxref\n(\d+)\n%%EOF\n$/.exec(signed.toString('latin1'))?.[1] ?? '';
    const attacked = Buffer.concat([hidden, Buffer.from(`startxref\n${back}\n%%EOF\n`)]);
    const signature = first(attacked);
    expect(signature.coverage.extent).toBe('unclear');
    expect(accepted(attacked, signature)).toBe(false);
  });

  it('is deletion when an object is written again under another generation', async () => {
    const signed = await signPdf(FORM, identity, { fieldName: 'Ky' });
    const attacked = appendUpdate(signed, (update) => update.put(ref(4, 1), update.document.latest.resolve(ref(4))));
    expect(first(attacked).changes).toMatchObject({ after: 'forbidden', changes: [expect.stringMatching(/object 4 was deleted/)] });
  });

  it('tells an object that an earlier revision referred to and only a later one defines', async () => {
    const base = classicPdf({ 1: '<</Type/Catalog/Pages 2 0 R>>', 2: '<</Type/Pages/Kids[3 0 R]/Count 1>>', 3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 99 0 R>>' });
    const signed = await signPdf(base, identity);
    const attacked = appendUpdate(signed, (update) => update.put(ref(99), stream(dict({}), Buffer.from('q Q'))));
    expect(first(attacked).changes).toMatchObject({ after: 'forbidden', changes: [expect.stringMatching(/object 99, which was referred to and did not exist, was added/)] });
  });
});

describe('PDF-GOOD: what may follow a signature is not flagged', () => {
  it('a field of the signed revision is filled (§12.8.2.2)', async () => {
    const signed = await signPdf(FORM, identity, { fieldName: 'Ky' });
    const filled = appendUpdate(signed, (update) => { const old = update.document.latest.resolve(ref(5)); if (isDict(old)) update.put(ref(5), withEntries(old, { V: textString('2') })); });
    expect(first(filled)).toMatchObject({ changes: { after: 'permitted', changes: ['the value of the field “So” was changed'], warnings: [] }, warnings: [] });
  });

  it('validation data is added (§12.8.4.3)', async () => {
    const signed = await signPdf(FORM, identity, { fieldName: 'Ky' });
    const extended = appendUpdate(signed, (update) => {
      const { root, catalog } = catalogOf(update);
      const certificate = update.add(stream(dict({}), identity.certificateDer));
      update.put(root, withEntries(catalog, { DSS: update.add(dict({ Type: name('DSS'), Certs: [certificate], VRI: dict({ ['AB'.repeat(20)]: dict({ Cert: [certificate] }) }) })) }));
    });
    expect(first(extended).changes).toMatchObject({ after: 'permitted', level: 'validation-data' });
  });

  it('validation data is lost only to those who signed over it (EN 319 142-1 §5.4.2)', async () => {
    const withData = appendUpdate(await signPdf(FORM, identity, { fieldName: 'Ky' }), (update) => {
      const { root, catalog } = catalogOf(update);
      update.put(root, withEntries(catalog, { DSS: update.add(dict({ Type: name('DSS'), Certs: [update.add(stream(dict({}), identity.certificateDer))] })) }));
    });
    const twice = await signPdf(withData, identity);
    const undone = appendUpdate(twice, (update) => { const { root, catalog } = catalogOf(update); update.put(root, withEntries(catalog, { DSS: undefined })); });
    const [before, over] = read(undone).signatures;
    expect(before?.changes).toMatchObject({ after: 'permitted', changes: expect.arrayContaining(['/DSS of the document catalog was removed']) as unknown });
    expect(over?.changes).toMatchObject({ after: 'forbidden', changes: ['/DSS of the document catalog was removed (not allowed: no later revision may do this)'] });
  });

  it('cannot be told of a document whose structure tree goes in a circle (§14.7.2)', async () => {
    const tagged = classicPdf({ 1: '<</Type/Catalog/Pages 2 0 R/StructTreeRoot 4 0 R>>', 2: '<</Type/Pages/Kids[3 0 R]/Count 1>>', 3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>', 4: '<</Type/StructTreeRoot/K 5 0 R>>', 5: '<</Type/StructElem/S/P/P 4 0 R/K[5 0 R]>>' });
    const signed = await signPdf(tagged, identity);
    const changed = appendUpdate(signed, (update) => update.put(ref(5), dict({ S: name('P'), P: ref(4), K: [ref(5)], T: textString('Khác') })));
    expect(first(changed).changes).toMatchObject({ after: 'unknown', reason: expect.stringMatching(/structure tree/) as unknown });
    expect(first(await signPdf(signed, identity)).changes).toMatchObject({ after: 'permitted' }); // no element was touched
  });

  it('further signatures, visible ones with a warning, those in fields placed before without', async () => {
    const rect = { x: 10, y: 300, width: 100, height: 50 };
    const signed = await signPdf(FORM, identity, { fieldName: 'Ky', emptyFields: [{ name: 'Dau', page: 1, rect }] });
    const sealed = await signPdf(signed, identity, { fieldName: 'Dau' });
    expect(first(sealed)).toMatchObject({ changes: { after: 'permitted' }, warnings: [] });
    const visible = await signPdf(sealed, identity, { rect });
    expect(first(visible).changes.after).toBe('permitted');
    expect(first(visible).warnings).toEqual([expect.stringMatching(/visible signature field/)]);
  });

  it('a document time-stamp, even after DocMDP 1', async () => {
    const certified = await signPdf(FORM, identity, { fieldName: 'Ky', certify: 1 });
    const stamped = await signPdf(certified, identity, { subFilter: 'ETSI.RFC3161' });
    expect(first(stamped).changes).toMatchObject({ after: 'permitted', level: 'validation-data' });
  });

  it('fifty signatures one after the other', async () => {
    let bytes: Buffer = onePagePdf();
    for (let i = 0; i < 50; i++) bytes = await signPdf(bytes, identity);
    const { signatures } = read(bytes);
    expect(signatures).toHaveLength(50);
    expect(signatures.every((signature) => accepted(bytes, signature))).toBe(true);
  });
});

describe('PDF-GOOD: tagged documents (§14.7)', () => {
  const TAGGED = classicPdf({
    1: '<</Type/Catalog/Pages 2 0 R/StructTreeRoot 4 0 R/MarkInfo<</Marked true>>>>',
    2: '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/StructParents 0>>',
    4: '<</Type/StructTreeRoot/K 5 0 R/ParentTree 6 0 R/ParentTreeNextKey 1>>',
    5: '<</Type/StructElem/S/Document/P 4 0 R/K[7 0 R]>>',
    6: '<</Nums[0[7 0 R]]>>',
    7: '<</Type/StructElem/S/P/P 5 0 R/Pg 3 0 R/K 0/ActualText(as signed)>>',
  });
  /** A further visible signature as a maker of tagged documents adds it. */
  const signTagged = (bytes: Uint8Array, more: (update: IncrementalUpdate) => void = () => undefined): Buffer =>
    appendUpdate(bytes, (update) => {
      const value = update.add(dict({ Type: name('Sig') }));
      const field = update.add(dict({ Type: name('Annot'), Subtype: name('Widget'), FT: name('Sig'), T: textString('Hai'), Rect: [0, 0, 50, 50], V: value, StructParent: 1 }));
      const element = update.add(dict({ Type: name('StructElem'), S: name('Form'), P: ref(5), K: dict({ Type: name('OBJR'), Obj: field }) }));
      const change = (num: number, entries: Parameters<typeof withEntries>[1]): void => { const old = update.current(ref(num)); if (isDict(old)) update.put(ref(num), withEntries(old, entries)); };
      const { root, catalog } = catalogOf(update);
      const form = update.document.latest.dict(catalog.entries.get('AcroForm'));
      const fields = form?.entries.get('Fields');
      update.put(root, withEntries(catalog, { AcroForm: dict({ Fields: [...(Array.isArray(fields) ? (fields as readonly ReturnType<typeof ref>[]) : []), field], SigFlags: 3 }) }));
      const annots = findPage(update.document.latest, 1).dict.entries.get('Annots');
      change(3, { Annots: [...(Array.isArray(annots) ? (annots as readonly ReturnType<typeof ref>[]) : []), field] });
      change(4, { ParentTreeNextKey: 2 });
      change(5, { K: [ref(7), element] });
      change(6, { Nums: [0, [ref(7)], 1, element] });
      more(update);
    });

  it('the structure tree grows by the element of a new signature field', async () => {
    const signed = await signPdf(TAGGED, identity);
    expect(first(signTagged(signed)).changes).toMatchObject({ after: 'permitted', level: 'form' });
  });

  it('what was in the tree may not change under that cover', async () => {
    const signed = await signPdf(TAGGED, identity);
    const attacked = signTagged(signed, (update) => { const old = update.current(ref(7)); if (isDict(old)) update.put(ref(7), withEntries(old, { ActualText: textString('as forged') })); });
    expect(first(attacked).changes.after).toBe('forbidden');
    const shortened = signTagged(signed, (update) => { const old = update.current(ref(5)); if (isDict(old)) update.put(ref(5), withEntries(old, { K: [] })); });
    expect(first(shortened).changes.after).toBe('forbidden');
  });
});

describe('PDF-CERT: certification and locks (§12.8.2)', () => {
  const fill = (update: IncrementalUpdate): void => { const old = update.document.latest.resolve(ref(5)); if (isDict(old)) update.put(ref(5), withEntries(old, { V: textString('2') })); };
  const annotate = (update: IncrementalUpdate): void => { const { ref: at, dict: old } = findPage(update.document.latest, 1); const note = update.add(dict({ Type: name('Annot'), Subtype: name('Stamp'), Rect: [0, 0, 5, 5] })); update.put(at, withEntries(old, { Annots: [ref(5), ref(6), note] })); };

  it.each([
    [1, 'forbidden', 'forbidden'],
    [2, 'permitted', 'forbidden'],
    [3, 'permitted', 'permitted'],
  ] as const)('level %i: filling is %s, annotating is %s', async (certify, filling, annotating) => {
    const signed = await signPdf(FORM, identity, { fieldName: 'Ky', certify });
    expect(first(appendUpdate(signed, fill)).changes.after).toBe(filling);
    expect(first(appendUpdate(signed, annotate)).changes.after).toBe(annotating);
  });

  it('a new visible signature over certified content is forbidden at every level', async () => {
    for (const certify of [2, 3] as const) {
      const signed = await signPdf(FORM, identity, { fieldName: 'Ky', certify });
      const covered = appendUpdate(signed, (update) => {
        const { root, catalog } = catalogOf(update);
        const value = update.add(dict({ Type: name('Sig') }));
        const field = update.add(dict({ FT: name('Sig'), T: textString('X'), Subtype: name('Widget'), Rect: [0, 0, 500, 500], V: value }));
        update.put(root, withEntries(catalog, { AcroForm: dict({ Fields: [ref(5), ref(6), field], SigFlags: 3 }) }));
      });
      expect(first(covered).changes.after).toBe('forbidden');
    }
  });

  it('a locked field may not be filled, another may (§12.8.2.4)', async () => {
    const locked = await signPdf(FORM, identity, { fieldName: 'Ky', lock: { action: 'Include', fields: ['So'] } });
    expect(first(appendUpdate(locked, fill)).changes).toMatchObject({ after: 'forbidden', changes: [expect.stringMatching(/locks the field/)] });
    const other = await signPdf(FORM, identity, { fieldName: 'Ky', lock: { action: 'Include', fields: ['Khac'] } });
    expect(first(appendUpdate(other, fill)).changes.after).toBe('permitted');
  });
});

describe('PDF-SIGDICT: games with the signature dictionary', () => {
  const valueOf = (update: IncrementalUpdate): { readonly at: ReturnType<typeof ref>; readonly value: PdfDict } => {
    const field = update.document.latest.dict(ref(6));
    const at = field?.entries.get('V');
    const value = update.document.latest.dict(at);
    if (!isRef(at) || value === undefined) throw new Error('the field is not signed');
    return { at, value };
  };

  it('a reason replaced later is not the signed one', async () => {
    const signed = await signPdf(FORM, identity, { fieldName: 'Ky', reason: 'A' });
    const spoofed = appendUpdate(signed, (update) => { const { at, value } = valueOf(update); update.put(at, withEntries(value, { Reason: textString('B') })); });
    expect(read(spoofed).signatures.filter((signature) => accepted(spoofed, signature))).toEqual([]);
  });

  it('a signature shown by a second field is refused', async () => {
    const signed = await signPdf(FORM, identity, { fieldName: 'Ky' });
    const doubled = appendUpdate(signed, (update) => {
      const { root, catalog } = catalogOf(update);
      const field = update.add(dict({ FT: name('Sig'), T: textString('X'), Subtype: name('Widget'), Rect: [0, 0, 500, 500], V: valueOf(update).at }));
      update.put(root, withEntries(catalog, { AcroForm: dict({ Fields: [ref(5), ref(6), field], SigFlags: 3 }) }));
    });
    expect(read(doubled).signatures.filter((signature) => accepted(doubled, signature))).toEqual([]);
  });

  it('a signature whose field lost it is still listed', async () => {
    const signed = await signPdf(FORM, identity, { fieldName: 'Ky' });
    const stripped = appendUpdate(signed, (update) => { const field = update.document.latest.dict(ref(6)); if (field !== undefined) update.put(ref(6), withEntries(field, { V: undefined })); });
    expect(first(stripped)).toMatchObject({ fieldName: null, coverage: { extent: 'unclear' } });
  });

  it.each(['/SubFilter/ETSI.RFC3161', '/SubFilter/adbe.x509.rsa_sha1', '/SubFilter/Unknown'])('a dictionary with %s is none', async (subFilter) => {
    const signed = patch(await signPdf(FORM, identity, { fieldName: 'Ky' }), '/SubFilter/ETSI.CAdES.detached', subFilter);
    expect(first(signed).formatFaults.length).toBeGreaterThan(0);
  });
});
