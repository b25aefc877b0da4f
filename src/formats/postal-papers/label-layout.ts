import { instructionsInWords } from '../../domain/postal-words.ts';
import { code128, qrCode } from '../barcodes/barcodes.ts';
import { LEGS_IN_WORDS, scannedNumberOf, timeInWords, vndInWords, type PaperOrder, type PaperParty } from './paper-order.ts';

/** Everything in millimetres from the upper left corner of the label. */
export type LabelItem =
  | { readonly kind: 'text'; readonly x: number; readonly baseline: number; readonly size: number; readonly face: LabelFace; readonly text: string }
  | { readonly kind: 'box'; readonly x: number; readonly y: number; readonly width: number; readonly height: number };
export type LabelFace = 'regular' | 'bold';

/** Advance width of a text at font size 1. */
export type Measure = (text: string, face: LabelFace) => number;

/** A6. */
export const LABEL = { width: 105, height: 148 } as const;
const MARGIN = 4;
const WIDTH = LABEL.width - 2 * MARGIN;
const RIGHT = LABEL.width - MARGIN;
const BARS_HEIGHT = 16;
/** UPU S10: a module has 0.25 to 0.51 mm. Numbers longer than that form get narrower bars, down to what hand scanners still read. */
const WIDEST_MODULE = 0.45;
const NARROWEST_MODULE = 0.16;
const QR_WIDTH = 26;

/**
 * The label of one parcel: who, to whom, what the postal worker has to do; the parcel's number as Code 128, and a QR code that holds the
 * order's id alone, so that nothing about a person can be read by machine. The layout is ours.
 * @param dotMm size of a dot of the printer: bars and modules are whole dots, or scanners fail
 */
export function labelLayout(order: PaperOrder, measure: Measure, dotMm: number): LabelItem[] {
  const pen = newPen(measure);
  pen.line('DỊCH VỤ BƯU CHÍNH CÔNG ÍCH', { size: 2.9 });
  pen.line(LEGS_IN_WORDS[order.leg].toLocaleUpperCase('vi'), { size: 5, face: 'bold' });
  pen.gap(2);
  pen.add(bars(scannedNumberOf(order), pen.y(), dotMm));
  pen.gap(BARS_HEIGHT + 0.8);
  pen.line(scannedNumberOf(order), { size: 4.6, face: 'bold', centred: true });
  pen.gap(1.5);
  pen.rule();
  party(pen, 'Người gửi', order.sender, { name: 3.6, nameLines: 1, text: 3.1, lines: 2 });
  pen.rule();
  party(pen, 'Người nhận', order.recipient, { name: 5.2, nameLines: 2, text: 4.1, lines: 4 });
  pen.rule();
  const top = pen.y();
  pen.add(modules(order.id, RIGHT - QR_WIDTH, top + 1.5, dotMm));
  footing(pen, order);
  return pen.items();
}

function party(pen: Pen, heading: string, { name, phone, address }: PaperParty, size: { readonly name: number; readonly nameLines: number; readonly text: number; readonly lines: number }): void {
  pen.line(heading, { size: 2.7 });
  pen.wrapped(name, { size: size.name, face: 'bold', lines: size.nameLines });
  pen.wrapped(address, { size: size.text, lines: size.lines });
  pen.line(`ĐT: ${phone}`, { size: size.text });
  pen.gap(1.5);
}

function footing(pen: Pen, order: PaperOrder): void {
  const { detail, collectVnd, dossierCode, orderNumber, orderedAt, carrier } = order;
  const papers = detail.contents.reduce((sum, { copies }) => sum + copies, 0);
  const width = WIDTH - QR_WIDTH - 3;
  pen.wrapped(collectVnd === 0 ? 'Không thu tiền' : `Thu: ${vndInWords(collectVnd)}`, { size: 4.4, face: 'bold', lines: 1, width });
  pen.line(`${papers} giấy tờ${detail.weightG === null ? '' : ` · ${detail.weightG} g`}`, { size: 3.1 });
  pen.wrapped(instructionsInWords(detail), { size: 3.1, lines: 4, width });
  pen.wrapped(`Hồ sơ ${dossierCode}`, { size: 2.9, lines: 1, width });
  pen.wrapped(`Đơn ${orderNumber} · ${carrier}`, { size: 2.5, lines: 2, width });
  pen.line(timeInWords(orderedAt), { size: 2.5 });
}

