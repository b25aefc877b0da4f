import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import { CONTENT_TYPE } from '../cms/oids.ts';
import { readSignedData, type SignedData } from '../cms/signed-data.ts';
import { readTstInfo, type TstInfo } from './tst-info.ts';

/** A time-stamp token read, not judged. */
export interface TimestampToken {
  /** The ContentInfo, without what may follow it. */
  readonly der: Uint8Array;
  readonly signedData: SignedData;
  readonly info: TstInfo;
}

/**
 * Reads a TimeStampToken; bytes after it (PDF pads with zeros) are left to the caller.
 * @throws TSA_TOKEN_INVALID when it is no such token, ASN1_LIMIT
 * @see RFC 3161 §2.4.2
 */
export function readTimestampToken(bytes: Uint8Array): TimestampToken {
  try {
    const signedData = readSignedData(bytes);
    const { contentType, encapsulatedContent, sizeBytes } = signedData;
    if (contentType !== CONTENT_TYPE.tstInfo || encapsulatedContent === null) {
      throw new GatewayError('TSA_TOKEN_INVALID', `The time-stamp token holds content of type ${contentType} instead of a TSTInfo`);
    }
    return { der: bytes.subarray(0, sizeBytes), signedData, info: readTstInfo(encapsulatedContent) };
  } catch (cause) {
    if (isGatewayError(cause, 'CMS_MALFORMED', 'ASN1_MALFORMED')) throw new GatewayError('TSA_TOKEN_INVALID', 'The time-stamp token cannot be read', { cause });
    throw cause;
  }
}
