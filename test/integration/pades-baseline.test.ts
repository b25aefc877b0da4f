import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SIGNATURE_LEVELS, type SignatureLevel } from '../../src/domain/signature.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { valuesOf } from '../../src/formats/cms/attributes.ts';
import { ATTRIBUTE, CONTENT_TYPE } from '../../src/formats/cms/oids.ts';
import { readSignedData, type SignedData, type SignerInfo } from '../../src/formats/cms/signed-data.ts';
import { openPdf, type PdfRevision } from '../../src/formats/pdf/document.ts';
import { fieldsOf, signatureValue } from '../../src/formats/pdf/fields.ts';
import { isArray, isDict, isName, isString, type PdfDict } from '../../src/formats/pdf/objects.ts';
import { readDate, readTextString } from '../../src/formats/pdf/text.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';
import { readTimestampToken } from '../../src/formats/tsp/token.ts';
import { signDocument } from '../../src/usecases/sign-document.ts';
import { cutSignatures, startLongTermWorld, storeOf, type LongTermWorld } from '../support/long-term.ts';
import { opensslFolder } from '../support/openssl.ts';
import { classicPdf, onePagePdf, samplePdf } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';

/** ETSI EN 319 142-1 V1.2.1 §6.3, row by row, at every level; the signature dictionary's entries too (§5.3, §6.2). */

interface Made {
  readonly level: SignatureLevel;
  readonly pdf: Buffer;
  readonly view: PdfRevision;
  readonly signature: PdfDict;
  /** Document time-stamps, oldest first. */
  readonly stamps: readonly PdfDict[];
  readonly cms: Buffer;
  readonly signedData: SignedData;
  readonly signerInfo: SignerInfo;
}

let world: LongTermWorld;
const made = new Map<SignatureLevel, Made>();

beforeAll(async () => {
  world = await startLongTermWorld();
  for (const level of SIGNATURE_LEVELS) {
    const presentation = { reason: 'Ban hành', location: 'Thành phố Huế', name: 'Nguyễn Thị Hoài Mẫu' };
    made.set(level, read(level, await world.sign(await samplePdf(), world.pki.officer, level, { presentation })));
  }
});
afterAll(() => world.close());

function read(level: SignatureLevel, pdf: Buffer): Made {
  const view = openPdf(bytesSource(pdf)).latest;
  const values = [...fieldsOf(view)].flatMap((field) => signatureValue(view, field) ?? []);
  const [signature] = values.filter((value) => isName(value.entries.get('Type'), 'Sig'));
  const [cut] = cutSignatures(pdf);
  if (signature === undefined || cut === undefined) throw new Error('no signature');
  const signedData = readSignedData(cut.cms);
  const [signerInfo] = signedData.signerInfos;
  if (signerInfo === undefined) throw new Error('no signer');
  return { level, pdf, view, signature, stamps: values.filter((value) => isName(value.entries.get('Type'), 'DocTimeStamp')), cms: cut.cms.subarray(0, signedData.sizeBytes), signedData, signerInfo };
}

const signed = ({ signerInfo }: Made, oid: string): number => valuesOf(signerInfo.signedAttributes ?? [], oid).length;
const unsigned = ({ signerInfo }: Made, oid: string): number => valuesOf(signerInfo.unsignedAttributes, oid).length;
const atLeast = (level: SignatureLevel, other: SignatureLevel): boolean => SIGNATURE_LEVELS.indexOf(level) >= SIGNATURE_LEVELS.indexOf(other);

