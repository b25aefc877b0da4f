import type { Rectangle } from '../../pdf/pages.ts';
import type { CustomAppearance } from './custom.ts';
import type { StandardAppearance } from './standard.ts';
import type { StampImage } from './stamp-image.ts';
import type { AnnexBlock, CopyBlock } from './text-block.ts';

/** What a visible signature shows. Fonts and images come in as bytes; nothing is looked up. */
export type Appearance = StandardAppearance | StampImage | CopyBlock | AnnexBlock | CustomAppearance;

/**
 * Draws an appearance as a one-page PDF of the size of `rect`, upright. Does not decide whether the content is true or lawful.
 * The drawing library is loaded on first use: most signatures are invisible.
 * @throws APPEARANCE_INVALID when an image is no PNG or the text cannot fit
 */
export async function drawAppearance(appearance: Appearance, rect: Rectangle): Promise<Uint8Array> {
  switch (appearance.kind) {
    case 'standard':
      return (await import('./standard.ts')).drawStandard(appearance, rect);
    case 'officer':
    case 'seal':
      return (await import('./stamp-image.ts')).drawStampImage(appearance, rect);
    case 'copy':
    case 'annex':
      return (await import('./text-block.ts')).drawTextBlock(appearance, rect);
    case 'custom':
      return (await import('./custom.ts')).drawCustom(appearance, rect);
  }
}
