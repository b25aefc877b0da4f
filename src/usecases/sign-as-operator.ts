import { GatewayError, isGatewayError } from '../domain/errors.ts';
import type { KeyId } from '../domain/ids.ts';
import type { SignatureLevel } from '../domain/signature.ts';
import { readCertificate } from '../formats/x509/certificate.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { SigningKeyRecord } from '../ports/key-records.ts';
import type { Records } from '../ports/records.ts';
import type { Signer } from '../ports/signer.ts';
import type { CheckedSigner } from './check-signer.ts';
import { detailOf, evidenceOf, journalled, type KeyUseMade } from './make-signature.ts';
import type { SignatureFacts } from './sign-digest.ts';

export interface OperatorPorts {
  readonly records: Records;
  readonly clock: Clock;
  readonly chance: Chance;
}

export interface OperatorSignature {
  /** `operator:<login>`, for evidence and audit trail. */
  readonly actor: string;
  readonly key: SigningKeyRecord;
  readonly signer: Signer;
  readonly level: SignatureLevel;
  /** Of the document as it came. */
  readonly inputSha256: string;
  /** Path and revocation, asked before the key is; null where there are no anchors to reach. */
  readonly check: () => Promise<CheckedSigner | null>;
}

/** What was made and is not released yet. */
export interface Unreleased {
  readonly facts: SignatureFacts;
  /** Of the signed document. */
  readonly outputSha256: string;
}

/** A key of the gateway that an operator may sign documents with. @throws KEY_NOT_FOUND, KEY_NOT_GRANTED when it serves another purpose */
export async function documentKey({ records }: Pick<OperatorPorts, 'records'>, keyId: KeyId): Promise<SigningKeyRecord> {
  const key = await records.keys.find(keyId);
  if (key === null || key.disabledAt !== null) throw new GatewayError('KEY_NOT_FOUND', `There is no key named ${keyId}, or it is disabled: lienthong keys list`);
  if (key.purpose !== 'document' && key.purpose !== 'seal') throw new GatewayError('KEY_NOT_GRANTED', `The key ${keyId} is for ${key.purpose}, not for documents`);
  return key;
}

/**
 * One use of a gateway's key by whoever administers it, under the rules that partners have: the certificate is checked before the key is
 * asked, that it is asked is written down before, and what came of it after, before `make`'s result is given back to be released. Grants
 * are for partners; the name of the operator stands in evidence and audit trail instead.
 * @throws what `check`, `make` and the records throw
 */
export async function signAsOperator<T extends Unreleased>(ports: OperatorPorts, { actor, key, signer, level, inputSha256, check }: OperatorSignature, make: (signer: Signer) => Promise<T>): Promise<T> {
  const { records, clock, chance } = ports;
  const use: KeyUseMade = { id: null };
  const asked = { options: { keyId: key.id, level }, sha256: inputSha256 };
  try {
    const checked = await check();
    const made = await make(journalled(ports, null, key, signer, use));
    const at = clock.now();
    const { outputSha256 } = made;
    await records.transaction(async (tx) => {
      await tx.keys.addEvidence({ ...evidenceOf(null, asked, at, checked), id: chance.uuid(), useId: use.id, outputSha256, result: 'signed', detail: { ...detailOf(made.facts, checked), actor } });
      await tx.audit.add({ at, actor, action: 'sign-document', subject: `key:${key.id}`, detail: { level, inputSha256, outputSha256 } });
    });
    return made;
  } catch (error) {
    const detail = { code: isGatewayError(error) ? error.code : 'INTERNAL', certificateSha256: readCertificate(key.chainDer[0]).sha256Hex, actor };
    const evidence = { ...evidenceOf(null, asked, clock.now(), null), id: chance.uuid(), useId: use.id, outputSha256: null, result: 'failed', detail } as const;
    await records.keys.addEvidence(evidence).catch(() => undefined); // nothing was released, and the first failure is the one to tell
    throw error;
  }
}
