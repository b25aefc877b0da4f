import { createHash } from 'node:crypto';
import { readKnownCertificate } from '../formats/x509/certificate-memo.ts';
import { checkSignerCertificate } from '../formats/x509/signer-certificate.ts';
import { checkSigner, type CheckedSigner, type CheckSignerPorts, type CheckSignerRequest } from './check-signer.ts';
import { rememberAnswers } from './remembered-answers.ts';

/** Asks before every use of a key. */
export type SignerCheck = (request: CheckSignerRequest) => Promise<CheckedSigner>;

/** A signature relies on a check at most this old; dates of the certificate are looked at each time. */
const KEPT_MS = 60_000;
const LIMITS = { maxBytes: 1_000, maxEntries: 1_000, failureMs: 0 };

/**
 * `checkSigner` for a process that signs much: a good outcome holds for a minute for the same chain, policy and digest, so that path and
 * status are not verified again for every document of a batch. A refusal, and a status that could not be had, are never remembered.
 * @throws as `checkSigner`
 */
export function createSignerCheck(ports: CheckSignerPorts): SignerCheck {
  const remembered = rememberAnswers<CheckedSigner>(ports.clock, LIMITS);
  return async (request) => {
    checkSignerCertificate(readKnownCertificate(request.chainDer[0]), ports.clock.now());
    // The signal of one caller must not end a check that others wait for.
    const { signal: _, ...shared } = request;
    return remembered.recall(keyOf(request), async () => {
      const value = await checkSigner(ports, shared);
      const keptMs = value.status === 'good' ? KEPT_MS : 0;
      return { value, until: new Date(ports.clock.now().getTime() + keptMs), sizeBytes: 1 };
    });
  };
}

function keyOf({ chainDer, policy, digestAlgorithm, revocationUnavailable }: CheckSignerRequest): string {
  const hash = createHash('sha256');
  for (const der of chainDer) hash.update(der);
  return [hash.digest('base64'), policy.sha256, digestAlgorithm, revocationUnavailable ?? ''].join(' ');
}
