import { GatewayError } from '../domain/errors.ts';
import type { DocumentId, KeyId } from '../domain/ids.ts';
import { isAtLeast } from '../domain/signature.ts';
import { signatureAlgorithmDer } from '../formats/algorithms/schemes.ts';
import type { PreparedSignature, PrepareOptions } from '../formats/api/prepared-signatures.ts';
import type { SignatureOptions } from '../formats/api/signatures.ts';
import { readCertificate, readCertificates } from '../formats/x509/certificate.ts';
import type { SpooledBytes } from '../ports/document-store.ts';
import type { Signer } from '../ports/signer.ts';
import { answerOnceLeased } from './answer-once.ts';
import type { Call, Once } from './call.ts';
import { defaultScheme } from './default-scheme.ts';
import type { LongTermPorts } from './look-at-document.ts';
import { checkDossier, formatOf, type MakeSignaturePorts } from './make-signature.ts';
import { keepUpload } from './order-signatures.ts';
import { placeByText } from './place-by-text.ts';
import { stateOf, type PreparedState } from './prepared-state.ts';
import { digestToSign, elsewhereKeyId, prepareElsewhere, type SignatureToMake } from './sign-elsewhere.ts';
import { presentationOf } from './signature-presentation.ts';

export interface TwoStepPorts extends MakeSignaturePorts {
  readonly longTerm: LongTermPorts;
}

export interface PrepareUpload {
  readonly bytes: SpooledBytes;
  readonly name: string;
  readonly options: PrepareOptions;
  readonly signal: AbortSignal;
}

/** What is kept until the value comes. */
export interface PreparedForPartner {
  readonly signature: PreparedState;
  readonly document: { readonly sha256: string; readonly sizeBytes: number; readonly name: string };
  readonly options: SignatureOptions;
}

/** How long the holder of the key has. */
export const PREPARED_LIFE_MS = 15 * 60_000;

/**
 * The first of two steps: everything of a signature but the value, for a key that never leaves its holder's hands. The certificate is
 * checked as that of any signer; the document is kept as one of the caller's.
 * @throws DOSSIER_NOT_FOUND, LEVEL_UNSUPPORTED, CERTIFICATE_MALFORMED, what `checkSigner`, `presentationOf`, `prepareElsewhere` throw; as `answerOnceLeased`
 */
export function prepareForOther(ports: TwoStepPorts, call: Call, { bytes, name, options, signal }: PrepareUpload): Promise<Once<PreparedSignature>> {
  const request = { operation: 'POST /v1/signatures/prepare', status: 201, input: { sha256: bytes.sha256, name, options } };
  return answerOnceLeased(ports, call, request, async (recordAnswer) => {
    await checkDossier(ports, call, options.dossierCode);
    const toMake = await prepare(ports, bytes, options, signal);
    const { certificate: _certificate, chain: _chain, ...asked } = options;
    const { sha256, sizeBytes } = await keepUpload(ports, bytes.path);
    const [id, documentId] = [ports.chance.uuid(), ports.chance.uuid() as DocumentId];
    const createdAt = ports.clock.now();
    const { partnerId } = call.caller;
    const state: PreparedForPartner = { signature: stateOf(toMake), document: { sha256, sizeBytes, name }, options: { ...asked, keyId: elsewhereKeyId(toMake.chainDer[0]) as KeyId } };
    const expiresAt = new Date(createdAt.getTime() + PREPARED_LIFE_MS);
    const answer: PreparedSignature = { ...viewOf(toMake), id, documentId, expiresAt: expiresAt.toISOString() };
    await ports.records.transaction(async (tx) => {
      await tx.documents.add({ id: documentId, partnerId, sha256, sizeBytes, mediaType: toMake.format === 'pades' ? 'application/pdf' : 'application/octet-stream', name, createdAt });
      await tx.preparedSignatures.add({ id, partnerId, state, createdAt, expiresAt });
      await recordAnswer(tx, answer);
    });
    return answer;
  });
}

async function prepare(ports: TwoStepPorts, bytes: SpooledBytes, options: PrepareOptions, signal: AbortSignal): Promise<SignatureToMake> {
  const { level, digest: digestAlgorithm = 'sha256' } = options;
  const format = formatOf(options);
  const chainDer = chainOf(options);
  const scheme = options.scheme ?? defaultScheme(chainDer[0], ports.longTerm.policy);
  const placed = options.anchor === undefined ? options : { ...options, placement: await placeByText(ports.textOf(bytes.path, signal), options.anchor) };
  const presentation = presentationOf(placed, { certificate: readCertificate(chainDer[0]), at: ports.clock.now(), fonts: ports.fonts });
  const document = { pdf: ports.pdfOf(bytes.path, signal), digestContent: ports.digesterOf(bytes.path, signal) };
  const toMake = await prepareElsewhere(ports, document, { format, level, digestAlgorithm, scheme, chainDer, presentation, commitment: options.commitment, signal });
  await ports.checkSigner({ chainDer }, { digestAlgorithm, mustKnowStatus: isAtLeast(level, 'B-LT'), signal });
  return toMake;
}

function chainOf({ certificate, chain }: PrepareOptions): Signer['chainDer'] {
  const read = (text: string, pointer: string): Uint8Array => {
    try {
      const [one, other] = readCertificates(text.includes('-----BEGIN') ? Buffer.from(text, 'latin1') : Buffer.from(text, 'base64'));
      if (one !== undefined && other === undefined) return one.der;
    } catch (cause) {
      throw new GatewayError('CERTIFICATE_MALFORMED', 'A certificate of the request cannot be read: see "errors"', { cause, faults: [{ pointer, detail: 'is no certificate, PEM or base64 of DER' }] });
    }
    throw new GatewayError('CERTIFICATE_MALFORMED', 'A certificate of the request is not one certificate: see "errors"', { faults: [{ pointer, detail: 'must hold exactly one certificate' }] });
  };
  return [read(certificate, '/options/certificate'), ...chain.map((text, index) => read(text, `/options/chain/${index}`))];
}

function viewOf(toMake: SignatureToMake): Omit<PreparedSignature, 'id' | 'documentId' | 'expiresAt'> {
  const { scheme, digestAlgorithm, signedAttributesDer } = toMake;
  const base64 = (value: Uint8Array): string => Buffer.from(value).toString('base64');
  return {
    signedAttributes: base64(signedAttributesDer),
    digest: base64(digestToSign(toMake)),
    digestAlgorithm,
    signatureAlgorithm: { scheme, identifier: base64(signatureAlgorithmDer(scheme, digestAlgorithm)) },
  };
}
