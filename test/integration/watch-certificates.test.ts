import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, schemeOf } from '../../certs/dev/identity.ts';
import type { KeyId } from '../../src/domain/ids.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';
import { addSigningKey, disableKey } from '../../src/usecases/administer-keys.ts';
import { checkReadiness } from '../../src/usecases/check-readiness.ts';
import { warnOfEndingCertificates } from '../../src/usecases/watch-certificates.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { frozenClock } from '../support/clock.ts';
import { keptLog, type LogLine } from '../support/log.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

let fresh: FreshRecords;
let notAfter: Date;
const DAY_MS = 24 * 3_600_000;
const OFFICER = 'officer' as KeyId;
const chance = systemChance(systemClock);

beforeAll(async () => {
  fresh = await freshRecords();
  const { officer } = await createDevPki({ now: new Date() });
  ({ notAfter } = readCertificate(officer.certificateDer));
  await addSigningKey({ ...fresh, clock: systemClock, chance }, 'operator:test', { id: OFFICER, purpose: 'document', scheme: schemeOf(officer.privateKey), privateKeyPkcs8Der: privateKeyDerOf(officer.privateKey), chainDer: officer.chainDer, picturePng: null });
});
afterAll(() => fresh.close());

const daysBefore = (days: number) => frozenClock(new Date(notAfter.getTime() - days * DAY_MS));

async function warned(days: number): Promise<readonly LogLine[]> {
  const log = keptLog();
  await warnOfEndingCertificates({ ...fresh, clock: daysBefore(days), log });
  return log.lines;
}

const readiness = (days: number) =>
  checkReadiness({ ...fresh, queue: { wake: () => undefined, healthy: () => true, backlog: () => Promise.resolve(0) }, clock: daysBefore(days), checkStorage: () => Promise.resolve(), timestamps: () => ({ authorities: 0, lastSuccessAt: null, lastFailureAt: null }) });

describe('certificates of keys in use', () => {
  it.each([
    [61, null],
    [60, 60],
    [31, 60],
    [30, 30],
    [8, 30],
    [7, 7],
    [0, 7],
    [-1, 0],
  ])('%i days before their end the warning says "within %s days"', async (days, within) => {
    const lines = await warned(days);
    expect(lines).toHaveLength(within === null ? 0 : 1);
    if (within !== null) expect(lines[0]).toMatchObject({ level: 'warn', event: within === 0 ? 'key.certificate-ended' : 'key.certificate-ending', attributes: { keyId: OFFICER, within, daysLeft: days } });
  });

  it('stand in readiness, which degrades in the last week', async () => {
    expect(await readiness(61)).toMatchObject({ degraded: false, nextCertificateEndAt: null, parts: { certificates: 'up' } });
    expect(await readiness(30)).toMatchObject({ degraded: false, nextCertificateEndAt: notAfter.toISOString(), parts: { certificates: 'up' } });
    expect(await readiness(7)).toMatchObject({ ready: true, degraded: true, parts: { certificates: 'degraded' } });
  });

  it('are of no concern once the key is disabled', async () => {
    await disableKey({ ...fresh, clock: systemClock, chance }, 'operator:test', OFFICER);
    expect(await warned(0)).toEqual([]);
  });
});
