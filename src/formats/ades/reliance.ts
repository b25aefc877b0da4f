import type { Certificate } from '../x509/certificate.ts';
import type { CertificateStatus, CrlEvidence } from '../x509/path/revocation.ts';
import type { Reliance } from './context.ts';

/**
 * What a path and the status of its certificates rest on: all that has to be at hand when the same is to be found without a network, the
 * long-term levels' and viewers' "LTV enabled" alike.
 * @param statuses of the chain without its anchor, leaf first
 * @see ETSI EN 319 142-1 §5.4.2.2, §6.3
 */
export function relianceOf(chain: readonly Certificate[], statuses: readonly CertificateStatus[]): Reliance {
  const pieces = statuses.map(piecesOf);
  return {
    certificatesDer: distinct([...chain, ...pieces.flatMap(({ responders }) => responders)]),
    crlsDer: distinct(pieces.flatMap(({ crls }) => crls.flatMap(listsOf))),
    ocspsDer: distinct(statuses.flatMap(({ evidence }) => (evidence?.kind === 'ocsp' ? [evidence.ocsp] : []))),
    missing: pieces.flatMap(({ missing }) => missing),
  };
}

interface Pieces {
  readonly responders: readonly Certificate[];
  readonly crls: readonly CrlEvidence[];
  readonly missing: readonly string[];
}

function piecesOf({ certificate, status, evidence, reasons }: CertificateStatus): Pieces {
  if (evidence === null) return { responders: [], crls: [], missing: [`“${certificate.subject}”: revocation information is ${status}${reasons[0] === undefined ? '' : ` (${reasons[0]})`}`] };
  if (evidence.kind === 'crl') return { responders: [], crls: [evidence], missing: [] };
  const { responder, responderStatus } = evidence;
  if (responderStatus === 'forgone') return { responders: [responder], crls: [], missing: [] };
  if (responderStatus !== null) return { responders: [responder], crls: [responderStatus], missing: [] };
  return { responders: [responder], crls: [], missing: [`“${responder.subject}”, who answered for “${certificate.subject}”: neither nocheck nor a CRL speaks of this OCSP responder`] };
}

const listsOf = ({ crl, delta }: CrlEvidence): CrlEvidence['crl'][] => (delta === null ? [crl] : [crl, delta]);

function distinct(pieces: readonly { readonly sha256Hex: string; readonly der: Uint8Array }[]): Uint8Array[] {
  return [...new Map(pieces.map(({ sha256Hex, der }) => [sha256Hex, der])).values()];
}
