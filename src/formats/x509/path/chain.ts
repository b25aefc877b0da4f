import type { SubIndication } from '../../../domain/validation-report.ts';
import type { TrustWindow } from '../../../domain/trust-window.ts';
import { isSelfIssued, type Certificate } from '../certificate.ts';
import type { PathRules } from './rules.ts';

export interface PathAnchor {
  readonly certificate: Certificate;
  /** Name of the set of anchors it comes from. */
  readonly set: string;
  /** When it may be relied on; absent: whenever asked. */
  readonly windows?: readonly TrustWindow[] | undefined;
  /** Whether it may be the leaf itself although `leaf.asAnchor` says no. */
  readonly direct?: boolean | undefined;
}

/**
 * A complete path, leaf first, anchor last; a single certificate when the leaf is the anchor.
 * RFC 5280 §6 counts the other way: its certificate 1 is the one the anchor issued.
 */
export interface Chain {
  readonly certificates: readonly Certificate[];
  readonly anchor: PathAnchor;
}

/** One thing wrong with one certificate of a path. */
export interface Fault {
  readonly certificate: Certificate;
  readonly text: string;
}

/** One rule of path validation: it answers with every fault it finds, none when the path keeps the rule. */
export interface PathCheck {
  readonly name: string;
  readonly clause: string;
  /** What EN 319 102-1 §5.2.6 calls a path that breaks it. */
  readonly subIndication: SubIndication;
  readonly faults: (chain: Chain, rules: PathRules, at: Date) => Fault[];
}

export function leafOf(chain: Chain): Certificate {
  return chain.certificates[0] ?? chain.anchor.certificate;
}

/** Certificates that issue others in this path: without the leaf; with the anchor only where its constraints count. */
export function issuersOf(chain: Chain, rules: PathRules): readonly Certificate[] {
  return rules.anchors.constraints ? chain.certificates.slice(1) : chain.certificates.slice(1, -1);
}

/** Every certificate whose extensions count, leaf first. */
export function constrainedOf(chain: Chain, rules: PathRules): readonly Certificate[] {
  return [leafOf(chain), ...issuersOf(chain, rules)];
}

/** Self-issued and not the leaf: exempt from name constraints and path length (RFC 5280 §6.1.3 (b), §6.1.4 (l)). */
export function isRollover(chain: Chain, certificate: Certificate): boolean {
  return certificate !== leafOf(chain) && isSelfIssued(certificate);
}
