import type { ParagraphStyle } from '../pdf-drawing/page.ts';
import type { Tone } from './outline-parts.ts';
import type { Paragraph } from './pdf-flow.ts';
import type { ReportLanguage, Said } from './words.ts';

export const INK = '#1b222b';
export const SOFT = '#59636f';
export const AMBER = '#8a5300';
export const RED = '#a01c1c';
const GREEN = '#1a6b3c';

export const WASHES: Readonly<Record<Tone, string>> = { passed: '#eef6f0', open: '#fdf6e7', failed: '#fbeeed' };

/** Of the report as a whole: green stands for one result alone. */
export const inkOf = (tone: Tone): string => (tone === 'passed' ? GREEN : tone === 'open' ? AMBER : RED);

/** Of a part: what passed within a report that did not is written like everything else. */
export const inkWithin = (tone: Tone, whole: Tone): string => (tone === 'passed' && whole !== 'passed' ? INK : inkOf(tone));

/** One paragraph, or in both languages the Vietnamese and below it the English, slanted and grey. */
export function spokenParagraphs(said: Said, language: ReportLanguage, style: ParagraphStyle = {}, english: ParagraphStyle = {}): Paragraph[] {
  if (language !== 'both') return [{ spans: [{ text: said[language] }], style }];
  if (said.vi === said.en) return [{ spans: [{ text: said.vi }], style }];
  const second: ParagraphStyle = { ...style, face: 'italic', colour: SOFT, before: 0, ...english };
  return [{ spans: [{ text: said.vi }], style: { ...style, after: 0 } }, { spans: [{ text: said.en }], style: second }];
}
