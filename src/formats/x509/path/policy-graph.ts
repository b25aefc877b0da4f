import { isSelfIssued, type Certificate } from '../certificate.ts';
import { ANY_POLICY } from '../extensions.ts';
import { leafOf, type Chain, type Fault } from './chain.ts';
import type { PathRules } from './rules.ts';

/**
 * Certificate policies of a path. The tree of RFC 5280 §6.1.2 grows exponentially under hostile mappings; this is the graph of RFC 9618,
 * one node per policy and depth, with the same answers.
 */
interface Node {
  readonly policy: string;
  readonly parents: Set<Node>;
  expected: ReadonlySet<string>;
}

type Level = Map<string, Node>;

interface State {
  /** Nodes of the current depth; empty is RFC 5280's NULL tree. */
  level: Level;
  explicitPolicy: number;
  policyMapping: number;
  inhibitAny: number;
}

export interface PolicyOutcome {
  /** Policies of the anchor's domain that the path holds for and the caller accepts; anyPolicy alone when unrestricted. */
  readonly policies: readonly string[];
  readonly faults: readonly Fault[];
}

/** @see RFC 5280 §6.1.3 (d)–(f), §6.1.4 (a), (b), (h)–(j), §6.1.5 (a), (b), (g); RFC 9618 §5 */
export function processPolicies(chain: Chain, rules: PathRules): PolicyOutcome {
  const counted = rules.anchors.constraints || chain.certificates.length === 1 ? chain.certificates : chain.certificates.slice(0, -1);
  const path = counted.toReversed();
  const state = initialState(path.length, rules);
  const faults: Fault[] = [];
  for (const certificate of path) {
    const isLeaf = certificate === leafOf(chain);
    // RFC 5937 §3: an anchor that names no policies restricts none.
    if (certificate !== chain.anchor.certificate || certificate.policies !== null) state.level = nextLevel(state, certificate, isLeaf);
    if (state.explicitPolicy === 0 && state.level.size === 0) faults.push({ certificate, text: 'leaves no valid certificate policy where one is required' });
    if (!isLeaf) faults.push(...prepareNext(state, certificate));
  }
  return wrapUp(chain, rules, state, faults);
}

function initialState(depth: number, { policies }: PathRules): State {
  const root: Node = { policy: ANY_POLICY, parents: new Set(), expected: new Set([ANY_POLICY]) };
  return {
    level: new Map([[ANY_POLICY, root]]),
    explicitPolicy: policies.explicitPolicy ? 0 : depth + 1,
    policyMapping: policies.inhibitMapping ? 0 : depth + 1,
    inhibitAny: policies.inhibitAnyPolicy ? 0 : depth + 1,
  };
}

/** §6.1.3 (d), (e). */
function nextLevel(state: State, certificate: Certificate, isLeaf: boolean): Level {
  const next: Level = new Map();
  if (certificate.policies === null) return next;
  const expecting = parentsByExpectation(state.level);
  const any = state.level.get(ANY_POLICY);
  for (const policy of certificate.policies) {
    if (policy === ANY_POLICY) continue;
    const parents = expecting.get(policy) ?? (any === undefined ? [] : [any]);
    if (parents.length > 0) next.set(policy, { policy, parents: new Set(parents), expected: new Set([policy]) });
  }
  const anyCounts = state.inhibitAny > 0 || (!isLeaf && isSelfIssued(certificate));
  if (!anyCounts || !certificate.policies.includes(ANY_POLICY)) return next;
  for (const [policy, parents] of expecting) {
    if (!next.has(policy)) next.set(policy, { policy, parents: new Set(parents), expected: new Set([policy]) });
  }
  return next;
}

function parentsByExpectation(level: Level): Map<string, Node[]> {
  const expecting = new Map<string, Node[]>();
  for (const node of level.values()) {
    for (const policy of node.expected) {
      const parents = expecting.get(policy);
      if (parents === undefined) expecting.set(policy, [node]);
      else parents.push(node);
    }
  }
  return expecting;
}

/** §6.1.4 (a), (b), (h), (i), (j). */
function prepareNext(state: State, certificate: Certificate): Fault[] {
  const mappings = certificate.policyMappings;
  const mapsAny = mappings.some(({ issuerDomain, subjectDomain }) => issuerDomain === ANY_POLICY || subjectDomain === ANY_POLICY);
  applyMappings(state, mappings);
  if (!isSelfIssued(certificate)) {
    state.explicitPolicy = Math.max(0, state.explicitPolicy - 1);
    state.policyMapping = Math.max(0, state.policyMapping - 1);
    state.inhibitAny = Math.max(0, state.inhibitAny - 1);
  }
  const { policyConstraints, inhibitAnyPolicy } = certificate;
  state.explicitPolicy = Math.min(state.explicitPolicy, policyConstraints?.requireExplicitPolicy ?? Infinity);
  state.policyMapping = Math.min(state.policyMapping, policyConstraints?.inhibitPolicyMapping ?? Infinity);
  state.inhibitAny = Math.min(state.inhibitAny, inhibitAnyPolicy ?? Infinity);
  return mapsAny ? [{ certificate, text: 'maps anyPolicy' }] : [];
}

function applyMappings(state: State, mappings: Certificate['policyMappings']): void {
  const targets = new Map<string, Set<string>>();
  for (const { issuerDomain, subjectDomain } of mappings) targets.set(issuerDomain, (targets.get(issuerDomain) ?? new Set()).add(subjectDomain));
  const any = state.level.get(ANY_POLICY);
  for (const [policy, expected] of targets) {
    const node = state.level.get(policy);
    if (state.policyMapping === 0) state.level.delete(policy);
    else if (node !== undefined) node.expected = expected;
    else if (any !== undefined) state.level.set(policy, { policy, parents: new Set(any.parents), expected });
  }
}

/** §6.1.5 (a), (b), (g). */
function wrapUp(chain: Chain, rules: PathRules, state: State, faults: Fault[]): PolicyOutcome {
  const leaf = leafOf(chain);
  const required = Math.max(0, state.explicitPolicy - 1) === 0 || leaf.policyConstraints?.requireExplicitPolicy === 0;
  const policies = userConstrained(state.level, rules.policies.initialSet);
  const failed = required && policies.length === 0 && faults.length === 0;
  return { policies, faults: failed ? [{ certificate: leaf, text: 'holds none of the certificate policies that are required' }] : faults };
}

/** Policies of the anchor's domain: nodes below an anyPolicy node, on a way that reaches the leaf. */
function userConstrained(level: Level, initialSet: readonly string[]): string[] {
  const found = new Set<string>();
  const seen = new Set<Node>();
  const walk = [...level.values()];
  for (let node = walk.pop(); node !== undefined; node = walk.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.policy === ANY_POLICY) continue;
    for (const parent of node.parents) {
      if (parent.policy === ANY_POLICY) found.add(node.policy);
      else walk.push(parent);
    }
  }
  const unrestricted = initialSet.includes(ANY_POLICY);
  if (level.has(ANY_POLICY)) return unrestricted ? [ANY_POLICY] : [...initialSet];
  return [...found].filter((policy) => unrestricted || initialSet.includes(policy));
}
