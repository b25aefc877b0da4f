import { GatewayError } from '../domain/errors.ts';
import type { DocumentId, KeyId } from '../domain/ids.ts';
import { isAtLeast } from '../domain/signature.ts';
import { signatureAlgorithmDer } from '../formats/algorithms/schemes.ts';
import type { PreparedSignature, PrepareOptions } from '../formats/api/prepared-signatures.ts';
import type { SignatureOptions } from '../formats/api/signatures.ts';
import { readCertificate, readCertificates } from '../formats/x509/certificate.ts';
import type { Consent, ConsentSigner } from '../ports/consent.ts';
import type { SpooledBytes } from '../ports/document-store.ts';
import type { SigningKeyRecord } from '../ports/key-records.ts';
import type { Signer } from '../ports/signer.ts';
import { answerOnceLeased } from './answer-once.ts';
import type { Call, Once } from './call.ts';
import { defaultScheme } from './default-scheme.ts';
import type { LongTermPorts } from './look-at-document.ts';
import { checkDossier, formatOf, grantedKey, type MakeSignaturePorts } from './make-signature.ts';
import { keepUpload } from './order-signatures.ts';
import { placeByText } from './place-by-text.ts';
import { stateOf, type PreparedState } from './prepared-state.ts';
import { digestToSign, elsewhereKeyId, prepareElsewhere, type SignatureToMake } from './sign-elsewhere.ts';
import { presentationOf } from './signature-presentation.ts';

export interface TwoStepPorts extends MakeSignaturePorts {
  /** The signer of a key whose every use a person allows in a browser. @throws KEY_UNSUPPORTED when it is no such key */
  readonly consentSignerOf: (key: SigningKeyRecord) => Promise<ConsentSigner>;
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
  /** For a key of ours whose use a person allows in a browser: what the code that comes back is redeemed with. */
  readonly consent?: Omit<Consent, 'code'>;
}

/** How long the holder of the key has. */
export const PREPARED_LIFE_MS = 15 * 60_000;

/**
 * The first of two steps: everything of a signature but the value, for a key that never leaves its holder's hands, or one at a remote service
 * whose every use its holder allows in a browser. The certificate is checked as that of any signer; the document is kept as one of the caller's.
 * @throws KEY_NOT_GRANTED, KEY_UNSUPPORTED, DOSSIER_NOT_FOUND, LEVEL_UNSUPPORTED, CERTIFICATE_MALFORMED, what `checkSigner`, `presentationOf`, `prepareElsewhere` throw; as `answerOnceLeased`
 */
export function prepareForOther(ports: TwoStepPorts, call: Call, { bytes, name, options, signal }: PrepareUpload): Promise<Once<PreparedSignature>> {
  const request = { operation: 'POST /v1/signatures/prepare', status: 201, input: { sha256: bytes.sha256, name, options } };
  return answerOnceLeased(ports, call, request, async (recordAnswer) => {
    await checkDossier(ports, call, options.dossierCode);
    const key = await keyOf(ports, call, options);
    const toMake = await prepare(ports, bytes, options, key, signal);
    const { certificate: _certificate, chain: _chain, picture: _picture, redirectUri = '', ...asked } = options;
    const { sha256, sizeBytes } = await keepUpload(ports, bytes.path);
    const [id, documentId] = [ports.chance.uuid(), ports.chance.uuid() as DocumentId];
    const createdAt = ports.clock.now();
    const { partnerId } = call.caller;
    const consent = { redirectUri, codeVerifier: Buffer.from(ports.chance.bytes(32)).toString('base64url') };
    const page = key.signer?.consentPage(toMake.signedAttributesDer, toMake.digestAlgorithm, { ...consent, state: id });
    const state: PreparedForPartner = { signature: stateOf(toMake), document: { sha256, sizeBytes, name }, options: { ...asked, keyId: key.id }, ...(page && { consent }) };
    const expiresAt = new Date(createdAt.getTime() + PREPARED_LIFE_MS);
    const answer: PreparedSignature = { ...viewOf(toMake), id, documentId, expiresAt: expiresAt.toISOString(), ...(page && { consentUrl: page.href }) };
    await ports.records.transaction(async (tx) => {
      await tx.documents.add({ id: documentId, partnerId, sha256, sizeBytes, mediaType: toMake.format === 'pades' ? 'application/pdf' : 'application/octet-stream', name, createdAt });
      await tx.preparedSignatures.add({ id, partnerId, state, createdAt, expiresAt });
      await recordAnswer(tx, answer);
    });
    return answer;
  });
}

interface PreparedKey extends Pick<Signer, 'chainDer' | 'scheme'> {
  readonly id: KeyId;
  readonly picturePng: Uint8Array | undefined;
  /** Null: the key is not ours. */
  readonly signer: ConsentSigner | null;
}

/** The key that will sign: one of ours, or only its certificate. */
async function keyOf(ports: TwoStepPorts, call: Call, options: PrepareOptions): Promise<PreparedKey> {
  const { keyId, certificate, picture } = options;
  const sent = picture === undefined ? null : Uint8Array.from(Buffer.from(picture, 'base64'));
  if (keyId === undefined) {
    const chainDer = chainOf({ ...options, certificate: certificate ?? '' });
    return { id: elsewhereKeyId(chainDer[0]) as KeyId, chainDer, scheme: options.scheme ?? defaultScheme(chainDer[0], ports.longTerm.policy), picturePng: sent ?? undefined, signer: null };
  }
  const key = await grantedKey(ports, call, { ...options, keyId });
  const signer = await ports.consentSignerOf(key);
  return { id: key.id, chainDer: key.chainDer, scheme: key.scheme, picturePng: sent ?? (await ports.pictureOf(key)) ?? undefined, signer };
}

async function prepare(ports: TwoStepPorts, bytes: SpooledBytes, options: PrepareOptions, { chainDer, scheme, picturePng }: PreparedKey, signal: AbortSignal): Promise<SignatureToMake> {
  const { level, digest: digestAlgorithm = 'sha256' } = options;
  const format = formatOf(options);
  const placed = options.anchor === undefined ? options : { ...options, placement: await placeByText(ports.textOf(bytes.path, signal), options.anchor) };
  const presentation = presentationOf(placed, { certificate: readCertificate(chainDer[0]), at: ports.clock.now(), fonts: ports.fonts, picturePng, documentNumber: options.documentNumber });
  const document = { pdf: ports.pdfOf(bytes.path, signal), digestContent: ports.digesterOf(bytes.path, signal) };
  const toMake = await prepareElsewhere(ports, document, { format, level, digestAlgorithm, scheme, chainDer, presentation, commitment: options.commitment, signal });
  await ports.checkSigner({ chainDer }, { digestAlgorithm, mustKnowStatus: isAtLeast(level, 'B-LT'), signal });
  return toMake;
}

function chainOf({ certificate, chain }: { readonly certificate: string; readonly chain: readonly string[] }): Signer['chainDer'] {
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
