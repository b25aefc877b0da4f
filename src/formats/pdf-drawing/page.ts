import type { PDFPage } from '@cantoo/pdf-lib';
import { LineCapStyle } from '@cantoo/pdf-lib';
import { breakLines, type Faces, type Line, type Span, type TextStyle } from './text-layout.ts';
import { colourOf } from './colour.ts';

export type Align = 'left' | 'centre' | 'right' | 'justify';

/** How a paragraph is set; lengths in points. */
export interface ParagraphStyle extends Partial<TextStyle> {
  readonly align?: Align;
  readonly firstIndent?: number;
  /** Line height in font sizes; 1.15 is "single". */
  readonly leading?: number;
  readonly before?: number;
  readonly after?: number;
  /** A dotted line fills what the last line leaves free, as in forms. */
  readonly dotted?: boolean;
  /** Width of a thin line centred below the paragraph; 0: none. */
  readonly ruleBelow?: number;
}

export const PLAIN = { face: 'regular', size: 13, colour: '#000000', align: 'left', firstIndent: 0, leading: 1.15, before: 0, after: 0, dotted: false, ruleBelow: 0 } as const satisfies Required<ParagraphStyle>;

/** A paragraph that is broken into lines and waits for its place. */
export interface SetParagraph {
  readonly lines: readonly Line[];
  readonly style: Required<ParagraphStyle>;
  readonly width: number;
  readonly lineHeight: number;
  /** With the space before and after. */
  readonly height: number;
}

export function setParagraph(content: string | readonly Span[], given: ParagraphStyle, faces: Faces, width: number): SetParagraph {
  const style = { ...PLAIN, ...given };
  const lines = breakLines(typeof content === 'string' ? [{ text: content }] : content, style, faces, width, style.firstIndent);
  const lineHeight = style.size * style.leading;
  return { lines, style, width, lineHeight, height: style.before + lines.length * lineHeight + (style.ruleBelow > 0 ? RULE_ROOM : 0) + style.after };
}

const RULE_ROOM = 6;

/** Draws lines `from` … `to` of a paragraph whose box begins at `x`, `top`; the space before belongs to the first line. */
export function drawLines(page: PDFPage, paragraph: SetParagraph, x: number, top: number, from = 0, to = paragraph.lines.length): void {
  const { style, lineHeight } = paragraph;
  paragraph.lines.slice(from, to).forEach((line, index) => {
    const baseline = top - index * lineHeight - (lineHeight - style.size) / 2 - style.size * ASCENT;
    drawLine(page, paragraph, line, x, baseline, from + index === 0 ? style.firstIndent : 0);
  });
  if (style.ruleBelow > 0 && to === paragraph.lines.length) {
    const start = { x: x + (paragraph.width - style.ruleBelow) / 2, y: top - (to - from) * lineHeight - RULE_ROOM / 2 };
    page.drawLine({ start, end: { x: start.x + style.ruleBelow, y: start.y }, thickness: 0.7 });
  }
}

/** Height of the letters above the base line, in font sizes, as Tinos and Times New Roman are drawn. */
const ASCENT = 0.86;

function drawLine(page: PDFPage, { style, width }: SetParagraph, line: Line, x: number, baseline: number, indent: number): void {
  const free = width - indent - line.width;
  const gaps = line.words.filter(({ gap }, index) => index > 0 && gap > 0).length;
  const stretch = style.align === 'justify' && !line.last && gaps > 0 ? free / gaps : 0;
  let at = x + indent + (style.align === 'centre' ? free / 2 : style.align === 'right' ? free : 0);
  line.words.forEach((word, index) => {
    if (index > 0 && word.gap > 0) at += word.gap + stretch;
    // The space goes with the word, so that text copied from the page has it.
    const isFollowedBySpace = (line.words[index + 1]?.gap ?? 0) > 0;
    page.drawText(isFollowedBySpace ? `${word.text} ` : word.text, { x: at, y: baseline, size: word.size, font: word.font, color: colourOf(word.colour) });
    at += word.width;
  });
  if (style.dotted && line.last) drawDots(page, at + 4, x + width, baseline - 1);
}

function drawDots(page: PDFPage, from: number, to: number, y: number): void {
  if (to - from < 6) return;
  page.drawLine({ start: { x: from, y }, end: { x: to, y }, thickness: 0.7, color: colourOf('#444444'), dashArray: [0.01, 2.6], lineCap: LineCapStyle.Round });
}