describe.each(SIGNATURE_LEVELS)('PAdES %s', (level) => {
  /** The rows of the table: what the document made at this level must show. */
  const rows: (readonly [string, (made: Made) => void])[] = [];
  const row = (name: string, check: (made: Made) => void): void => void rows.push([name, check]);

  row('content-type: once, id-data', (one) => {
    expect(signed(one, ATTRIBUTE.contentType)).toBe(1);
    expect(one.signedData.contentType).toBe(CONTENT_TYPE.data);
  });
  row('message-digest: once, over the ByteRange', (one) => {
    expect(signed(one, ATTRIBUTE.messageDigest)).toBe(1);
    const [cut] = cutSignatures(one.pdf);
    const digest = createHash('sha256').update(cut?.content ?? '').digest();
    expect(Buffer.from(one.signerInfo.signedAttributesDer ?? []).includes(digest)).toBe(true);
  });
  row('content inside the CMS: none (§6.2)', ({ signedData }) => expect(signedData.encapsulatedContent).toBeNull());
  row('SignerInfo: one', ({ signedData }) => expect(signedData.signerInfos).toHaveLength(1));
  row('SignedData.certificates: the signer’s and those above it', ({ signedData }) => {
    const held = signedData.certificates.map(({ sha256Hex }) => sha256Hex);
    expect(held.toSorted()).toEqual(world.pki.officer.chainDer.map((der) => readCertificate(der).sha256Hex).toSorted()); // a SET, so in DER's order
  });
  row('signing certificate protected: signing-certificate-v2 once, signing-certificate not', (one) => {
    expect([signed(one, ATTRIBUTE.signingCertificateV2), signed(one, ATTRIBUTE.signingCertificate)]).toEqual([1, 0]);
  });
  row('signing-time: absent', (one) => expect(signed(one, ATTRIBUTE.signingTime)).toBe(0));
  row('/M: the claimed time', ({ signature }) => expect(readDate(signature.entries.get('M'))).toEqual(new Date(Math.floor(world.clock.now().getTime() / 1000) * 1000)));
  row('/Location, /Reason, /Name: as given', ({ signature }) => {
    expect(['Location', 'Reason', 'Name'].map((key) => readTextString(signature.entries.get(key)))).toEqual(['Thành phố Huế', 'Ban hành', 'Nguyễn Thị Hoài Mẫu']);
  });
  row('commitment-type-indication: absent beside /Reason', (one) => expect(signed(one, ATTRIBUTE.commitmentType)).toBe(0));
  row('signature-policy-identifier, signer-attributes, content-time-stamp, mime-type: not used', (one) => {
    expect([ATTRIBUTE.signaturePolicy, ATTRIBUTE.signerAttributes, ATTRIBUTE.signerAttributesV2, ATTRIBUTE.contentTimestamp, ATTRIBUTE.mimeType].map((oid) => signed(one, oid))).toEqual([0, 0, 0, 0, 0]);
  });
  row('counter-signature: absent', (one) => expect(unsigned(one, ATTRIBUTE.counterSignature)).toBe(0));
  row('revocation information in the CMS: none, it goes into the store', (one) => {
    expect(signed(one, ATTRIBUTE.revocationInfoArchival)).toBe(0);
    expect([...one.signedData.crlsDer, ...one.signedData.ocspResponsesDer]).toEqual([]);
  });
  row(`trusted time: ${atLeast(level, 'B-T') ? 'signature-time-stamp over the value' : 'none'}`, (one) => {
    const tokens = valuesOf(one.signerInfo.unsignedAttributes, ATTRIBUTE.signatureTimestamp);
    expect(tokens).toHaveLength(atLeast(level, 'B-T') ? 1 : 0);
    for (const { bytes } of tokens) expect(Buffer.from(readTimestampToken(bytes).info.imprint)).toEqual(createHash('sha256').update(one.signerInfo.signature).digest());
  });
  row(`DSS: ${atLeast(level, 'B-LT') ? 'certificates and revocation information' : 'absent'}`, ({ pdf, view }) => {
    expect(view.catalog.entries.has('DSS')).toBe(atLeast(level, 'B-LT'));
    const { certificatesDer, ocspsDer, crlsDer } = storeOf(pdf);
    if (atLeast(level, 'B-LT')) expect([certificatesDer.length > 3, ocspsDer.length + crlsDer.length >= 3]).toEqual([true, true]);
  });
  row(`VRI: ${atLeast(level, 'B-LT') ? 'under the SHA-1 of /Contents in upper-case hexadecimal, /TU and no /TS' : 'absent'}`, ({ view, signature }) => {
    const vri = view.dict(view.dict(view.catalog.entries.get('DSS'))?.entries.get('VRI'));
    const contents = signature.entries.get('Contents');
    if (!isString(contents)) throw new Error('no contents');
    const entry = view.dict(vri?.entries.get(createHash('sha1').update(contents.bytes).digest('hex').toUpperCase()));
    expect(entry !== undefined).toBe(atLeast(level, 'B-LT'));
    if (entry === undefined) return;
    expect([readDate(entry.entries.get('TU')) !== undefined, entry.entries.has('TS')]).toEqual([true, false]);
    for (const key of ['Cert', 'OCSP']) expect(isArray(entry.entries.get(key))).toBe(true);
  });
  row(`document-time-stamp: ${level === 'B-LTA' ? 'over everything before it' : 'none'}`, ({ pdf, stamps }) => {
    expect(stamps).toHaveLength(level === 'B-LTA' ? 1 : 0);
    for (const stamp of stamps) {
      expect(isName(stamp.entries.get('SubFilter'), 'ETSI.RFC3161')).toBe(true);
      expect(['M', 'Reason', 'Location', 'Name', 'Cert', 'Reference'].filter((key) => stamp.entries.has(key))).toEqual([]);
      const cut = cutSignatures(pdf).find(({ isTimestamp }) => isTimestamp);
      expect(Buffer.from(readTimestampToken(cut?.cms ?? Buffer.alloc(0)).info.imprint)).toEqual(createHash('sha256').update(cut?.content ?? '').digest());
    }
  });
  row(`/Extensions: ${atLeast(level, 'B-LT') ? 'ESIC, base version 1.7, level 1' : 'untouched'} (§5.6)`, ({ view }) => {
    const esic = view.dict(view.dict(view.catalog.entries.get('Extensions'))?.entries.get('ESIC'));
    expect(esic !== undefined).toBe(atLeast(level, 'B-LT'));
    if (esic !== undefined) expect([isName(esic.entries.get('BaseVersion'), '1.7'), esic.entries.get('ExtensionLevel')]).toEqual([true, 1]);
  });
  row('/Filter, /SubFilter, /ByteRange, /Contents: once each; /Cert: absent', ({ signature }) => {
    expect([isName(signature.entries.get('Filter'), 'Adobe.PPKLite'), isName(signature.entries.get('SubFilter'), 'ETSI.CAdES.detached')]).toEqual([true, true]);
    expect([signature.duplicates, signature.entries.has('Cert')]).toEqual([[], false]);
    expect(signature.entries.get('ByteRange')).toHaveLength(4);
  });
  row('ByteRange: all of the revision but /Contents', ({ pdf, signature }) => {
    const range = signature.entries.get('ByteRange');
    const contents = signature.entries.get('Contents');
    if (!isArray(range) || !isString(contents)) throw new Error('no ranges');
    expect([range[0], range[1], range[2]]).toEqual([0, contents.start, contents.end]);
    expect(pdf.subarray(0, Number(range[2]) + Number(range[3])).toString('latin1').trimEnd().endsWith('%%EOF')).toBe(true);
  });
  it.each(rows)('%s', (_, check) => {
    const one = made.get(level);
    expect(one).toBeDefined();
    if (one !== undefined) check(one);
  });

  it.skipIf(!requireTool('openssl'))('DER: openssl writes the same bytes again', () => {
    const folder = opensslFolder();
    try {
      const cms = made.get(level)?.cms ?? Buffer.alloc(0);
      folder.write('sig.p7s', cms);
      folder.run('cms', '-cmsout', '-inform', 'DER', '-in', 'sig.p7s', '-outform', 'DER', '-out', 'again.p7s');
      expect(folder.run('dgst', '-sha256', '-r', 'again.p7s').toString().split(' ')[0]).toBe(createHash('sha256').update(cms).digest('hex'));
    } finally {
      folder.remove();
    }
  });
});

