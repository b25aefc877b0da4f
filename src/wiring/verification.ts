import { loadPolicy, loadPolicyFile, POLICY_NAMES } from '../../certs/policy/load-policy.ts';
import type { Config } from '../config.ts';
import { validationPolicy, type ValidationPolicy } from '../formats/ades/policy.ts';
import type { HttpDependencies } from '../http/dependencies.ts';
import { isolatedDocumentJudge, type DocumentIsolation } from '../isolation/isolated-documents.ts';
import type { MakeSignaturePorts } from '../usecases/make-signature.ts';
import { createSignerCheck } from '../usecases/signer-check.ts';
import { verifyJudgedDocument, type VerifyPorts } from '../usecases/verify-document.ts';

/** @throws CONFIG_INVALID, FILE_NOT_READABLE. The policy is read at start: changing it needs a restart. */
export function readPolicy({ LIENTHONG_POLICY }: Pick<Config, 'LIENTHONG_POLICY'>): ValidationPolicy {
  const known = POLICY_NAMES.find((name) => name === LIENTHONG_POLICY);
  return validationPolicy(known === undefined ? loadPolicyFile(LIENTHONG_POLICY) : loadPolicy(known));
}

/** Verification of uploaded files: judged by workers, what they leave open is fetched here. */
export function fileVerifier(ports: VerifyPorts, isolation: DocumentIsolation, policy: ValidationPolicy, deadlineMs: number): HttpDependencies['verifyFile'] {
  return ({ path, detachedPath, file, at }, signal) => {
    const judge = isolatedDocumentJudge(isolation, { path, detachedPath }, { deadlineMs, signal });
    return verifyJudgedDocument(ports, judge, { file, policy, signal, ...(at === null ? {} : { at }) });
  };
}

/** Circular 15/2025/TT-BKHCN art. 5: path and revocation before every use of a key, wherever anchors of signers are configured. */
export function signerChecker(ports: VerifyPorts, policy: ValidationPolicy): MakeSignaturePorts['checkSigner'] {
  const check = createSignerCheck(ports);
  return async ({ chainDer }, digestAlgorithm, signal) => {
    const anchors = await ports.trustStore.anchors('signature');
    return anchors.length === 0 ? null : check({ chainDer, policy, digestAlgorithm, signal });
  };
}
