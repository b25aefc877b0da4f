import { constants, sign, type KeyObject, type SignKeyObjectInput } from 'node:crypto';
import { GatewayError } from '../../src/domain/errors.ts';
import type { DigestAlgorithm, SignatureScheme } from '../../src/domain/signature.ts';

/**
 * One private-key operation, on the thread pool so that the event loop never waits for RSA. On the curve P-256 it takes some thirty
 * microseconds, less than the way to the pool and back.
 */
export function signWithKey(key: KeyObject, scheme: SignatureScheme, toBeSigned: Uint8Array, digest: DigestAlgorithm, signal?: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(cancelled(signal));
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return resolve(sign(digest, toBeSigned, parametersOf(key, scheme)));
    // With a callback OpenSSL works in a thread; what it has begun cannot be stopped, only thrown away.
    sign(digest, toBeSigned, parametersOf(key, scheme), (error, value) => {
      if (signal?.aborted === true) reject(cancelled(signal));
      else if (error !== null) reject(new GatewayError('SIGNER_UNAVAILABLE', 'The private key could not sign', { cause: error }));
      else resolve(value);
    });
  });
}

function parametersOf(key: KeyObject, scheme: SignatureScheme): SignKeyObjectInput {
  switch (scheme) {
    case 'pkcs1':
      return { key, padding: constants.RSA_PKCS1_PADDING };
    case 'pss':
      return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    case 'ecdsa':
      return { key, dsaEncoding: 'der' };
  }
}

function cancelled(signal: AbortSignal): GatewayError {
  return new GatewayError('CANCELLED', 'Signing was cancelled', { cause: signal.reason });
}
