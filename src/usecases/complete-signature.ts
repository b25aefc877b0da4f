import { GatewayError } from '../domain/errors.ts';
import type { Sha256Hex } from '../domain/ids.ts';
import { isAtLeast } from '../domain/signature.ts';
import { digestOf } from '../formats/algorithms/digests.ts';
import type { SignatureRecord } from '../formats/api/signatures.ts';
import type { Call, Once } from './call.ts';
import { grantedKey, journalled, recordSuccess, recordingFailure, signedName, type KeyUseMade } from './make-signature.ts';
import type { PreparedForPartner, TwoStepPorts } from './prepare-signature.ts';
import { toMakeOf } from './prepared-state.ts';
import { putCades, type PutCades } from './put-cades.ts';
import { putGrown } from './put-grown.ts';
import { completeElsewhere, type MadeElsewhere, type SignatureToMake } from './sign-elsewhere.ts';

export interface Completion {
  readonly id: string;
  /** The value, or the code with which the service that holds the key gives it. */
  readonly given: { readonly value: Uint8Array } | { readonly code: string };
  readonly signal: AbortSignal;
}

/**
 * The second step: takes the value, once. It must be right under the certificate over the very attributes that were prepared, so that one
 * made for another document is refused; the certificate is checked again. The same value sent again gets the same answer; what fails uses
 * nothing up. The state is in the database alone: another process, or this one after a restart, completes as well.
 * @throws PREPARED_SIGNATURE_NOT_FOUND (also another partner's), PREPARED_SIGNATURE_EXPIRED, PREPARED_SIGNATURE_USED, SIGNATURE_VALUE_WRONG; what
 * `checkSigner` and `completeElsewhere` throw; with a code: KEY_NOT_GRANTED, CONSENT_REFUSED, what the signer throws
 */
export async function completeSignature(ports: TwoStepPorts, call: Call, { id, given, signal }: Completion): Promise<Once<SignatureRecord>> {
  const { records, clock, chance } = ports;
  const valueSha256 = Buffer.from(digestOf('sha256', 'value' in given ? given.value : Buffer.from(given.code))).toString('hex');
  const answered = await answerOf(ports, call, id, valueSha256);
  if (answered.record !== null) return { body: answered.record, replayed: true };
  const { signature, document, options } = answered.state;
  const upload = { options, bytes: { path: await ports.documents.localPath(document.sha256 as Sha256Hex), sha256: document.sha256 as Sha256Hex, sizeBytes: document.sizeBytes } };
  const toMake = toMakeOf(signature);
  const use: KeyUseMade = { id: null };
  const made = await recordingFailure(ports, call, toMake.chainDer[0], upload, use, async () => {
    const checked = await ports.checkSigner(toMake, { digestAlgorithm: toMake.digestAlgorithm, mustKnowStatus: isAtLeast(toMake.level, 'B-LT'), signal });
    const value = await valueOf(ports, call, answered.state, given, use, signal);
    const signed = await completeElsewhere(ports, ports.pdfOf(upload.bytes.path, signal), toMake, value, signal);
    return { facts: signed.facts, checked, document: await storeSigned(ports, toMake, upload.bytes.path, signed, answered.state) };
  });
  const record: SignatureRecord = { ...made.document, signatureId: chance.uuid(), documentId: chance.uuid(), keyId: options.keyId, level: toMake.level };
  const isFirst = await records.transaction(async (tx) => {
    if (!(await tx.preparedSignatures.use(id, { valueSha256, answer: record }, clock.now()))) return false;
    await recordSuccess(ports, tx, call, upload, record, { ...made, useId: use.id });
    return true;
  });
  if (isFirst) return { body: record, replayed: false };
  const first = await answerOf(ports, call, id, valueSha256); // the same value came twice at once: one of the two was released
  if (first.record === null) throw new Error('A prepared signature is used, and is not');
  return { body: first.record, replayed: true };
}

/** As it came; or from the service that holds the key, which is asked once the code is there. @throws REQUEST_INVALID, KEY_NOT_GRANTED, CONSENT_REFUSED; what the signer throws */
async function valueOf(ports: TwoStepPorts, call: Call, { signature, options, consent }: PreparedForPartner, given: Completion['given'], use: KeyUseMade, signal: AbortSignal): Promise<Uint8Array> {
  if ('code' in given !== (consent !== undefined)) throw new GatewayError('REQUEST_INVALID', consent === undefined ? 'This signature was prepared with a certificate: send the value, not a code' : 'This signature was prepared with one of the gateway’s keys: send the code, not a value');
  if (consent === undefined || 'value' in given) return 'value' in given ? given.value : new Uint8Array();
  const key = await grantedKey(ports, call, options);
  const signer = await ports.signerOf(key, { oneTimePassword: null, consent: () => Promise.resolve({ ...consent, code: given.code }) });
  const { signedAttributesDer, digestAlgorithm } = toMakeOf(signature);
  return journalled(ports, call.caller.partnerId, key, signer, use).sign(signedAttributesDer, digestAlgorithm, signal);
}

type Answered = { readonly record: SignatureRecord } | { readonly record: null; readonly state: PreparedForPartner };

async function answerOf({ records, clock }: TwoStepPorts, { caller }: Call, id: string, valueSha256: string): Promise<Answered> {
  const found = await records.preparedSignatures.find(id, caller.partnerId);
  if (found === null) throw new GatewayError('PREPARED_SIGNATURE_NOT_FOUND', 'There is no such prepared signature, or it is not yours, or it expired long ago');
  if (found.used !== null) {
    // What `use` was given below.
    if (found.used.valueSha256 === valueSha256) return { record: found.used.answer as SignatureRecord };
    throw new GatewayError('PREPARED_SIGNATURE_USED', 'This prepared signature has its value already, another one: prepare a new one');
  }
  if (clock.now() >= found.expiresAt) throw new GatewayError('PREPARED_SIGNATURE_EXPIRED', 'The time for this signature is over: prepare a new one');
  // What `prepareForOther` kept.
  return { record: null, state: found.state as PreparedForPartner };
}

async function storeSigned(ports: TwoStepPorts, { format }: SignatureToMake, path: string, { bytes, facts }: MadeElsewhere, { document: { name }, options: { packaging } }: PreparedForPartner): Promise<PutCades> {
  if (format === 'pades') return { ...(await putGrown(ports, { path }, bytes)), mediaType: 'application/pdf', name: signedName(name, '.pdf') };
  return putCades(ports, { path }, { cmsDer: bytes, facts }, { name, packaging });
}
