import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKey } from '../../connectors/key-file/self-made.ts';
import type { KeyId, PartnerId } from '../../src/domain/ids.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';
import { addSigningKey, disableKey, grantKey } from '../../src/usecases/administer-keys.ts';
import { findExchangeKey, type ExchangeKeyPorts } from '../../src/usecases/exchange-key.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { frozenClock } from '../support/clock.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

const DAY_MS = 86_400_000;
const chance = systemChance(systemClock);
let fresh: FreshRecords;
beforeAll(async () => void (fresh = await freshRecords()));
afterAll(() => fresh.close());

const at = (days: number): ExchangeKeyPorts => ({ ...fresh, chance, makeKey, clock: frozenClock(new Date(Date.now() + days * DAY_MS)) });
const given = (id: string, days: number): Promise<unknown> =>
  addSigningKey(at(0), 'operator:test', { id: id as KeyId, purpose: 'exchange', scheme: 'ecdsa', picturePng: null, ...makeKey({ serialNumber: chance.bytes(16), name: id, notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + days * DAY_MS) }) });

describe('the exchange key', () => {
  it('is made by the gateway where it was given none, once for all processes, and followed by another before it ends', async () => {
    const made = await Promise.all([findExchangeKey(at(0)), findExchangeKey(at(0)), findExchangeKey(at(0))]);
    expect(new Set(made.map(({ certificateSha256 }) => certificateSha256)).size).toBe(1);
    const [first] = made;
    expect([first?.id.startsWith('exchange-self-made-'), readCertificate(first?.chainDer[0] ?? new Uint8Array()).publicKey]).toMatchObject([true, { type: 'EC', bits: 256 }]);
    expect((await findExchangeKey(at(3 * 365 - 90))).id).toBe(first?.id);
    expect((await findExchangeKey(at(3 * 365 - 30))).id).not.toBe(first?.id);
  });

  it('is the operator’s as soon as there is one, the latest, and nothing takes its place when all have ended', async () => {
    await given('exchange-a', 100);
    expect((await findExchangeKey(at(0))).id).toBe('exchange-a');
    await given('exchange-b', 50);
    expect([(await findExchangeKey(at(0))).id, (await findExchangeKey(at(60))).id]).toEqual(['exchange-b', 'exchange-a']);
    await expect(findExchangeKey(at(200))).rejects.toMatchObject({ code: 'EXCHANGE_KEY_MISSING' });
    for (const id of ['exchange-a', 'exchange-b']) await disableKey(at(0), 'operator:test', id as KeyId);
    await expect(findExchangeKey(at(0))).rejects.toMatchObject({ code: 'EXCHANGE_KEY_MISSING' });
  });

  it('is granted to nobody', async () => {
    await given('exchange-c', 100);
    await expect(grantKey(at(0), 'operator:test', 'nobody' as PartnerId, 'exchange-c' as KeyId)).rejects.toMatchObject({ code: 'KEY_NOT_GRANTED' });
  });
});
