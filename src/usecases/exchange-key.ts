import { GatewayError, isGatewayError } from '../domain/errors.ts';
import type { KeyId } from '../domain/ids.ts';
import { readKnownCertificate } from '../formats/x509/certificate-memo.ts';
import type { Chance } from '../ports/chance.ts';
import type { SigningKeyRecord } from '../ports/key-records.ts';
import { addSigningKey, type NewSigningKey, type SigningKeyPorts } from './administer-keys.ts';

export interface ExchangeKeyPorts extends SigningKeyPorts {
  readonly chance: Chance;
  /** A new P-256 key with a certificate of its own making. */
  readonly makeKey: (request: { readonly serialNumber: Uint8Array; readonly name: string; readonly notBefore: Date; readonly notAfter: Date }) => Pick<NewSigningKey, 'privateKeyPkcs8Der' | 'chainDer'>;
}

/** Begins the name of a key that the gateway made for itself, for want of another. */
const SELF_MADE = 'exchange-self-made-';
const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const SELF_MADE_FOR_MS = 3 * YEAR_MS;
/** A key of its own is followed by the next one this long before its certificate ends. */
const RENEWED_BEFORE_MS = YEAR_MS / 6;

/**
 * The key with which the gateway attests now: the one added last whose certificate is valid. A gateway to which nobody gave one makes its
 * own, with a certificate that only those trust who were handed it; it gives way to the first that an operator adds.
 * @throws EXCHANGE_KEY_MISSING when the operator's keys are all disabled or at their end: none is made in their place behind his back
 */
export async function findExchangeKey(ports: ExchangeKeyPorts): Promise<SigningKeyRecord> {
  const now = ports.clock.now();
  const all = (await ports.records.keys.list()).filter(({ purpose }) => purpose === 'exchange');
  const usable = all.filter((key) => isUsable(key, now)).sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  const given = usable.find((key) => !isSelfMade(key));
  if (given !== undefined) return given;
  if (all.some((key) => !isSelfMade(key))) {
    throw new GatewayError('EXCHANGE_KEY_MISSING', 'No exchange key is in use whose certificate is valid, so nothing can be attested: lienthong keys add ID --purpose exchange …');
  }
  const own = usable.find(({ notAfter }) => notAfter.getTime() - now.getTime() > RENEWED_BEFORE_MS);
  return own ?? makeOwn(ports, now, usable[0]);
}

const isSelfMade = ({ id }: SigningKeyRecord): boolean => id.startsWith(SELF_MADE);

function isUsable({ disabledAt, chainDer, notAfter }: SigningKeyRecord, now: Date): boolean {
  return disabledAt === null && now <= notAfter && now >= readKnownCertificate(chainDer[0]).notBefore;
}

/** Another process may make the same one at once: the first counts. */
async function makeOwn(ports: ExchangeKeyPorts, now: Date, still: SigningKeyRecord | undefined): Promise<SigningKeyRecord> {
  const id = `${SELF_MADE}${now.toISOString().slice(0, 10)}` as KeyId;
  try {
    return await addSigningKey(ports, 'gateway', { id, purpose: 'exchange', scheme: 'ecdsa', picturePng: null, ...ports.makeKey({ serialNumber: ports.chance.bytes(16), name: `${id} (tự tạo)`, notBefore: new Date(now.getTime() - HOUR_MS), notAfter: new Date(now.getTime() + SELF_MADE_FOR_MS) }) });
  } catch (error) {
    if (!isGatewayError(error, 'KEY_EXISTS')) throw error;
    const made = await ports.records.keys.find(id);
    if (made !== null && isUsable(made, now)) return made;
    if (still !== undefined) return still;
    throw new GatewayError('EXCHANGE_KEY_MISSING', `The gateway’s own exchange key ${id} was disabled today: add one with lienthong keys add ID --purpose exchange …`);
  }
}
