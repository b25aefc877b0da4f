import { collectedByPostVnd, type PostalOrder } from '../../src/domain/postal-order.ts';
import type { PostalParty } from '../../src/domain/postal-address.ts';
import { contentsInWords, instructionsInWords } from '../../src/domain/postal-words.ts';
import type { Mapping } from './mapping.ts';

type Value = string | number;
export type Values = Readonly<Record<string, Value>>;
type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What a template may name: `orderNumber leg codVnd weightG contents instructions`, and for `sender` and `recipient` `.name .phone .email .line .province .commune`. */
export function valuesOf({ orderNumber, leg, detail }: PostalOrder, mapping: Mapping): Values {
  return {
    orderNumber,
    leg,
    codVnd: collectedByPostVnd(detail.fees),
    weightG: detail.weightG ?? 0,
    contents: contentsInWords(detail.contents),
    instructions: instructionsInWords(detail),
    ...partyValues('sender', detail.sender, mapping),
    ...partyValues('recipient', detail.recipient, mapping),
  };
}

function partyValues(prefix: string, { name, phone, email, address }: PostalParty, { provinces, communes }: Mapping): Values {
  const { line, provinceCode, communeCode } = address;
  return {
    [`${prefix}.name`]: name,
    [`${prefix}.phone`]: phone,
    [`${prefix}.email`]: email ?? '',
    [`${prefix}.line`]: line,
    [`${prefix}.province`]: provinces === undefined ? provinceCode : (provinces[provinceCode] ?? ''),
    [`${prefix}.commune`]: communes === undefined ? (communeCode ?? '') : (communes[communeCode ?? ''] ?? ''),
  };
}

const NAME = /\{([\w.]+)\}/g;

/** A text that is one name alone becomes its value with its type; names inside a text are written into it. What is no name stays. */
export function fill(template: Json, values: Values): Json {
  if (typeof template === 'string') {
    const alone = /^\{([\w.]+)\}$/.exec(template)?.[1];
    if (alone !== undefined && Object.hasOwn(values, alone)) return values[alone] ?? null;
    return template.replace(NAME, (token, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : token));
  }
  if (template === null || typeof template !== 'object') return template;
  if (Array.isArray(template)) return template.map((entry: Json) => fill(entry, values));
  return Object.fromEntries(Object.entries(template).map(([key, entry]) => [key, fill(entry, values)]));
}

/** Into an address: every value percent-encoded. */
export function fillPath(path: string, values: Values): string {
  return path.replace(NAME, (token, name: string) => (Object.hasOwn(values, name) ? encodeURIComponent(String(values[name])) : token));
}

/** RFC 6901; undefined where there is nothing. */
export function at(json: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, key) => (typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined), json);
}
