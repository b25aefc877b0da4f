import { GatewayError, isGatewayError } from '../domain/errors.ts';
import type { KeyId } from '../domain/ids.ts';
import type { SignatureScheme } from '../domain/signature.ts';
import { ownAlgorithm } from '../formats/algorithms/schemes.ts';
import { verifyValue } from '../formats/algorithms/verify.ts';
import { readCertificate } from '../formats/x509/certificate.ts';
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
    const signature = await signer.sign(data, 'sha256');
    const algorithm = ownAlgorithm(signer.scheme, 'sha256').identifier;
    const { valid } = verifyValue({ algorithm, spkiDer: readCertificate(key.chainDer[0]).spkiDer, data, signature });
    if (!valid) throw new GatewayError('SIGNATURE_CHECK_FAILED', `The key ${keyId} signed, but its value is wrong under its certificate: check that they belong together`);
    await tell('right');
    return { keyId, scheme: signer.scheme, durationMs: clock.now().getTime() - begun.getTime() };
  } catch (error) {
    await tell(isGatewayError(error) ? error.code : 'INTERNAL');
    throw error;
  }
}
