import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { GatewayError } from '../../src/domain/errors.ts';
import { CONSTRAINT_LEVELS, CONSTRAINTS, type ConstraintName, type Constraints } from '../../src/formats/ades/constraints.ts';
import type { AlgorithmPolicy } from '../../src/formats/algorithms/policy.ts';
import type { PathRules } from '../../src/formats/x509/path/rules.ts';
import type { RevocationRules } from '../../src/formats/x509/path/revocation.ts';

/** A policy file as frozen data; its digest is named in every report, so that a verdict can be traced to the rules it was given under. */
export interface PolicyFile {
  readonly id: string;
  readonly version: string;
  /** Lower-case hexadecimal SHA-256 of the file. */
  readonly sha256: string;
  readonly algorithms: AlgorithmPolicy;
  readonly path: Pick<PathRules, 'profile' | 'model' | 'maxIntermediates' | 'anchors'>;
  readonly revocation: RevocationRules;
  readonly constraints: Constraints;
  readonly signing: { readonly revocationUnavailable: 'refuse' | 'warn'; readonly rsaScheme: 'pkcs1' | 'pss' };
}

/** The policies that come with the gateway. */
export const POLICY_NAMES = ['default', 'strict', 'vietnam'] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/** Reads now. @throws FILE_NOT_READABLE, CONFIG_INVALID */
export function loadPolicy(name: PolicyName): PolicyFile {
  return loadPolicyFile(fileURLToPath(new URL(`./${name}.json`, import.meta.url)));
}

/** A policy of the operator's own. Reads now. @throws FILE_NOT_READABLE, CONFIG_INVALID naming the field */
export function loadPolicyFile(path: string): PolicyFile {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new GatewayError('FILE_NOT_READABLE', `The policy file ${path} cannot be read`, { cause });
  }
  return readPolicy(bytes, path);
}

const day = z.iso.date().nullable();
const DIGESTS = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha512-224', 'sha512-256', 'sha3-224', 'sha3-256', 'sha3-384', 'sha3-512', 'shake256'] as const;

// All names, none besides: a policy that leaves a constraint out, or misspells one, would weaken without anybody having decided so.
const CONSTRAINT_NAMES = Object.keys(CONSTRAINTS) as [ConstraintName, ...ConstraintName[]];

const SCHEMA = z.strictObject({
  id: z.string().min(1).max(100),
  version: z.string().min(1).max(20),
  sources: z.array(z.string()).optional(),
  algorithms: z.strictObject({
    digests: z.partialRecord(z.enum(DIGESTS), day),
    keys: z.array(z.strictObject({ type: z.enum(['RSA', 'RSA-PSS', 'EC', 'DSA', 'Ed25519', 'Ed448']), minBits: z.int().min(0), until: day })),
  }),
  path: z.strictObject({
    profile: z.enum(['fail', 'warn', 'ignore']),
    model: z.enum(['shell', 'chain']),
    maxIntermediates: z.int().min(0).max(20),
    anchors: z.strictObject({ validity: z.boolean(), constraints: z.boolean(), basicConstraints: z.boolean() }),
  }),
  revocation: z.strictObject({
    maxAgeHours: z.number().positive().nullable(),
    skewMinutes: z.number().min(0).max(60),
    scope: z.enum(['leaf', 'chain']),
    profile: z.enum(['fail', 'ignore']),
    slidesTo: z.enum(['thisUpdate', 'nextUpdate']).default('nextUpdate'),
  }),
  constraints: z.record(z.enum(CONSTRAINT_NAMES), z.enum(CONSTRAINT_LEVELS)),
  signing: z.strictObject({ revocationUnavailable: z.enum(['refuse', 'warn']).default('refuse'), rsaScheme: z.enum(['pkcs1', 'pss']).default('pkcs1') }).prefault({}),
});

function readPolicy(bytes: Uint8Array, path: string): PolicyFile {
  const parsed = SCHEMA.safeParse(jsonOf(bytes, path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new GatewayError('CONFIG_INVALID', `The policy file ${path} is not valid at ${issue?.path.join('.') || 'its root'}: ${issue?.message ?? 'unknown reason'}`);
  }
  const { id, version, algorithms, path: pathRules, revocation, constraints, signing } = parsed.data;
  // Larger sizes first, so that the first row that fits is the one meant.
  const keys = algorithms.keys.toSorted((a, b) => b.minBits - a.minBits);
  return {
    id,
    version,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    algorithms: { digests: algorithms.digests, keys },
    path: pathRules,
    constraints,
    signing,
    revocation: {
      maxAgeMs: revocation.maxAgeHours === null ? null : revocation.maxAgeHours * 3_600_000,
      skewMs: revocation.skewMinutes * 60_000,
      scope: revocation.scope,
      profile: revocation.profile,
      slidesTo: revocation.slidesTo,
      algorithms: { digests: algorithms.digests, keys },
    },
  };
}

function jsonOf(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `The policy file ${path} is not JSON`, { cause });
  }
}
