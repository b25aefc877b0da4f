import { z } from 'zod';
import { GatewayError } from '../domain/errors.ts';
import type { KeyId } from '../domain/ids.ts';
import type { KeyRecords } from '../ports/key-records.ts';
import type { Sealing } from '../ports/sealing.ts';
import { signingKeyContext } from '../usecases/administer-keys.ts';

/** What reaching a remote signing service takes: its bearer token or client secret, and the PIN of the credential where it has one. */
const cscSecrets = z.strictObject({ access: z.string().min(1), pin: z.string().min(1).nullable() });
export type CscSecrets = z.output<typeof cscSecrets>;

export function cscSecretsBytes(secrets: CscSecrets): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(secrets));
}

export interface KeySecretPorts {
  readonly records: { readonly keys: Pick<KeyRecords, 'find'> };
  readonly sealing: Sealing;
}

/** The secret of a key as it is recorded now, so that a new PIN or token counts without a restart. @throws KEY_NOT_FOUND, SEALED_DATA_UNREADABLE, MASTER_KEY_UNREADABLE */
export async function openKeySecret({ records, sealing }: KeySecretPorts, id: KeyId): Promise<Uint8Array> {
  const key = await records.keys.find(id);
  if (key?.secretSealed == null || key.disabledAt !== null) throw new GatewayError('KEY_NOT_FOUND', `The key ${id} was removed or disabled, or has no secret of its own`);
  return sealing.open(key.secretSealed, signingKeyContext(id));
}

/** @throws as `openKeySecret` */
export async function openCscSecrets(ports: KeySecretPorts, id: KeyId): Promise<CscSecrets> {
  const bytes = await openKeySecret(ports, id);
  try {
    return cscSecrets.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    // What JSON.parse or zod say may quote the secret.
    throw new GatewayError('SEALED_DATA_UNREADABLE', `The secrets of the key ${id} are not those of a remote signing service`);
  }
}
