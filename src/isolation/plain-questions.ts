import { NO_MATERIAL, type CertificateQuestion, type RevocationMaterial, type ValidationContext } from '../formats/ades/context.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { readKnownCertificate } from '../formats/x509/certificate-memo.ts';
import type { PathResult } from '../formats/x509/path/validate-path.ts';
import { materialReader, ownBytes, plainMaterial, type PlainMaterial } from './plain-context.ts';

export interface PlainQuestion {
  /** Which anchors and rules of the context it is asked under. */
  readonly purpose: 'signature' | 'timestamp';
  readonly certificateDer: Uint8Array;
  readonly carriedDer: readonly Uint8Array[];
  readonly embedded: PlainMaterial;
  readonly at: Date;
}

export interface AskedQuestion {
  readonly question: CertificateQuestion;
  readonly path: PathResult | undefined;
}

/**
 * Whoever looks after the questions builds the paths again, outside of the worker: only that much of a document may get there. More
 * questions than can be fetched for, and paths that need more than this, stay open; a verdict can only become worse by it.
 */
const MAX_QUESTIONS = 60;
const MAX_WITHOUT_ANCHOR = 10;
const MAX_CARRIED = 8;
const MAX_EVIDENCE = 20;
const MAX_EVIDENCE_BYTES = 1024 * 1024;

/** The questions as plain data, each once, without what does not help to answer them. */
export function plainQuestions(asked: readonly AskedQuestion[], { policy }: ValidationContext): PlainQuestion[] {
  const own = ownBytes();
  return chosen(asked).map(({ question, path }) => ({
    purpose: question.rules === policy.timestampPath ? 'timestamp' : 'signature',
    certificateDer: own(question.certificate.der),
    carriedDer: usefulCertificates(question, path).map(({ der }) => own(der)),
    embedded: plainMaterial(usefulMaterial(question.embedded), own),
    at: question.at,
  }));
}

/** @throws CERTIFICATE_MALFORMED: not for what `plainQuestions` gave */
export function questionsOfPlain(questions: readonly PlainQuestion[], { policy, anchors }: ValidationContext): CertificateQuestion[] {
  const read = materialReader();
  return questions.map(({ purpose, certificateDer, carriedDer, embedded, at }) => ({
    certificate: readKnownCertificate(certificateDer),
    carried: carriedDer.map((der) => readKnownCertificate(der)),
    embedded: read(embedded),
    anchors: anchors[purpose],
    rules: purpose === 'timestamp' ? policy.timestampPath : policy.signaturePath,
    at,
  }));
}

function chosen(asked: readonly AskedQuestion[]): readonly AskedQuestion[] {
  const first = new Map(asked.toReversed().map((one) => [keyOf(one), one]));
  const distinct = [...first.values()].toReversed();
  const anchored = distinct.filter(isAnchored);
  const open = distinct.filter((one) => !isAnchored(one)).slice(0, MAX_WITHOUT_ANCHOR);
  return [...anchored, ...open].slice(0, MAX_QUESTIONS);
}

const isAnchored = ({ path }: AskedQuestion): boolean => path !== undefined && path.anchor !== null;
const keyOf = ({ question: { certificate, at, rules } }: AskedQuestion): string => `${certificate.sha256Hex} ${at.getTime()} ${rules.leaf.purpose?.anyOf.join() ?? ''}`;

/** Those of the path, or of the way that led furthest; then others, as of CRL issuers and responders. */
function usefulCertificates({ carried }: CertificateQuestion, path: PathResult | undefined): readonly Certificate[] {
  if (carried.length <= MAX_CARRIED || path === undefined) return carried.slice(0, MAX_CARRIED);
  const ways = path.anchor === null ? path.refused.map(({ certificates }) => certificates) : [path.chain];
  const [furthest = []] = ways.toSorted((a, b) => b.length - a.length);
  const onPath = new Set(furthest.map(({ sha256Hex }) => sha256Hex));
  const isOnPath = ({ sha256Hex }: Certificate): boolean => onPath.has(sha256Hex);
  return [...carried.filter(isOnPath), ...carried.filter((certificate) => !isOnPath(certificate))].slice(0, MAX_CARRIED);
}

/** Without it the same may be fetched although it was carried. */
function usefulMaterial(embedded: RevocationMaterial): RevocationMaterial {
  const all = [...embedded.crls.map(({ crl }) => crl), ...embedded.ocsps.map(({ ocsp }) => ocsp)];
  const sizeBytes = all.reduce((sum, { der }) => sum + der.length, 0);
  return all.length > MAX_EVIDENCE || sizeBytes > MAX_EVIDENCE_BYTES ? NO_MATERIAL : embedded;
}
