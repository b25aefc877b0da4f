import type { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import type { CustomDesign } from '../formats/api/appearance.ts';
import { placeByText } from '../usecases/place-by-text.ts';
import type { AppearanceName, PresentationRequest } from '../usecases/signature-presentation.ts';
import { readAppearanceFile } from './appearance-file.ts';
import { parseChoice, parseRectangle, parseSize, parseWhole, readInputFile } from './arguments.ts';

/** What a signature shows and where, as commands that sign take it. */
export interface VisibleOptions {
  /** A name, or the path of a JSON file. */
  readonly appearance: string;
  readonly anchor?: string;
  readonly anchorSize: { readonly width: number; readonly height: number };
  readonly picture?: string;
  readonly documentNumber?: string;
  readonly page?: number;
  readonly rect?: { x: number; y: number; width: number; height: number };
  readonly field?: string;
}

const APPEARANCES = ['none', 'text', 'officer', 'seal', 'copy', 'annex'] as const satisfies readonly AppearanceName[];

export function withVisibleOptions(command: Command): Command {
  return command
    .option('--appearance <name|file.json>', `${APPEARANCES.join(' | ')}, or a JSON file with elements of your own`, 'none')
    .option('--picture <png>', 'picture for the appearances officer and seal')
    .option('--document-number <text>', 'number and notation, for the appearance annex')
    .option('--page <n>', 'page of the visible signature, from 1', parseWhole('--page', 1, 100_000))
    .option('--rect <x,y,w,h>', 'its place in points from the lower left corner', parseRectangle)
    .option('--field <name>', 'an empty signature field to fill instead')
    .option('--anchor <text>', 'instead of --rect: right below this text, which must stand in the document once (or once on --page)')
    .option('--anchor-size <w,h>', 'size of the visible signature below it, in points', parseSize, { width: 180, height: 70 });
}

/** @throws REQUEST_INVALID, PDF_TEXT_NOT_FOUND, PDF_TEXT_AMBIGUOUS; what reading the files throws */
export async function visibleIn(file: string, options: VisibleOptions): Promise<Pick<PresentationRequest, 'appearance' | 'custom' | 'placement' | 'field'>> {
  return { ...appearanceOf(options.appearance), placement: await placementOf(file, options), field: options.field };
}

/** Picture of the options; `kept` where they name none. */
export function pictureIn({ picture }: VisibleOptions, kept?: Uint8Array): Uint8Array | undefined {
  return picture === undefined ? kept : readInputFile(picture);
}

function appearanceOf(text: string): { readonly appearance: AppearanceName; readonly custom?: CustomDesign } {
  return /\.json$/i.test(text) ? { appearance: 'custom', custom: readAppearanceFile(text) } : { appearance: parseChoice('--appearance', APPEARANCES)(text) };
}

async function placementOf(file: string, { rect, page, anchor: text, anchorSize }: VisibleOptions): Promise<PresentationRequest['placement']> {
  if (text === undefined) return rect === undefined ? undefined : { page: page ?? 1, rect };
  if (rect !== undefined) throw new GatewayError('REQUEST_INVALID', 'Say one place: --rect or --anchor');
  const { findText } = await import('../formats/pdf-picture/find-text.ts');
  return placeByText((query) => findText(readInputFile(file), query), { text, page, ...anchorSize, dx: 0 });
}
