import { z } from 'zod';

/** The mandatory and optional fields of `order/post`, as the NGSP interface names and types them. Others are ignored, as the service does. */
const order = z.object({
  CustomerCode: z.string().min(1),
  OrderNumber: z.string().min(1),
  CODAmount: z.number().min(0).optional(),
  SenderProvince: z.int(),
  SenderDistrict: z.int().optional(),
  SenderAddress: z.string().min(1),
  SenderName: z.string().min(1),
  SenderEmail: z.string().optional(),
  SenderTel: z.string().min(1),
  SenderDesc: z.string().optional(),
  Description: z.string().optional(),
  ReceiverName: z.string().min(1),
  ReceiverAddress: z.string().min(1),
  ReceiverTel: z.string().min(1),
  ReceiverProvince: z.int(),
  ReceiverDistrict: z.int().optional(),
  ReceiverEmail: z.string().optional(),
  /** LGSP form only. */
  ItemCode: z.string().min(1).optional(),
  FlagConfig: z.int().optional(),
});

export type ReadOrder = { readonly order: z.output<typeof order> } | { readonly missing: string | null };

/** The order, or the first field that is missing or wrong; null when the body is no JSON at all. */
export function readOrder(body: string): ReadOrder {
  const words = wordsOf(body);
  if (words === undefined) return { missing: null };
  const parsed = order.safeParse(words);
  return parsed.success ? { order: parsed.data } : { missing: String(parsed.error.issues[0]?.path[0] ?? 'JSON') };
}

export function wordsOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // refused by the schema that looks at it next
  }
}
