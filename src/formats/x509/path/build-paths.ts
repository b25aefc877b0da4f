import { isSelfIssued, type Certificate } from '../certificate.ts';
import type { Name } from '../name.ts';
import type { Chain, PathAnchor } from './chain.ts';
import type { PathRules } from './rules.ts';
import type { SignatureBook } from './signatures.ts';

/** A complete path, or a way that ended before an anchor, with the reason. */
export type Candidate = { readonly chain: Chain } | { readonly deadEnd: readonly Certificate[]; readonly reason: string };

export interface BuildInput {
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
  readonly anchors: readonly PathAnchor[];
  readonly rules: PathRules;
  readonly at: Date;
  readonly book: SignatureBook;
}

interface Issuer {
  readonly certificate: Certificate;
  readonly anchor: PathAnchor | null;
}

/** Ways tried in one search: memoised signatures would otherwise let a graph of cross-signed names branch without end. */
const MAX_STEPS = 5_000;
const MAX_LENGTH = 40;

/**
 * Every way from the leaf up to an anchor, the most promising first: an anchor before an intermediate, a matching key identifier before
 * none, valid before expired. A name with the same key never stands twice in a path, so loops end.
 * @see RFC 4158 §3
 */
export function* candidatePaths(input: BuildInput): Generator<Candidate> {
  const issuers = indexBySubject(input);
  const steps = { left: MAX_STEPS };
  for (const anchor of input.anchors) {
    if (anchor.certificate.sha256Hex === input.leaf.sha256Hex && (anchor.direct === true || mayBeAnchor(input))) yield { chain: { certificates: [input.leaf], anchor } };
  }
  yield* extend([input.leaf], issuers, input, steps);
}

function mayBeAnchor({ leaf, rules, book }: BuildInput): boolean {
  if (rules.leaf.asAnchor !== 'self-signed-only') return rules.leaf.asAnchor === 'accepted';
  return isSelfIssued(leaf) && book.verdict(leaf, leaf) === 'right';
}

function* extend(path: readonly Certificate[], issuers: ReadonlyMap<string, readonly Issuer[]>, input: BuildInput, steps: { left: number }): Generator<Candidate> {
  const child = path[path.length - 1] ?? input.leaf;
  const found = (issuers.get(keyOf(child.issuerName)) ?? []).filter(({ certificate }) => !stands(path, certificate));
  if (found.length === 0) yield { deadEnd: path, reason: `no certificate of the issuer “${child.issuer}” is known` };
  for (const { certificate, anchor } of inOrder(found, child, input.at)) {
    const verdict = --steps.left < 0 ? 'exhausted' : input.book.verdict(child, certificate);
    if (verdict === 'exhausted') {
      yield { deadEnd: path, reason: `the search was given up after ${input.book.checks} signature checks and ${MAX_STEPS - Math.max(0, steps.left)} steps` };
      return;
    }
    if (verdict === 'wrong' || verdict === 'unsupported') {
      yield { deadEnd: [...path, certificate], reason: WORDS[verdict](child) };
      continue;
    }
    const longer = [...path, certificate];
    if (anchor !== null) yield { chain: { certificates: longer, anchor } };
    else if (tooLong(longer, input.rules)) yield { deadEnd: longer, reason: `the path is longer than ${input.rules.maxIntermediates} CA certificates` };
    else yield* extend(longer, issuers, input, steps);
  }
}

const WORDS = {
  wrong: (child: Certificate): string => `the signature of “${child.subject}” is not made with this issuer's key`,
  unsupported: (child: Certificate): string => `the signature of “${child.subject}” or its issuer's key uses an algorithm that is not supported`,
} as const;

function tooLong(path: readonly Certificate[], rules: PathRules): boolean {
  return path.length > MAX_LENGTH || path.slice(1).filter((certificate) => !isSelfIssued(certificate)).length > rules.maxIntermediates;
}

/** The same certificate, or the same name with the same key, already stands in the path. */
function stands(path: readonly Certificate[], issuer: Certificate): boolean {
  return path.some((certificate) => keyOf(certificate.subjectName) === keyOf(issuer.subjectName) && Buffer.compare(certificate.spkiDer, issuer.spkiDer) === 0);
}

function indexBySubject({ anchors, intermediates }: BuildInput): ReadonlyMap<string, readonly Issuer[]> {
  const index = new Map<string, Issuer[]>();
  const seen = new Set<string>();
  const add = (certificate: Certificate, anchor: PathAnchor | null): void => {
    // Two sets may trust the same certificate for different times: each is a way of its own.
    if (anchor === null && seen.has(certificate.sha256Hex)) return;
    seen.add(certificate.sha256Hex);
    const key = keyOf(certificate.subjectName);
    const list = index.get(key);
    if (list === undefined) index.set(key, [{ certificate, anchor }]);
    else list.push({ certificate, anchor });
  };
  for (const anchor of anchors) add(anchor.certificate, anchor);
  for (const certificate of intermediates) add(certificate, null);
  return index;
}

function inOrder(issuers: readonly Issuer[], child: Certificate, at: Date): readonly Issuer[] {
  const score = ({ certificate, anchor }: Issuer): number =>
    keyIdScore(child, certificate) * 4 + (anchor === null ? 0 : 2) + (at >= certificate.notBefore && at <= certificate.notAfter ? 1 : 0);
  return issuers.length < 2 ? issuers : [...issuers].sort((a, b) => score(b) - score(a));
}

/** Key identifiers are hints (RFC 5280 §4.2.1.1): a mismatch sorts last, it does not exclude. */
function keyIdScore(child: Certificate, issuer: Certificate): number {
  const wanted = child.authorityKeyId?.keyId ?? null;
  if (wanted === null || issuer.subjectKeyId === null) return 1;
  return Buffer.compare(wanted, issuer.subjectKeyId) === 0 ? 2 : 0;
}

function keyOf(name: Name): string {
  return name.canonical.join('\u0001');
}