/** Centred bars; nothing where they would be too narrow for any scanner: the number stands below, and the QR code leads to it. */
function bars(text: string, y: number, dotMm: number): LabelItem[] {
  const widths = code128(text);
  const modules = widths.reduce((sum, width) => sum + width, 0);
  const quiet = 10;
  const module = wholeDots(Math.min(WIDEST_MODULE, WIDTH / (modules + 2 * quiet)), dotMm);
  if (module < NARROWEST_MODULE) return [];
  let x = wholeDots(MARGIN + (WIDTH - modules * module) / 2, dotMm);
  return widths.flatMap((width, index) => {
    const item = { kind: 'box', x, y, width: width * module, height: BARS_HEIGHT } as const;
    x += width * module;
    return index % 2 === 0 ? [item] : [];
  });
}

function modules(text: string, left: number, top: number, dotMm: number): LabelItem[] {
  const rows = qrCode(text);
  const module = wholeDots(QR_WIDTH / (rows.length + 8), dotMm);
  const x = wholeDots(left + 4 * module, dotMm);
  const y = wholeDots(top + 4 * module, dotMm);
  return rows.flatMap((row, down) => runsOf(row).map(({ from, length }) => ({ kind: 'box' as const, x: x + from * module, y: y + down * module, width: length * module, height: module })));
}

function runsOf(row: readonly boolean[]): { readonly from: number; readonly length: number }[] {
  const starts = row.flatMap((dark, index) => (dark && row[index - 1] !== true ? [index] : []));
  return starts.map((from) => {
    const end = row.indexOf(false, from);
    return { from, length: (end === -1 ? row.length : end) - from };
  });
}

function wholeDots(mm: number, dotMm: number): number {
  return Math.floor(mm / dotMm + 1e-6) * dotMm;
}

interface LineStyle {
  readonly size: number;
  readonly face?: LabelFace;
  readonly centred?: boolean;
}

interface Pen {
  y(): number;
  gap(height: number): void;
  add(items: readonly LabelItem[]): void;
  rule(): void;
  line(text: string, style: LineStyle): void;
  /** At most so many lines; what is left over ends in "…". */
  wrapped(text: string, style: LineStyle & { readonly lines: number; readonly width?: number }): void;
  items(): LabelItem[];
}

function newPen(measure: Measure): Pen {
  const items: LabelItem[] = [];
  let y: number = MARGIN;
  const line = (text: string, { size, face = 'regular', centred = false }: LineStyle): void => {
    const x = centred ? MARGIN + (WIDTH - measure(text, face) * size) / 2 : MARGIN;
    items.push({ kind: 'text', x, baseline: y + size * 0.95, size, face, text: text.normalize('NFC') });
    y += size * 1.22;
  };
  return {
    y: () => y,
    gap: (height) => void (y += height),
    add: (more) => void items.push(...more),
    rule: () => {
      items.push({ kind: 'box', x: MARGIN, y, width: WIDTH, height: 0.25 });
      y += 1.4;
    },
    line,
    wrapped: (text, { lines, width = WIDTH, ...style }) => {
      const fits = (part: string): boolean => measure(part, style.face ?? 'regular') * style.size <= width;
      for (const part of shortened(linesOf(text, fits), lines, fits)) line(part, style);
    },
    items: () => items,
  };
}

/** Broken at spaces; a word that fits no line is cut. */
function linesOf(text: string, fits: (part: string) => boolean): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.trim().split(/\s+/).flatMap((whole) => cutToFit(whole, fits))) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (current !== '' && !fits(longer)) {
      lines.push(current);
      current = word;
    } else current = longer;
  }
  return [...lines, current];
}

function cutToFit(word: string, fits: (part: string) => boolean): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const letter of word.normalize('NFC')) {
    if (piece !== '' && !fits(piece + letter)) {
      pieces.push(piece);
      piece = letter;
    } else piece += letter;
  }
  return [...pieces, piece];
}

function shortened(lines: readonly string[], most: number, fits: (part: string) => boolean): string[] {
  if (lines.length <= most) return [...lines];
  let last = lines[most - 1] ?? '';
  while (last !== '' && !fits(`${last}…`)) last = last.slice(0, -1);
  return [...lines.slice(0, most - 1), `${last}…`];
}
