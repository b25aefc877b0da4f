import { createPublicKey } from 'node:crypto';
import { GatewayError } from '../domain/errors.ts';
import { ed25519KeyPair, ED25519_SEED_BYTES } from '../formats/ed25519-key.ts';
import type { NoteVerifier } from '../formats/transparency-log/signed-note.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { LogKeyRecord } from '../ports/log-records.ts';
import type { RecordSet } from '../ports/records.ts';
import type { Sealing } from '../ports/sealing.ts';

export interface LogKeyPorts {
  readonly records: Pick<RecordSet, 'log' | 'standing'>;
  readonly sealing: Sealing;
  readonly clock: Clock;
  readonly chance: Chance;
  /** What the log of a store that was never restored is called, such as `gateway.example.gov.vn/log`. */
  readonly logName: string;
}

/** Context under which the private half is sealed. */
export function logKeyContext(id: string): string {
  return `log-key:${id}`;
}

/**
 * The key that signs checkpoints of this life of the store, made when there is none. A restored store has forgotten what it signed, so it goes
 * on under another name and key: one name never stands over two trees.
 * @see https://c2sp.org/tlog-checkpoint
 */
export async function currentLogKey({ records, sealing, clock, chance, logName }: LogKeyPorts): Promise<LogKeyRecord> {
  const { incarnation } = await records.standing.read();
  const known = (await records.log.keys()).find((key) => key.incarnation === incarnation);
  if (known !== undefined) return known;
  const id = chance.uuid();
  const { privateKeyDer, publicKey } = ed25519KeyPair(chance.bytes(ED25519_SEED_BYTES));
  const name = incarnation === 1 ? logName : `${logName}/${incarnation}`;
  if (!/^[^\s+]{1,200}$/.test(name)) throw new GatewayError('CONFIG_INVALID', 'LIENTHONG_LOG_NAME is 1 to 200 characters without spaces and “+”, such as gateway.example.gov.vn/log');
  return records.log.addKey({ id, name, incarnation, publicKey, privateKeySealed: sealing.seal(privateKeyDer, logKeyContext(id)), createdAt: clock.now() });
}

export function noteVerifierOf({ name, publicKey }: Pick<LogKeyRecord, 'name' | 'publicKey'>): NoteVerifier {
  return { keyName: name, publicKey: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') }, format: 'jwk' }) };
}
