import { z } from 'zod';

const points = z.number().min(-14_400).max(14_400);
const length = z.number().positive().max(14_400);
const color = z.string().regex(/^#[0-9a-f]{6}$/i, 'a colour is written #rrggbb').optional();

const element = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('text'),
    text: z
      .string()
      .min(1)
      .max(1_000)
      .transform((value) => value.normalize('NFC'))
      .describe('`{signer}`, `{organisation}`, `{time}`, `{serial}`, `{reason}` and `{location}` are replaced.'),
    x: points,
    y: points,
    size: z.number().min(1).max(200),
    bold: z.boolean().optional(),
    color,
    align: z.enum(['left', 'center', 'right']).optional(),
    maxWidth: length.optional(),
  }),
  z.strictObject({ type: z.literal('image'), png: z.base64().min(1).max(180_000).describe('PNG, base64.'), x: points, y: points, width: length, height: length }),
  z.strictObject({ type: z.literal('line'), x1: points, y1: points, x2: points, y2: points, thickness: z.number().positive().max(100).optional(), color }),
  z.strictObject({ type: z.literal('box'), x: points, y: points, width: length, height: length, fill: color, stroke: color }),
]);

/** An agency's own design of a visible signature: points from the lower left corner of its rectangle, painted in this order. */
export const customDesign = z.strictObject({ elements: z.array(element).min(1).max(200) }).meta({ id: 'CustomAppearance' });
export type CustomDesign = z.output<typeof customDesign>;

/** A place beside a text of the document. */
export const anchor = z
  .strictObject({
    text: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .transform((value) => value.normalize('NFC'))
      .describe('Must stand in the document once, or once on `page`.'),
    page: z.int().min(1).max(10_000).optional(),
    width: length,
    height: length,
    dx: points.default(0).describe('From the left edge of the text to that of the signature.'),
    dy: points.optional().describe('From the lower edge of the text to that of the signature; default: the signature stands right below the text.'),
  })
  .meta({ id: 'Anchor' });
export type Anchor = z.output<typeof anchor>;
