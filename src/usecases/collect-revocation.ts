import { joinMaterial, type CertificateQuestion, type RevocationMaterial } from '../formats/ades/context.ts';
import { isSelfIssued, type Certificate } from '../formats/x509/certificate.ts';
import { checkRevocation } from '../formats/x509/path/revocation.ts';
import { validatePath, type PathResult } from '../formats/x509/path/validate-path.ts';
import { attempt, checkNotCancelled, MAX_URLS, note, type CollectRequest, type Run } from './collecting-run.ts';
import { findStatus, isDecided } from './find-status.ts';
import { revocationLookup, type LookupPorts } from './revocation-lookup.ts';

export interface Collected {
  /** Issuers that were missing. */
  readonly certificates: readonly Certificate[];
  readonly revocation: RevocationMaterial;
  /** SHA-256 of a certificate → what could not be fetched about it or its issuer, in words with the address. */
  readonly unfetched: ReadonlyMap<string, readonly string[]>;
}

/** Looks for what a validation missed. Decides nothing: the validation is run again with what was found. */
export interface RevocationCollector {
  /** Does not throw for what cannot be fetched: that is part of the answer. @throws CANCELLED */
  collect(request: CollectRequest): Promise<Collected>;
}

/** Per call, and how long new addresses are begun; then steps from one missing issuer to the next. */
const MAX_FETCHES = 60;
const MAX_BEGIN_MS = 30_000;
const MAX_ISSUER_STEPS = 4;

/**
 * A collector with its memory: issuers that are missing by AIA; then for every certificate of a path to an anchor, whose status the
 * information at hand leaves open, OCSP first and CRLs after it; for responders without nocheck, the CRLs that speak of them.
 * Only certificates that lead to an anchor have their status asked for.
 * @see RFC 5280 §4.2.2.1, §6.3; RFC 6960 §4.2.2.2.1
 */
export function createRevocationCollector(ports: LookupPorts): RevocationCollector {
  const lookup = revocationLookup(ports);
  return {
    async collect(request) {
      const begun = ports.clock.now().getTime();
      const budget = { left: MAX_FETCHES, isOver: () => ports.clock.now().getTime() - begun > MAX_BEGIN_MS };
      const run: Run = { request, lookup, budget, certificates: new Set(), crls: new Set(), ocsps: new Set(), unfetched: new Map() };
      await Promise.all(distinct(request.questions).map((question) => answer(question, run)));
      checkNotCancelled(request);
      return collectedBy(run);
    },
  };
}

/** The same certificate asked about for the same purpose and time, as by the signatures of one signer, is looked after once. */
function distinct(questions: readonly CertificateQuestion[]): readonly CertificateQuestion[] {
  const first = new Map(questions.map((question) => [`${question.certificate.sha256Hex} ${question.at.getTime()} ${question.rules.leaf.purpose?.anyOf.join() ?? ''}`, question]));
  return [...first.values()];
}

function collectedBy({ request, certificates, crls, ocsps, unfetched }: Run): Collected {
  const known = new Set([...request.certificates, ...request.revocation.crls.map(({ crl }) => crl), ...request.revocation.ocsps.map(({ ocsp }) => ocsp)].map(({ sha256Hex }) => sha256Hex));
  const isNew = ({ sha256Hex }: { readonly sha256Hex: string }): boolean => !known.has(sha256Hex);
  return {
    certificates: [...certificates].filter(isNew),
    revocation: {
      crls: [...crls].filter(isNew).map((crl) => ({ source: 'fetched', crl })),
      ocsps: [...ocsps].filter(isNew).map((ocsp) => ({ source: 'fetched', ocsp })),
    },
    unfetched,
  };
}

async function answer(question: CertificateQuestion, run: Run): Promise<void> {
  const { chain, anchor } = await completePath(question, run);
  if (anchor === null) return;
  const { request } = run;
  const material = joinMaterial(question.embedded, request.revocation);
  const { statuses } = checkRevocation({
    chain: { certificates: chain, anchor },
    crls: material.crls.map(({ crl }) => crl),
    ocsps: material.ocsps.map(({ ocsp }) => ocsp),
    certificates: [...question.carried, ...request.certificates],
    at: question.at,
    now: request.now,
    rules: request.rules,
  });
  const issuerOf = (index: number): Certificate => chain[index + 1] ?? anchor.certificate;
  const open = statuses.flatMap((status, index) => (isDecided(status) ? [] : [{ certificate: status.certificate, issuer: issuerOf(index), anchor, question }]));
  await Promise.all(open.map((asked) => findStatus(asked, run)));
}

/** The path, with issuers fetched where one ends before an anchor; each address once, so that loops end. */
async function completePath(question: CertificateQuestion, run: Run): Promise<PathResult> {
  const tried = new Set<string>();
  for (let step = 0; ; step++) {
    const intermediates = [...question.carried, ...run.request.certificates, ...run.certificates];
    const path = validatePath({ leaf: question.certificate, intermediates, anchors: question.anchors, at: question.at, rules: question.rules });
    if (path.anchor !== null || question.anchors.length === 0 || step >= MAX_ISSUER_STEPS) return path;
    const urls = endsOf(path, question).flatMap(({ caIssuersUrls }) => caIssuersUrls.slice(0, MAX_URLS)).filter((url) => !tried.has(url)).slice(0, MAX_URLS);
    if (urls.length === 0) return path;
    for (const url of urls) tried.add(url);
    await Promise.all(urls.map((url) => fetchIssuers(url, question.certificate, run)));
  }
}

/** Where the search for an issuer stopped. */
function endsOf({ refused }: PathResult, { certificate }: CertificateQuestion): readonly Certificate[] {
  const ends = refused.flatMap(({ certificates }) => certificates.at(-1) ?? []);
  return [...new Set([...ends, certificate])].filter((end) => !isSelfIssued(end));
}

async function fetchIssuers(url: string, certificate: Certificate, run: Run): Promise<void> {
  const failures: string[] = [];
  const found = await attempt(url, failures, run, () => run.lookup.issuers(url));
  for (const issuer of found ?? []) run.certificates.add(issuer);
  note(certificate, failures.map((failure) => `An issuer could not be fetched: ${failure}`), run);
}
