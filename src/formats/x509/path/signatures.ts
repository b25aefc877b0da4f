import { GatewayError } from '../../../domain/errors.ts';
import { verifyValue } from '../../algorithms/verify.ts';
import { readAsn1 } from '../../asn1/reader.ts';
import { readSequence } from '../../asn1/values.ts';
import { oid, sequence } from '../../asn1/writer.ts';
import type { Certificate } from '../certificate.ts';

/** `deferred`: the key inherits its parameters from further up (RFC 5280 §6.1.4 (e)). `exhausted`: no checks are left. */
export type Verdict = 'right' | 'wrong' | 'unsupported' | 'deferred' | 'exhausted';

/** Remembers which certificate is signed with whose key, and stops at a number of checks: hostile graphs cost no more. */
export interface SignatureBook {
  verdict(child: Certificate, issuer: Certificate): Verdict;
  /** The same with the key that a complete path gives. */
  verdictWith(child: Certificate, spkiDer: Uint8Array): Verdict;
  readonly checks: number;
}

/**
 * A value that is right under a key stays right, whenever and for whomever it is asked: mathematics, no judgement. Certificates met again
 * are the same objects (`readKnownCertificate`); what is forgotten with them is only computed again.
 */
const proven = new WeakMap<Certificate, WeakSet<Certificate>>();

function isProven(child: Certificate, issuer: Certificate): boolean {
  return proven.get(child)?.has(issuer) === true;
}

function remember(child: Certificate, issuer: Certificate): void {
  const issuers = proven.get(child) ?? new WeakSet();
  proven.set(child, issuers.add(issuer));
}

/** Counts the checks of one validation. */
export function signatureBook(maxChecks: number): SignatureBook {
  const known = new Map<string, Verdict>();
  let checks = 0;
  const verify = (child: Certificate, spkiDer: Uint8Array): Verdict => {
    if (checks >= maxChecks) return 'exhausted';
    checks++;
    return verdictOf(child, spkiDer);
  };
  return {
    verdict(child, issuer) {
      if (inheritsParameters(issuer)) return 'deferred';
      if (isProven(child, issuer)) return 'right';
      const key = `${child.sha256Hex} ${issuer.sha256Hex}`;
      const verdict = known.get(key) ?? verify(child, issuer.spkiDer);
      known.set(key, verdict);
      if (verdict === 'right') remember(child, issuer);
      return verdict;
    },
    verdictWith: verify,
    get checks() {
      return checks;
    },
  };
}

/** A DSA key may leave its parameters to the issuer's key (RFC 3279 §2.3.2). */
export function inheritsParameters({ publicKey }: Certificate): boolean {
  return publicKey.type === 'DSA' && publicKey.algorithm.parametersDer === null;
}

/**
 * SubjectPublicKeyInfo of `certificates[index]` with parameters inherited from the issuers above it; null when none has any.
 * @see RFC 5280 §6.1.4 (d)–(f)
 */
export function workingKey(certificates: readonly Certificate[], index: number): Uint8Array | null {
  const own = certificates[index];
  if (own === undefined) return null;
  if (!inheritsParameters(own)) return own.spkiDer;
  const donor = certificates.slice(index + 1).find((issuer) => !inheritsParameters(issuer));
  if (donor?.publicKey.type !== 'DSA' || donor.publicKey.algorithm.parametersDer === null) return null;
  const [, key] = readSequence(readAsn1(own.spkiDer));
  return sequence(sequence(oid(own.publicKey.algorithm.oid), donor.publicKey.algorithm.parametersDer), key?.bytes ?? new Uint8Array(0));
}

function verdictOf(child: Certificate, spkiDer: Uint8Array): Verdict {
  try {
    const { valid } = verifyValue({ algorithm: child.signatureAlgorithm, spkiDer, data: child.tbsDer, signature: child.signature });
    return valid ? 'right' : 'wrong';
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'ALGORITHM_UNSUPPORTED') return 'unsupported';
    throw error;
  }
}
