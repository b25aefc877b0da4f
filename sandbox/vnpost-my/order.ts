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

/** Of `orderCorrection`, which spells everything otherwise. */
const correctedParty = z.object({ Fullname: need, Phone: need, Address: need, Province: need, District: z.literal('VNPOST'), Commune: need });
const correction = z.object({ OriginalId: need, SourceCode: z.literal('MYVNP'), AffairType: z.literal('02'), FlagConfig: z.literal('1'), Sender: correctedParty, Receiver: correctedParty, CODAmount: z.int().min(0), useBCP: z.literal(1) });

const charge = z.object({
  scope: z.literal(1),
  customerCode: need,
  contractNumber: z.string().nullable(),
  data: z.object({
    senderProvinceCode: need,
    senderDistrictCode: z.literal('VNPOST'),
    senderCommuneCode: need,
    receiverProvinceCode: need,
    receiverDistrictCode: z.literal('VNPOST'),
    receiverCommuneCode: need,
    receiverNational: z.literal('VN'),
    weight: z.int().min(1),
    serviceCode: need,
    addonService: z.array(z.object({ code: need, propValue: z.string() })),
    vehicle: need,
  }),
});

type Read<T> = { readonly order: T } | { readonly missing: string | null };

export const readCorrection = (body: string): Read<z.output<typeof correction>> => readAs(correction, body);
export const readCharge = (body: string): Read<z.output<typeof charge>> => readAs(charge, body);
export const readCreation = (body: string): Read<Creation> => readAs(creation, body);

/** The order, or the first field that is missing or wrong; null when the body is no JSON at all. */
function readAs<T>(form: z.ZodType<T>, body: string): Read<T> {
  const words = wordsOf(body);
  if (words === undefined) return { missing: null };
  const parsed = form.safeParse(words);
  return parsed.success ? { order: parsed.data } : { missing: parsed.error.issues[0]?.path.join('.') ?? 'JSON' };
}

export function wordsOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // refused by the schema that looks at it next
  }
}
