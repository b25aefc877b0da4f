import { GatewayError, isGatewayError } from '../domain/errors.ts';
import { joinMaterial, type CertificateQuestion, type RevocationMaterial } from '../formats/ades/context.ts';
import type { Crl } from '../formats/crl/read-crl.ts';
import type { OcspResponse } from '../formats/ocsp/read-ocsp-response.ts';
import { isSelfIssued, type Certificate } from '../formats/x509/certificate.ts';
import { checkRevocation, type CertificateStatus, type RevocationRules } from '../formats/x509/path/revocation.ts';
import { distributionUrls } from '../formats/x509/extensions.ts';
import { validatePath, type PathResult } from '../formats/x509/path/validate-path.ts';
import type { Chain } from '../formats/x509/path/chain.ts';
import { revocationLookup, type LookupPorts, type RevocationLookup } from './revocation-lookup.ts';

export interface CollectRequest {
  readonly questions: readonly CertificateQuestion[];
  /** The time for which is validated. */
  readonly now: Date;
  readonly rules: RevocationRules;
  /** Certificates and revocation information at hand besides what came with the signatures. */
  readonly certificates: readonly Certificate[];
  readonly revocation: RevocationMaterial;
  readonly signal?: AbortSignal | undefined;
}

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

/** Addresses asked per certificate and kind; per call altogether; and for how long new ones are begun. */
const MAX_URLS = 3;
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

