import { formBodies, streamBody } from '../mutants/documents.ts';

const HARMLESS = 'BT /F1 14 Tf 72 720 Td (Pay 100) Tj ET';
const EVIL = 'BT /F1 14 Tf 72 720 Td (Pay 999999) Tj ET';
export const EVIL_CONTENT = streamBody(EVIL);

/** A document laid out piece by piece, so that what the cross-reference says can differ from what stands in the file. */
export interface Layout {
  /** Bytes before the header. */
  readonly before?: string;
  /** Each object as `[number, body]`, in file order; a number may stand twice. */
  readonly objects: readonly (readonly [number, string])[];
  /** Changes what the table says, by number; undefined leaves a number out. */
  readonly table?: (offsets: ReadonlyMap<number, readonly number[]>, text: string) => Readonly<Record<number, string | undefined>>;
  /** Between the last object and the cross-reference. */
  readonly between?: string;
  readonly trailerExtra?: string;
  /** After the last `%%EOF`. */
  readonly after?: string;
}

export const inUse = (offset: number, generation = 0): string => `${String(offset).padStart(10, '0')} ${String(generation).padStart(5, '0')} n `;
export const FREE = '0000000000 65535 f ';

export function build({ before = '', objects, table, between = '', trailerExtra = '', after = '' }: Layout): Buffer {
  let text = `${before}%PDF-1.7\n`;
  const offsets = new Map<number, number[]>();
  for (const [num, body] of objects) {
    offsets.set(num, [...(offsets.get(num) ?? []), text.length]);
    text += `${num} 0 obj\n${body}\nendobj\n`;
  }
  text += between;
  const size = Math.max(...offsets.keys()) + 1;
  const said = table?.(offsets, text) ?? {};
  const entries = Array.from({ length: size }, (_, num) => (num in said ? (said[num] ?? FREE) : offsets.has(num) ? inUse(offsets.get(num)?.[0] ?? 0) : FREE));
  const at = text.length;
  return Buffer.from(`${text}xref\n0 ${size}\n${entries.join('\n')}\ntrailer\n<</Size ${size}/Root 1 0 R${trailerExtra}>>\nstartxref\n${at}\n%%EOF\n${after}`, 'latin1');
}

export const bodies = (others: Readonly<Record<number, string>> = {}): (readonly [number, string])[] => Object.entries(formBodies(others)).map(([num, body]) => [Number(num), body]);

/** The objects, with some put in behind the one of a number. */
export function withAfter(num: number, added: readonly (readonly [number, string])[]): (readonly [number, string])[] {
  return bodies().flatMap((object) => (object[0] === num ? [object, ...added] : [object]));
}

export const HARMLESS_CONTENT = streamBody(HARMLESS);
