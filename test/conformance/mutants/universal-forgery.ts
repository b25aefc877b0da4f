import type { PreparedPdf } from '../../../src/formats/pades/prepare.ts';
import { patch } from '../../support/pdf.ts';
import { formDocument, SIGNATURE_FIELD } from './documents.ts';
import type { Mutant } from './mutant.ts';
import type { Crafted, Notary } from './notary.ts';

/** A signature without what it signs, or over what it should not: USF of Mladenov et al., "1 Trillion Dollar Refund", CCS 2019, §4.1. */
type Craft = (prepared: PreparedPdf) => Crafted;
type Make = Mutant['make'];

const refused = (number: number, rule: string, make: Make): Mutant => ({ id: `PDF-USF-${number}`, rule, make, expected: { is: 'refused' } });

const signed = (notary: Notary): Promise<Buffer> => notary.sign(formDocument(), { fieldName: SIGNATURE_FIELD });

const textOf = (bytes: Uint8Array, pattern: RegExp): string => {
  const found = pattern.exec(Buffer.from(bytes).toString('latin1'))?.[0];
  if (found === undefined) throw new Error(`${pattern.source} is not in the document`);
  return found;
};

const contents = (change: (old: string) => string): Make => async (notary) => {
  const document = await signed(notary);
  const old = textOf(document, /\/Contents <[0-9a-f]*>/);
  return patch(document, old, change(old));
};

const RANGE = /\/ByteRange \[[^\]]*\] */;
const byteRange = (value: string): Make => async (notary) => {
  const document = await signed(notary);
  return patch(document, textOf(document, RANGE), value);
};

/** The signer signs exactly the ranges the dictionary names, so that the digest is right and only the rule is broken. */
const signedRange = (ranges: (sound: readonly number[]) => readonly number[], hashed = ranges): Make => (notary) => notary.signCrafted(formDocument(), withRange(ranges, hashed), { fieldName: SIGNATURE_FIELD });

function withRange(ranges: (sound: readonly number[]) => readonly number[], hashed: (sound: readonly number[]) => readonly number[]): Craft {
  return ({ increment, byteRange: sound }) => {
    const old = textOf(increment, RANGE);
    return { increment: patch(increment, old, `/ByteRange [${ranges(sound).join(' ')}]`), hashed: hashed(sound) };
  };
}

const [CMS_HEX_START, HALF] = ['/Contents <'.length, 2000];

export const UNIVERSAL_FORGERY: readonly Mutant[] = [
  refused(1, '/Contents null', contents(() => '/Contents null')),
  refused(2, '/Contents empty', contents(() => '/Contents <>')),
  refused(3, '/Contents 00', contents(() => '/Contents <00>')),
  refused(4, '/Contents all zeros', contents((old) => `/Contents <${'0'.repeat(old.length - CMS_HEX_START - 1)}>`)),
  refused(5, '/Contents without a value', contents(() => '/Contents')),
  refused(6, '/Contents missing', contents((old) => old.replace('/Contents', '/Kontents'))),
  refused(7, '/Contents a literal string', contents((old) => `/Contents (${old.slice(CMS_HEX_START, -1)})`)),
  refused(8, '/Contents a name', contents(() => '/Contents /Valid')),
  refused(9, '/Contents a reference to nothing', contents(() => '/Contents 99 0 R')),
  refused(10, '/Contents a CMS cut in the middle', contents((old) => `${old.slice(0, CMS_HEX_START + HALF)}${'0'.repeat(old.length - CMS_HEX_START - HALF - 1)}>`)),
  refused(11, '/ByteRange null', byteRange('/ByteRange null')),
  refused(12, '/ByteRange without a value', byteRange('/ByteRange')),
  refused(13, '/ByteRange missing', byteRange('')),
  refused(14, '/ByteRange empty', byteRange('/ByteRange []')),
  refused(15, '/ByteRange of zeros, and signed so', signedRange(() => [0, 0, 0, 0])),
  refused(16, '/ByteRange negative', byteRange('/ByteRange [0 -10 -20 -30]')),
  refused(17, '/ByteRange of three numbers', byteRange('/ByteRange [0 100 200]')),
  refused(18, '/ByteRange of one range, and signed so', signedRange(([, gap = 0]) => [0, gap])),
  refused(19, '/ByteRange past the end of the file', signedRange(([, gap = 0, tail = 0, rest = 0]) => [0, gap, tail, rest + 1000], (sound) => sound)),
  refused(20, '/ByteRange that overflows', byteRange('/ByteRange [0 18446744073709551615 4294967296 9007199254740993]')),
  refused(21, '/ByteRange that overlaps, and signed so', signedRange(([, , tail = 0, rest = 0]) => [0, tail + 10, tail, rest])),
  refused(22, '/ByteRange that covers the place of /Contents', signedRange(([, , tail = 0, rest = 0]) => [0, tail, tail, rest], (sound) => sound)),
  refused(23, '/ByteRange reversed, and signed so', signedRange(([, gap = 0, tail = 0, rest = 0]) => [tail, rest, 0, gap])),
  refused(24, '/ByteRange of reals', byteRange('/ByteRange [0 10.5 20.5 30]')),
  refused(25, '/ByteRange not from the start, and signed so', signedRange(([, gap = 0, tail = 0, rest = 0]) => [9, gap - 9, tail, rest])),
  refused(26, '/ByteRange with a short tail, and signed so', signedRange(([, gap = 0, tail = 0]) => [0, gap, tail, 20])),
  refused(27, '/ByteRange with a gap larger than /Contents, and signed so', signedRange(([, gap = 0, tail = 0, rest = 0]) => [0, gap - 40, tail + 4, rest - 4])),
  refused(28, '/ByteRange with its gap elsewhere, and signed so', signedRange(([, gap = 0, tail = 0, rest = 0]) => [0, gap - 200, tail - 200, rest + 200])),
];
