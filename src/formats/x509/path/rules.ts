import type { AlgorithmPolicy } from '../../algorithms/policy.ts';
import { ANY_POLICY, EKU, type KeyUsageName } from '../extensions.ts';

/** What extendedKeyUsage of one kind of certificate must say. */
export interface PurposeDemand {
  /** Dotted OIDs, one of which must be present; empty: no demand. */
  readonly anyOf: readonly string[];
  /** What an absent extension means: RFC 5280 §4.2.1.12 leaves the key unrestricted then. */
  readonly absent: 'accepted' | 'refused';
  /** Whether anyExtendedKeyUsage stands for the purpose. */
  readonly acceptAny: boolean;
  /** Dotted OIDs that must not stand beside. */
  readonly forbidden: readonly string[];
  /** Whether nothing but `anyOf` may stand there (RFC 3161 §2.3 for timestamping). */
  readonly only: boolean;
  /** Whether the extension must be critical (RFC 3161 §2.3). */
  readonly critical: boolean;
}

/** How to validate: settings of RFC 5280 §6.1.1 and of the signature policy, handed in as frozen data. */
export interface PathRules {
  readonly leaf: {
    /** One of these bits, where the extension is present; empty: no demand. */
    readonly keyUsage: readonly KeyUsageName[];
    /** Exactly these bits, in an extension that is present; null: no such demand. */
    readonly onlyKeyUsage: readonly KeyUsageName[] | null;
    readonly purpose: PurposeDemand | null;
    readonly mayBeCa: boolean;
    /** Whether the leaf may itself be the trust anchor. */
    readonly asAnchor: 'refused' | 'accepted' | 'self-signed-only';
  };
  /** Purposes chained through CA certificates: an issuer that lists purposes must list this one. */
  readonly issuerPurpose: PurposeDemand | null;
  readonly anchors: {
    /** Dates of the anchor's own certificate. */
    readonly validity: boolean;
    /** Its extensions, as RFC 5937 has it: constraints, policies, key usage. */
    readonly constraints: boolean;
    /** An anchor of version 3 must say that it is a CA. */
    readonly basicConstraints: boolean;
  };
  readonly algorithms: AlgorithmPolicy;
  readonly policies: {
    /** Dotted OIDs, or anyPolicy alone. */
    readonly initialSet: readonly string[];
    readonly explicitPolicy: boolean;
    readonly inhibitMapping: boolean;
    readonly inhibitAnyPolicy: boolean;
  };
  /** `chain`: an issuer must have been valid when it issued, not when the signature is judged. */
  readonly model: 'shell' | 'chain';
  /** What becomes of certificates that break a duty of the issuer which validation itself does not need (RFC 5280 §4.1, §4.2). */
  readonly profile: 'fail' | 'warn' | 'ignore';
  /** Critical extensions that the caller processes itself. */
  readonly processedExtensions: readonly string[];
  /** Rules on what the leaf is for that a policy does not make a condition: what their check says instead of `failed`. */
  readonly waived: Readonly<Partial<Record<'leaf-usage' | 'path-purpose', 'warning' | 'skipped'>>>;
  /** CA certificates between leaf and anchor, self-issued ones not counted. */
  readonly maxIntermediates: number;
}

export const NO_PURPOSE: PurposeDemand = { anyOf: [], absent: 'accepted', acceptAny: true, forbidden: [], only: false, critical: false };

/** A demand that every certificate that lists purposes lists one of these. */
export function purposeOf(...anyOf: readonly string[]): PurposeDemand {
  return { ...NO_PURPOSE, anyOf };
}

/** RFC 3161 §2.3: timestamping alone, critical. */
export const TIMESTAMP_PURPOSE: PurposeDemand = { anyOf: [EKU.TIME_STAMPING], absent: 'refused', acceptAny: false, forbidden: [], only: true, critical: true };

/** The part of the rules that no policy file need repeat: RFC 5280's own defaults. */
export function pathRules(algorithms: AlgorithmPolicy, overrides: Partial<Omit<PathRules, 'algorithms'>> = {}): PathRules {
  return {
    leaf: { keyUsage: [], onlyKeyUsage: null, purpose: null, mayBeCa: true, asAnchor: 'refused' },
    issuerPurpose: null,
    anchors: { validity: true, constraints: true, basicConstraints: false },
    algorithms,
    policies: { initialSet: [ANY_POLICY], explicitPolicy: false, inhibitMapping: false, inhibitAnyPolicy: false },
    model: 'shell',
    profile: 'warn',
    processedExtensions: [],
    waived: {},
    maxIntermediates: 12,
    ...overrides,
  };
}
