import { GatewayError, isGatewayError } from '../domain/errors.ts';
import type { KeyId } from '../domain/ids.ts';
import type { SignatureScheme } from '../domain/signature.ts';
import { digestOf } from '../formats/algorithms/digests.ts';
import { ownAlgorithm } from '../formats/algorithms/schemes.ts';
import { verifyValue } from '../formats/algorithms/verify.ts';
import { readCertificate } from '../formats/x509/certificate.ts';
import type { SigningKeyRecord } from '../ports/key-records.ts';
import type { AdministerPorts } from './administer-api-keys.ts';
import type { MakeSignaturePorts, SignerAnswers } from './make-signature.ts';

export interface TriedKey {
  readonly keyId: KeyId;
  readonly scheme: SignatureScheme;
  readonly durationMs: number;
}

/** No DER begins so: what is signed here can be no signed attributes of a document. */
const WORDS = 'lienthong keys test ';

/**
 * Has a key sign random bytes and verifies the value under its certificate. Says nothing of path or revocation. Audited, whatever comes of it.
 * @throws KEY_NOT_FOUND, SIGNATURE_CHECK_FAILED; what the signer throws
 */
export async function tryKey({ records, clock, chance, signerOf }: AdministerPorts & Pick<MakeSignaturePorts, 'signerOf'>, actor: string, keyId: KeyId, answers: SignerAnswers): Promise<TriedKey> {
  const key = await records.keys.find(keyId);
  if (key === null || key.disabledAt !== null) throw new GatewayError('KEY_NOT_FOUND', `There is no key named ${keyId}, or it is disabled`);
  const begun = clock.now();
  const tell = (result: string) => records.audit.add({ at: clock.now(), actor, action: 'test-key', subject: `key:${keyId}`, detail: { result } });
  try {
    const signer = await signerOf(key, answers);
    const data = Buffer.concat([Buffer.from(WORDS), chance.bytes(32)]);
    // What builds whole signatures checks them itself.
    if (signer.signContent !== undefined) await signer.signContent({ contentDigest: digestOf('sha256', data), digestAlgorithm: 'sha256', format: 'cades' });
    else checkValue(key, signer.scheme, data, await signer.sign(data, 'sha256'));
    await tell('right');
    return { keyId, scheme: signer.scheme, durationMs: clock.now().getTime() - begun.getTime() };
  } catch (error) {
    await tell(isGatewayError(error) ? error.code : 'INTERNAL');
    throw error;
  }
}

function checkValue({ id, chainDer }: SigningKeyRecord, scheme: SignatureScheme, data: Uint8Array, signature: Uint8Array): void {
  const algorithm = ownAlgorithm(scheme, 'sha256').identifier;
  const { valid } = verifyValue({ algorithm, spkiDer: readCertificate(chainDer[0]).spkiDer, data, signature });
  if (!valid) throw new GatewayError('SIGNATURE_CHECK_FAILED', `The key ${id} signed, but its value is wrong under its certificate: check that they belong together`);
}
