import { GatewayError } from '../domain/errors.ts';
import type { CertificateQuestion } from '../formats/ades/context.ts';
import type { Crl } from '../formats/crl/read-crl.ts';
import type { OcspResponse } from '../formats/ocsp/read-ocsp-response.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { distributionUrls } from '../formats/x509/extensions.ts';
import type { Chain } from '../formats/x509/path/chain.ts';
import { checkRevocation, type CertificateStatus } from '../formats/x509/path/revocation.ts';
import { attempt, MAX_URLS, note, shown, type Run } from './collecting-run.ts';

export interface StatusQuestion {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly anchor: Chain['anchor'];
  readonly question: CertificateQuestion;
}

/** OCSP, then CRLs, until one decides. What failed on the way is told even then. */
export async function findStatus(asked: StatusQuestion, run: Run): Promise<void> {
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
 * not used. One that names no CRL has left the matter to whoever relies on it; what is to be kept for good is not left to anybody.
 */
async function crlsOfResponder(responder: Certificate, { issuer, ...asked }: StatusQuestion, run: Run): Promise<readonly Crl[]> {
  if (responder.ocspNoCheck || responder.sha256Hex === issuer.sha256Hex) return [];
  if (responder.crlUrls.length === 0) {
    if (run.request.forKeeping === true) throw new GatewayError('REVOCATION_UNAVAILABLE', 'The responder’s own certificate has neither nocheck nor the address of a CRL');
    return [];
  }
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
export function isDecided({ status }: CertificateStatus): boolean {
  return status === 'good' || status === 'revoked';
}