describe('PAdES, what a caller may ask besides', () => {
  it('commitment-type-indication: once, and then no /Reason', async () => {
    const one = read('B-B', await world.sign(onePagePdf(), world.pki.seal, 'B-B', { commitment: 'approval' }));
    expect([signed(one, ATTRIBUTE.commitmentType), one.signature.entries.has('Reason')]).toEqual([1, false]);
    expect(await world.verify(one.pdf)).toMatchObject({ signatures: [{ level: 'B-B', integrity: 'intact' }] });
  });

  it('refuses a reason and a commitment type together before the key is used', async () => {
    const { signer, ...ports } = world.signingPorts(world.pki.seal);
    const unused = { ...signer, sign: () => Promise.reject(new Error('the key was used')) };
    await expect(signDocument({ ...ports, signer: unused }, { source: bytesSource(onePagePdf()), level: 'B-B', commitment: 'approval', presentation: { reason: 'Ban hành' } })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it.each([
    ['1.4, raised to 1.7 with the extension', '<</Type/Catalog/Pages 2 0 R/Version/1.4>>', '%PDF-1.4', '1.7', true],
    ['2.0, which knows the store itself', '<</Type/Catalog/Pages 2 0 R>>', '%PDF-2.0', undefined, false],
  ] as const)('declares the extension by the version: %s (§5.6)', async (_, catalog, header, version, declared) => {
    const base = classicPdf({ 1: catalog, 2: '<</Type/Pages/Kids[3 0 R]/Count 1>>', 3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>' });
    base.write(header, 0, 'latin1');
    const { view } = read('B-LT', await world.sign(base, world.pki.seal, 'B-LT'));
    const own = view.catalog.entries.get('Version');
    expect([isName(own) ? own.text : undefined, isDict(view.dict(view.catalog.entries.get('Extensions')))]).toEqual([version, declared]);
  });
});
