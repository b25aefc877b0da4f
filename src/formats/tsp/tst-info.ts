import { GatewayError } from '../../domain/errors.ts';
import { readAlgorithmIdentifier, type AlgorithmIdentifier } from '../algorithms/identifier.ts';
import { readAsn1, TAG, type Asn1Node } from '../asn1/reader.ts';
import { readBoolean, readGeneralizedTime, readInteger, readIntegerContent, readOctetString, readOid, readSequence, readSmallInteger } from '../asn1/values.ts';
import { readGeneralName, type GeneralName } from '../x509/general-name.ts';

/** RFC 3161 §2.4.2, the signed statement of a token. */
export interface TstInfo {
  readonly policyOid: string;
  readonly imprintAlgorithm: AlgorithmIdentifier;
  readonly imprint: Uint8Array;
  readonly serial: bigint;
  readonly genTime: Date;
  /** Half width of the interval around genTime, in milliseconds, rounded up; null when not stated. */
  readonly accuracyMs: number | null;
  readonly ordering: boolean;
  readonly nonce: bigint | null;
  readonly tsa: GeneralName | null;
}

/** Reads a TSTInfo, DER. @throws ASN1_MALFORMED, TSA_TOKEN_INVALID for another version */
export function readTstInfo(der: Uint8Array): TstInfo {
  const [version, policy, messageImprint, serial, genTime, ...optional] = readSequence(readAsn1(der));
  if (readSmallInteger(version) !== 1) throw new GatewayError('TSA_TOKEN_INVALID', 'The time-stamp is of an unknown version');
  const [imprintAlgorithm, imprint] = readSequence(messageImprint);
  const take = (matches: (node: Asn1Node) => boolean): Asn1Node | undefined => (optional[0] !== undefined && matches(optional[0]) ? optional.shift() : undefined);
  const accuracy = take((node) => node.is(TAG.SEQUENCE));
  const ordering = take((node) => node.is(TAG.BOOLEAN));
  const nonce = take((node) => node.is(TAG.INTEGER));
  const tsa = take((node) => node.isContext(0));
  take((node) => node.isContext(1));
  if (optional.length > 0) throw new GatewayError('TSA_TOKEN_INVALID', 'The time-stamp has unknown fields');
  return {
    policyOid: readOid(policy),
    imprintAlgorithm: readAlgorithmIdentifier(imprintAlgorithm),
    imprint: readOctetString(imprint),
    serial: readInteger(serial),
    genTime: readGeneralizedTime(genTime),
    accuracyMs: accuracy === undefined ? null : accuracyOf(accuracy),
    ordering: ordering !== undefined && readBoolean(ordering),
    nonce: nonce === undefined ? null : readInteger(nonce),
    tsa: tsa === undefined ? null : tsaName(tsa),
  };
}

function accuracyOf(node: Asn1Node): number {
  let ms = 0;
  for (const field of node.children) {
    if (field.is(TAG.INTEGER)) ms += readSmallInteger(field) * 1000;
    else if (field.isContext(0)) ms += Number(readIntegerContent(field));
    else if (field.isContext(1)) ms += Number(readIntegerContent(field)) / 1000;
  }
  return Math.ceil(ms);
}

function tsaName(node: Asn1Node): GeneralName {
  const [name] = node.children;
  if (name === undefined) throw new GatewayError('TSA_TOKEN_INVALID', 'The time-stamp names its authority by nothing');
  return readGeneralName(name);
}
