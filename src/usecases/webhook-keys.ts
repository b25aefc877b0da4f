import type { WebhookKeyList } from '../formats/api/webhook-keys.ts';
import { ed25519KeyPair, ED25519_SEED_BYTES } from '../formats/ed25519-key.ts';
import { webhookPublicKeyText } from '../formats/webhook-key.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { WebhookKeyRecord } from '../ports/webhook-key-records.ts';

export interface WebhookKeyPorts {
  readonly records: Records;
  readonly sealing: Sealing;
  readonly clock: Clock;
  readonly chance: Chance;
}

/** Context under which the private half is sealed. */
export function webhookKeyContext(id: string): string {
  return `webhook-key:${id}`;
}

/** The first key signs from before it was made: whoever else starts at the same moment has to find it. */
const SKEW_MS = 60_000;

/** The keys whose signatures pushes carry now; the first is made when there is none. */
export async function signingWebhookKeys(ports: WebhookKeyPorts): Promise<readonly WebhookKeyRecord[]> {
  const now = ports.clock.now();
  const known = await ports.records.webhookKeys.list(now);
  if (known.length === 0) await ports.records.webhookKeys.addFirst(newKey(ports, now, new Date(now.getTime() - SKEW_MS)));
  const keys = known.length > 0 ? known : await ports.records.webhookKeys.list(now);
  return keys.filter(({ signsFrom }) => signsFrom <= now);
}

/** What recipients need to check pushes by: keys that sign now, and those announced. */
export async function listWebhookKeys(ports: WebhookKeyPorts): Promise<WebhookKeyList> {
  await signingWebhookKeys(ports);
  const keys = await ports.records.webhookKeys.list(ports.clock.now());
  return { keys: keys.map(viewOf) };
}

export interface Rotation {
  /** How long the successor is published before it signs. */
  readonly announceMs: number;
  /** How long both sign afterwards. */
  readonly overlapMs: number;
}

/** Announces a successor and ends the keys before it. Audited. */
export async function rotateWebhookKey(ports: WebhookKeyPorts, actor: string, { announceMs, overlapMs }: Rotation): Promise<WebhookKeyRecord> {
  const at = ports.clock.now();
  const key = newKey(ports, at, new Date(at.getTime() + announceMs));
  await ports.records.transaction(async (tx) => {
    await tx.webhookKeys.addSuccessor(key, new Date(key.signsFrom.getTime() + overlapMs));
    await tx.audit.add({ at, actor, action: 'rotate-webhook-key', subject: `webhook-key:${key.id}`, detail: { signsFrom: key.signsFrom.toISOString(), overlapMs } });
  });
  return key;
}

function newKey({ chance, sealing }: WebhookKeyPorts, createdAt: Date, signsFrom: Date): WebhookKeyRecord {
  const id = chance.uuid();
  const { privateKeyDer, publicKey } = ed25519KeyPair(chance.bytes(ED25519_SEED_BYTES));
  return { id, publicKey, privateKeySealed: sealing.seal(privateKeyDer, webhookKeyContext(id)), createdAt, signsFrom, signsUntil: null };
}

function viewOf({ id, publicKey, signsFrom, signsUntil }: WebhookKeyRecord): WebhookKeyList['keys'][number] {
  return {
    keyId: id,
    algorithm: 'ed25519',
    publicKey: webhookPublicKeyText(publicKey),
    jwk: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url'), kid: id, use: 'sig' },
    signsFrom: signsFrom.toISOString(),
    signsUntil: signsUntil?.toISOString() ?? null,
  };
}