interface Run {
  readonly request: CollectRequest;
  readonly lookup: RevocationLookup;
  readonly budget: { left: number; isOver(): boolean };
  readonly certificates: Set<Certificate>;
  readonly crls: Set<Crl>;
  readonly ocsps: Set<OcspResponse>;
  readonly unfetched: Map<string, string[]>;
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

interface StatusQuestion {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly anchor: Chain['anchor'];
  readonly question: CertificateQuestion;
}

/** OCSP, then CRLs, until one decides. What failed on the way is told even then. */
async function findStatus(asked: StatusQuestion, run: Run): Promise<void> {
  const failures: string[] = [];
  const { certificate } = asked;
  const found = (await askOcsp(asked, failures, run)) || (await askCrls(asked, failures, run));
  if (certificate.ocspUrls.length + certificate.crlUrls.length === 0) failures.push(`“${certificate.subject}” names neither an OCSP responder nor a CRL`);
  const outcome = found ? 'Asked elsewhere instead' : 'Revocation could not be checked';
  note(certificate, failures.map((failure) => `${outcome}: ${failure}`), run);
}

async function askOcsp(asked: StatusQuestion, failures: string[], run: Run): Promise<boolean> {
  const { certificate, issuer, question } = asked;
  const others = [...question.carried, ...run.request.certificates];
  for (const url of certificate.ocspUrls.slice(0, MAX_URLS)) {
    const found = await attempt(url, failures, run, async () => {
      const { ocsp, responder } = await run.lookup.ocsp(url, certificate, issuer, others, run.request.rules);
      const crls = await crlsOfResponder(responder, asked, run);
      return { ocsp, crls };
    });
    if (found === null) continue;
    run.ocsps.add(found.ocsp);
    for (const crl of found.crls) run.crls.add(crl);
    const status = statusWith(asked, found.crls, [found.ocsp], run);
    if (isDecided(status)) return true;
    failures.push(`${shown(url)}: The responder's answer leaves it open (${status.reasons[0] ?? status.status})`);
  }
  return false;
}

/**
 * RFC 6960 §4.2.2.2.1: a delegated responder without nocheck is itself asked about; an answer whose responder's status cannot be had is
 * not used. One that names no CRL has left the matter to whoever relies on it.
 */
async function crlsOfResponder(responder: Certificate, { issuer, ...asked }: StatusQuestion, run: Run): Promise<readonly Crl[]> {
  if (responder.ocspNoCheck || responder.sha256Hex === issuer.sha256Hex || responder.crlUrls.length === 0) return [];
  const failures: string[] = [];
  const crls = await fetchCrls({ ...asked, issuer, certificate: responder }, failures, run);
  const status = statusWith({ ...asked, issuer, certificate: responder }, crls, [], run);
  if (status.status === 'good') return crls;
  const why = status.status === 'revoked' ? 'is revoked' : `cannot be checked (${failures[0] ?? status.reasons[0] ?? status.status})`;
  throw new GatewayError('REVOCATION_UNAVAILABLE', `The responder's own certificate ${why}`);
}

async function askCrls(asked: StatusQuestion, failures: string[], run: Run): Promise<boolean> {
  const crls = await fetchCrls(asked, failures, run);
  for (const crl of crls) run.crls.add(crl);
  const status = statusWith(asked, crls, [], run);
  if (isDecided(status)) await fetchDelta(asked, failures, run);
  if (!isDecided(status) && crls.length > 0) failures.push(`${asked.certificate.crlUrls.map((url) => shown(url)).join(', ')}: The CRL leaves it open (${status.reasons[0] ?? status.status})`);
  return isDecided(status);
}

/** What was revoked since the complete CRL (RFC 5280 §4.2.1.15): newer where it can be had, not needed where it cannot. */
async function fetchDelta(asked: StatusQuestion, failures: string[], run: Run): Promise<void> {
  const [url] = distributionUrls(asked.certificate.freshestCrl);
  const delta = url === undefined ? null : await attempt(url, failures, run, () => run.lookup.crl(url, signersFor(asked, run)));
  if (delta !== null) run.crls.add(delta);
}

/** Until one of them decides; several distribution points may each speak of some reasons only. */
async function fetchCrls(asked: StatusQuestion, failures: string[], run: Run): Promise<readonly Crl[]> {
  const crls: Crl[] = [];
  for (const url of asked.certificate.crlUrls.slice(0, MAX_URLS)) {
    const crl = await attempt(url, failures, run, () => run.lookup.crl(url, signersFor(asked, run)));
    if (crl !== null) crls.push(crl);
    if (crl !== null && isDecided(statusWith(asked, crls, [], run))) break;
  }
  return crls;
}

function signersFor({ issuer, question }: StatusQuestion, { request }: Run): readonly [Certificate, ...Certificate[]] {
  return [issuer, ...question.carried, ...request.certificates];
}

function statusWith({ certificate, issuer, anchor, question }: StatusQuestion, crls: readonly Crl[], ocsps: readonly OcspResponse[], { request }: Run): CertificateStatus {
  const chain = { certificates: [certificate, issuer], anchor };
  const { statuses } = checkRevocation({ chain, crls, ocsps, certificates: [...question.carried, ...request.certificates], at: question.at, now: request.now, rules: request.rules });
  const [status] = statuses;
  if (status === undefined) throw new Error('a path of two certificates has one status');
  return status;
}

/** An authority that does not know the certificate may be the wrong one to ask. */
function isDecided({ status }: CertificateStatus): boolean {
  return status === 'good' || status === 'revoked';
}

/** The value, or null with the reason among the failures. */
async function attempt<T>(url: string, failures: string[], { budget, request }: Run, ask: () => Promise<T>): Promise<T | null> {
  checkNotCancelled(request);
  if (--budget.left < 0 || budget.isOver()) {
    failures.push(`${shown(url)}: not asked any more, since too much was to be fetched`);
    return null;
  }
  try {
    return await ask();
  } catch (error) {
    if (!isGatewayError(error) || error.code === 'CANCELLED') throw error;
    failures.push(`${shown(url)}: ${error.message}`);
    return null;
  }
}

function checkNotCancelled({ signal }: CollectRequest): void {
  if (signal?.aborted === true) throw new GatewayError('CANCELLED', 'Fetching revocation information was cancelled', { cause: signal.reason });
}

const MAX_SHOWN_CHARACTERS = 200;

/** Addresses come from certificates: written so that no control character reaches a terminal or a page. */
function shown(url: string): string {
  return (URL.canParse(url) ? new URL(url).href : JSON.stringify(url)).slice(0, MAX_SHOWN_CHARACTERS);
}

function note({ sha256Hex }: Certificate, texts: readonly string[], { unfetched }: Run): void {
  if (texts.length > 0) unfetched.set(sha256Hex, [...new Set([...(unfetched.get(sha256Hex) ?? []), ...texts])]);
}
