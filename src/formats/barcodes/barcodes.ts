import bwip from 'bwip-js/generic';

/** Widths in modules of bar, space, bar …; begins and ends with a bar. The quiet zone, ten modules each side, is the caller's. */
export type BarWidths = readonly number[];

/** Rows of modules, true for dark. The quiet zone, four modules each side, is the caller's. */
export type ModuleRows = readonly (readonly boolean[])[];

/** Code 128, the symbology of UPU S10 labels; code sets are chosen for the shortest symbol. @param text printable ASCII @see ISO/IEC 15417 */
export function code128(text: string): BarWidths {
  const [symbol] = bwip.raw('code128', text, '');
  if (symbol === undefined || !('sbs' in symbol)) throw new TypeError('Code 128 is a linear symbol');
  return symbol.sbs;
}

/** QR code of level M: it is read with an eighth of it gone. @param text ASCII @see ISO/IEC 18004 */
export function qrCode(text: string): ModuleRows {
  const [symbol] = bwip.raw('qrcode', text, 'eclevel=M');
  if (symbol === undefined || !('pixs' in symbol)) throw new TypeError('A QR code is a matrix');
  const { pixs, pixx, pixy } = symbol;
  return Array.from({ length: pixy }, (_, y) => Array.from({ length: pixx }, (_column, x) => pixs[y * pixx + x] === 1));
}
