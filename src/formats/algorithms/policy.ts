import type { DigestName } from './digests.ts';
import type { KeyType } from './public-key.ts';

/**
 * Which algorithms may be relied on, and until when, as frozen data. What is not listed may never be relied on.
 * @see ETSI TS 119 312, EN 319 102-1 V1.4.1 §5.2.8
 */
export interface AlgorithmPolicy {
  /** ISO 8601 day from which the digest may no longer be relied on; null: no end in sight. */
  readonly digests: Readonly<Partial<Record<DigestName, string | null>>>;
  /** The first row that fits type and size decides. Largest `minBits` of a type first. */
  readonly keys: readonly KeyRule[];
}

export interface KeyRule {
  readonly type: KeyType;
  readonly minBits: number;
  readonly until: string | null;
}

export interface AlgorithmUse {
  /** Null for Ed25519 and Ed448. */
  readonly digest: DigestName | null;
  readonly keyType: KeyType;
  readonly keyBits: number;
}

/** Why the policy forbids relying on these algorithms at that time, in words; null when it allows it. */
export function algorithmFault(policy: AlgorithmPolicy, use: AlgorithmUse, at: Date): string | null {
  return digestFault(policy, use.digest, at) ?? keyFault(policy, use.keyType, use.keyBits, at);
}

export function digestFault(policy: AlgorithmPolicy, digest: DigestName | null, at: Date): string | null {
  if (digest === null) return null;
  const until = policy.digests[digest];
  if (until === undefined) return `digest ${digest} is not accepted`;
  return isOver(until, at) ? `digest ${digest} is not accepted since ${until}` : null;
}

export function keyFault(policy: AlgorithmPolicy, type: KeyType, bits: number, at: Date): string | null {
  const rule = policy.keys.find((row) => row.type === type && bits >= row.minBits);
  if (rule === undefined) return `${type} key of ${bits} bits is not accepted`;
  return isOver(rule.until, at) ? `${type} key of ${bits} bits is not accepted since ${rule.until}` : null;
}

function isOver(until: string | null, at: Date): boolean {
  return until !== null && at.getTime() >= Date.parse(until);
}

/** From when on the policy no longer relies on these algorithms; null: no end in sight. What it never relied on has no end either. */
export function reliableUntil(policy: AlgorithmPolicy, { digest, keyType, keyBits }: AlgorithmUse): Date | null {
  const days = [digest === null ? null : policy.digests[digest], policy.keys.find((row) => row.type === keyType && keyBits >= row.minBits)?.until];
  const ends = days.flatMap((day) => (day === null || day === undefined ? [] : [Date.parse(day)]));
  return ends.length === 0 ? null : new Date(Math.min(...ends));
}
