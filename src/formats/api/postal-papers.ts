import { z } from 'zod';
import { HANDOVERS } from '../postal-papers/minutes.ts';
import { postalOrderId, text } from './primitives.ts';

const dpi = z.enum(['203', '300']);
export const MOST_PAPERS = 100;

/** `POST /v1/postal-papers` */
export const postalPapers = z
  .strictObject({
    paper: z.enum(['label', 'slip', 'minutes']),
    format: z.enum(['pdf', 'zpl']).default('pdf').describe('ZPL II for labels only.'),
    dpi: dpi.default('203').describe('Of the label printer.'),
    handover: z.enum(HANDOVERS).optional().describe('For minutes: who hands over to whom.'),
    minutesNumber: text(60).optional().describe('For minutes; without it dots are printed.'),
    orders: z.array(postalOrderId).min(1).max(MOST_PAPERS),
  })
  .refine(({ paper, format }) => paper === 'label' || format === 'pdf', { path: ['format'], message: 'zpl is for labels' })
  .refine(({ paper, handover }) => (paper === 'minutes') === (handover !== undefined), { path: ['handover'], message: 'goes with minutes, and with nothing else' })
  .refine(({ orders }) => new Set(orders).size === orders.length, { path: ['orders'], message: 'names an order twice' })
  .meta({ id: 'PostalPapers' });
export type PostalPapersInput = z.output<typeof postalPapers>;

export function zplDpi(given: z.output<typeof dpi>): 203 | 300 {
  return given === '203' ? 203 : 300;
}
