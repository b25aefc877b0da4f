import { GatewayError } from '../domain/errors.ts';
import type { DigestAlgorithm, SignatureLevel } from '../domain/signature.ts';
import { buildSignatureTimestampAttribute } from '../formats/cms/build-attributes.ts';
import { addUnsignedAttribute } from '../formats/cms/build-signed-data.ts';
import { readSignedData } from '../formats/cms/signed-data.ts';
import type { SignContent } from '../ports/signer.ts';
import { timestampValue, type ObtainedTimestamp, type TimestampPorts } from './timestamp-value.ts';

export interface SignatureToTake {
  readonly level: SignatureLevel;
  readonly contentDigest: Uint8Array;
  readonly digestAlgorithm: DigestAlgorithm;
  readonly attributes?: { readonly signingTime?: Date };
  readonly signal?: AbortSignal | undefined;
}

export interface TakenSignature {
  readonly cmsDer: Uint8Array;
  /** As its maker gave it. */
  readonly withoutTimestamp: () => Uint8Array;
  readonly signatureValue: Uint8Array;
  readonly timestamp: ObtainedTimestamp | null;
}

/**
 * A signature at B-B or B-T by a key whose holder builds it whole: what it gives has been checked to be intact, over this content and by this
 * certificate before it comes here; the time-stamp is ours to add.
 * @throws KEY_UNSUPPORTED when attributes are wanted that the holder does not sign; what `signContent` and `timestampValue` throw
 */
export async function takeSignature(ports: TimestampPorts, signContent: SignContent, { level, contentDigest, digestAlgorithm, attributes = {}, signal }: SignatureToTake): Promise<TakenSignature> {
  const { signingTime, ...others } = attributes;
  const [wanted] = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (wanted !== undefined) throw new GatewayError('KEY_UNSUPPORTED', `The service that holds this key builds signatures itself and signs no ${wanted}: leave it out, or use another key`);
  // CAdES has the signing time among its attributes, PAdES must not (EN 319 142-1 §6.3).
  const given = await signContent({ contentDigest, digestAlgorithm, format: signingTime === undefined ? 'pades' : 'cades' }, signal);
  const signatureValue = readSignedData(given).signerInfos[0]?.signature ?? new Uint8Array();
  const timestamp = level === 'B-B' ? null : await timestampValue(ports, signatureValue, digestAlgorithm, signal);
  const cmsDer = timestamp === null ? given : addUnsignedAttribute(given, buildSignatureTimestampAttribute(timestamp.token.der));
  return { cmsDer, withoutTimestamp: () => given, signatureValue, timestamp };
}
