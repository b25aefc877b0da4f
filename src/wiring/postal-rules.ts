import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { GatewayError } from '../domain/errors.ts';
import { NO_PLACES } from '../domain/places.ts';
import { POSTAL_LIMITS } from '../domain/postal-limits.ts';
import { DEFAULT_POSTAL_RULES, type PostalRules } from '../domain/postal-rules.ts';

/** Rules of the post as the operator's file states them: each with its legal basis and the days from and until which it holds. */
const validity = { validFrom: z.iso.date(), validTo: z.iso.date().nullable().default(null) };
const limits = z.strictObject({
  legalBasis: z.string().min(1),
  ...validity,
  deliverWithinDays: z.int().min(0).max(60),
  deliverWithAppointmentDays: z.int().min(0).max(60),
  attemptsBeforeReturn: z.int().min(1).max(10),
  daysBetweenAttempts: z.int().min(0).max(30),
});
const holiday = z.strictObject({ date: z.iso.date(), name: z.string().min(1), legalBasis: z.string().min(1) });
const province = z.strictObject({ code: z.string().min(1).max(20), name: z.string().min(1).max(100), ...validity });
const places = z.strictObject({ version: z.string().min(1).max(200), provinces: z.array(province).min(1).max(1_000), communes: z.array(province.extend({ provinceCode: z.string().min(1).max(20) })).max(50_000).default([]) });
const rulesFile = z.strictObject({
  limits: z.array(limits).min(1).max(100).optional(),
  holidays: z.array(holiday).max(2_000).default([]),
  /** The list of places, in a file of its own; its path is relative to this one. */
  placesFile: z.string().optional(),
});

/** @throws CONFIG_INVALID naming the file and the field */
export function readPostalRules(path: string | undefined): PostalRules {
  if (path === undefined) return DEFAULT_POSTAL_RULES;
  const rules = read(path, rulesFile);
  return {
    limits: rules.limits ?? POSTAL_LIMITS,
    holidays: new Set(rules.holidays.map(({ date }) => date)),
    places: rules.placesFile === undefined ? NO_PLACES : read(resolve(dirname(path), rules.placesFile), places),
  };
}

function read<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(jsonOf(path));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.slice(0, 20).map((issue) => ({ pointer: `/${issue.path.join('/')}`, detail: issue.message }));
  throw new GatewayError('CONFIG_INVALID', `The post’s rules in ${path} are not right: ${faults.map(({ pointer, detail }) => `${pointer} ${detail}`).join(', ')}`, { faults });
}

function jsonOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `The post’s rules cannot be read as JSON from ${path}`, { cause });
  }
}
