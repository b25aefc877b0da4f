import { formDocument, SIGNATURE_FIELD, streamBody } from './documents.ts';
import type { Mutant } from './mutant.ts';
import type { Notary } from './notary.ts';

/** Bytes hidden from the digest: SWA of Mladenov et al., CCS 2019, §4.3. In each the digest over the ranges named is right. */
const refused = (number: number, rule: string, make: Mutant['make']): Mutant => ({ id: `PDF-SWA-${number}`, rule, make, expected: { is: 'refused' } });

interface Parts {
  readonly head: Buffer;
  readonly gap: Buffer;
  readonly tail: Buffer;
  readonly document: Buffer;
}

async function signedParts(notary: Notary): Promise<Parts> {
  // With room to spare behind the value, as most makers leave it.
  const options = { fieldName: SIGNATURE_FIELD, reason: 'room for what is wrapped in, as long as a long reason can be' };
  const document = await notary.signCrafted(formDocument(), ({ byteRange }) => ({ hashed: byteRange }), options);
  const range = /\/ByteRange \[0 (\d+) (\d+) (\d+)\]/.exec(document.toString('latin1'));
  const [gapStart, gapEnd] = [Number(range?.[1]), Number(range?.[2])];
  return { head: document.subarray(0, gapStart), gap: document.subarray(gapStart, gapEnd), tail: document.subarray(gapEnd), document };
}

/** The string ends behind the CMS, and the attacker's bytes take the place of its padding: no offset moves. */
const insideGap = (inserted: (parts: Parts) => string, ending = '>'): Mutant['make'] => async (notary) => {
  const parts = await signedParts(notary);
  const cmsHex = parts.gap.toString('latin1').replace(/(?:00)*>$/, '');
  const gap = Buffer.from(`${cmsHex}00${ending}${inserted(parts)}`.padEnd(parts.gap.length, ' '), 'latin1');
  if (gap.length !== parts.gap.length) throw new Error('the padding is too small for the attack');
  return Buffer.concat([parts.head, gap, parts.tail]);
};

/** The signed tail moves back, a second /ByteRange says where to, and the attacker's own tail stands where it was. */
const relocated = (forgedTail: (parts: Parts, moved: readonly number[]) => string): Mutant['make'] => async (notary) => {
  const parts = await signedParts(notary);
  const { head, gap, tail } = parts;
  const tailAt = head.length + gap.length;
  const forged = Buffer.from(forgedTail(parts, [0, head.length, tailAt + tail.length, tail.length]).padEnd(tail.length, ' '), 'latin1');
  if (forged.length !== tail.length) throw new Error('the attack does not fit before the tail');
  return Buffer.concat([head, gap, forged, tail]);
};

const EVIL = `4 0 obj\n${streamBody('BT /F1 14 Tf 72 720 Td (Pay 999999) Tj ET')}\nendobj\n`;

export const WRAPPING: readonly Mutant[] = [
  refused(1, 'a second /ByteRange skips what was put before the relocated tail', relocated(({ tail }, moved) => `/ByteRange[${moved.join(' ')}]${tail.toString('latin1').slice(60)}`)),
  refused(2, 'an object in the gap', insideGap(() => `>>\nendobj\n${EVIL}98 0 obj\n<<`)),
  refused(3, 'a comment in the gap', insideGap(() => '%hidden from the digest\n')),
  refused(4, 'padding that is not zero', insideGap(() => '', '4100>')),
  refused(5, 'the tail relocated, an object of the attacker’s before it', relocated((_, moved) => `/ByteRange[${moved.join(' ')}]>>\nendobj\n${EVIL}`)),
  refused(6, 'another entry in the gap', insideGap(() => '/Reason (Approved)/Name (Somebody else)')),
];
