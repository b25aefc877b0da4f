import type { PaperFonts } from '../pdf-drawing/paper.ts';
import { labelsPdf } from './label-pdf.ts';
import { labelsZpl, type ZplDpi } from './label-zpl.ts';
import { minutesPdf, type Handover } from './minutes.ts';
import type { PaperOrder } from './paper-order.ts';
import { slipsPdf } from './slip.ts';

export type PostalPaper =
  | { readonly kind: 'label'; readonly format: 'pdf' }
  | { readonly kind: 'label'; readonly format: 'zpl'; readonly dpi: ZplDpi }
  | { readonly kind: 'slip' }
  | { readonly kind: 'minutes'; readonly handover: Handover; readonly minutesNumber: string | null };

export interface PrintJob {
  readonly paper: PostalPaper;
  readonly orders: readonly PaperOrder[];
  readonly createdAt: Date;
}

/** One file with the papers of all orders, in their order. */
export async function printPapers({ paper, orders, createdAt }: PrintJob, fonts: PaperFonts): Promise<Uint8Array> {
  switch (paper.kind) {
    case 'label':
      return paper.format === 'pdf' ? labelsPdf(orders, fonts, createdAt) : new TextEncoder().encode(labelsZpl(orders, fonts, paper.dpi));
    case 'slip':
      return slipsPdf(orders, fonts, createdAt);
    case 'minutes':
      return minutesPdf(orders, { handover: paper.handover, minutesNumber: paper.minutesNumber, fonts, createdAt });
  }
}
