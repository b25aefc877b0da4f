import { CHANGE_PHRASES } from './change-phrases.ts';
import { DETAIL_PHRASES } from './detail-phrases.ts';
import { FETCHING_PHRASES } from './fetching-phrases.ts';
import type { Rendering } from './rendering.ts';
import { WARNING_PHRASES } from './warning-phrases.ts';
import { said, type Said } from './words.ts';

/** Sentences that say much come before those that say little. */
const RENDERINGS: readonly Rendering[] = [...CHANGE_PHRASES, ...WARNING_PHRASES, ...FETCHING_PHRASES, ...DETAIL_PHRASES];

/** Sentences nest two deep at most; one that does not is not ours. */
const MAX_DEPTH = 3;

/** Nobody reads more in one cell, and a document decides how long its names are. */
const MAX_SENTENCE = 2_000;

/**
 * A sentence of a report in both languages; one without a rendering stays English in both. Decides nothing: only the words change. What stands
 * in a row with semicolons is rendered part by part, but only when every part is known: a name may hold a semicolon too.
 */
export function sayPhrase(english: string): Said {
  const sentence = english.slice(0, MAX_SENTENCE);
  const parts = sentence.split('; ');
  if (parts.length > 1 && parts.every(hasRendering)) return said(parts.map((part) => inVietnamese(part, 0)).join('; '), sentence);
  return said(inVietnamese(sentence, 0), sentence);
}

export const hasRendering = (english: string): boolean => RENDERINGS.some(([pattern]) => pattern.test(english));

function inVietnamese(english: string, depth: number): string {
  if (depth > MAX_DEPTH) return english;
  for (const [pattern, vietnamese] of RENDERINGS) {
    const match = pattern.exec(english);
    // One pass over the template: what was put in is never read as a template again.
    if (match !== null) return vietnamese.replace(/([$~])(\d)/g, (_all, kind: string, index: string) => partOf(match[Number(index)] ?? '', kind, depth));
  }
  return english;
}

const partOf = (part: string, kind: string, depth: number): string => (kind === '~' ? inVietnamese(part, depth + 1) : part);
