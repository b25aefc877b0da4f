import { z } from 'zod';

const need = z.string().min(1);

/** The mandatory fields of `CreateOrder`, as MyVNPost names and types them. Others are ignored. */
const creation = z.object({
  orderCreationStatus: z.literal(1),
  type: z.literal('GUI'),
  customerCode: need,
  informationOrder: z.object({
    senderName: need,
    senderPhone: need,
    senderAddress: need,
    senderProvinceCode: need,
    senderDistrictCode: z.literal('VNPOST'),
    senderCommuneCode: need,
    receiverName: need,
    receiverPhone: need,
    receiverAddress: need,
    receiverProvinceCode: need,
    receiverDistrictCode: z.literal('VNPOST'),
    receiverCommuneCode: need,
    serviceCode: need,
    saleOrderCode: need,
    weight: z.string().regex(/^[1-9]\d*$/),
    addonService: z.array(z.object({ code: need, propValue: z.string() })),
    contentNote: z.string(),
    deliveryInstruction: z.string(),
  }),
});
export type Creation = z.output<typeof creation>;

/** The order, or the first field that is missing or wrong; null when the body is no JSON at all. */
export function readCreation(body: string): { readonly order: Creation } | { readonly missing: string | null } {
  const words = wordsOf(body);
  if (words === undefined) return { missing: null };
  const parsed = creation.safeParse(words);
  return parsed.success ? { order: parsed.data } : { missing: parsed.error.issues[0]?.path.join('.') ?? 'JSON' };
}

export function wordsOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // refused by the schema that looks at it next
  }
}
