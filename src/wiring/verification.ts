import { loadPolicy, loadPolicyFile, POLICY_NAMES } from '../../certs/policy/load-policy.ts';
import type { Config } from '../config.ts';
import { validationPolicy, type ValidationPolicy } from '../formats/ades/policy.ts';
import type { PaperFonts } from '../formats/pdf-drawing/paper.ts';
import { NO_PICTURES, type ReportPictures } from '../formats/report/pictures.ts';
import { renderReport } from '../formats/report/render-report.ts';
import type { HttpDependencies } from '../http/dependencies.ts';
import { openFileSource } from '../isolation/file-source.ts';
import { isolatedDocumentJudge, type DocumentIsolation } from '../isolation/isolated-documents.ts';
import type { MakeSignaturePorts } from '../usecases/make-signature.ts';
import { pictureSignatures, type PictureRequest } from '../usecases/picture-signatures.ts';
import { createSignerCheck } from '../usecases/signer-check.ts';
import { timed, type TimedPorts } from '../usecases/timed.ts';
import { verifyJudgedDocument, type VerifyPorts } from '../usecases/verify-document.ts';

/** @throws CONFIG_INVALID, FILE_NOT_READABLE. The policy is read at start: changing it needs a restart. */
export function readPolicy({ LIENTHONG_POLICY }: Pick<Config, 'LIENTHONG_POLICY'>): ValidationPolicy {
  const known = POLICY_NAMES.find((name) => name === LIENTHONG_POLICY);
  return validationPolicy(known === undefined ? loadPolicyFile(LIENTHONG_POLICY) : loadPolicy(known));
}

/** Verification of uploaded files: judged by workers, what they leave open is fetched here. */
export function fileVerifier(ports: VerifyPorts & TimedPorts, isolation: DocumentIsolation, policy: ValidationPolicy, deadlineMs: number): HttpDependencies['verifyFile'] {
  return ({ path, detachedPath, file, at, password }, signal) => {
    const judge = isolatedDocumentJudge(isolation, { path, detachedPath, password }, { deadlineMs, signal });
    return timed(ports, 'verification', () => verifyJudgedDocument(ports, judge, { file, policy, signal, ...(at === null ? {} : { at }) }), ({ result }) => result);
  };
}

/** Circular 15/2025/TT-BKHCN art. 5: path and revocation before every use of a key, wherever anchors of signers are configured. */
export function signerChecker(ports: VerifyPorts, policy: ValidationPolicy): MakeSignaturePorts['checkSigner'] {
  const check = createSignerCheck(ports);
  return async ({ chainDer }, { digestAlgorithm, mustKnowStatus, signal }) => {
    const anchors = await ports.trustStore.anchors('signature');
    return anchors.length === 0 ? null : check({ chainDer, policy, digestAlgorithm, revocationUnavailable: mustKnowStatus ? 'refuse' : undefined, signal });
  };
}

const PAPER_BUDGET = { deadlineMs: 30_000 };

/** Reports as people and machines ask for them; what is drawn or painted is drawn where it keeps nobody waiting. */
export function reportRenderer(isolation: DocumentIsolation, fonts: PaperFonts): HttpDependencies['renderReport'] {
  return async ({ report, path, password, mediaType, language }, signal) => {
    const isPainted = mediaType === 'text/html' || mediaType === 'application/pdf';
    const pictures = isPainted ? await paint(isolation, { report, path, password, signal }) : NO_PICTURES;
    return renderReport(report, { mediaType, language, pictures, paper: (shown, options) => isolation.run('report.pdf', { report: shown, ...options, fonts }, { ...PAPER_BUDGET, signal }) });
  };
}

async function paint(isolation: DocumentIsolation, { path, ...request }: Omit<PictureRequest, 'source'> & { readonly path: string }): Promise<ReportPictures> {
  const source = openFileSource(path);
  try {
    return await pictureSignatures(isolation, { ...request, source });
  } finally {
    source.close();
  }
}
