import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';
import type { Log } from '../ports/telemetry.ts';

export interface WatchCertificatesPorts {
  readonly records: Pick<Records, 'keys'>;
  readonly clock: Clock;
}

export interface EndingCertificate {
  readonly keyId: string;
  readonly notAfter: Date;
  /** Whole days; negative: it has ended. */
  readonly daysLeft: number;
}

const DAY_MS = 24 * 3_600_000;
/** Getting another certificate takes an agency weeks: it is told in time, again, and for the last time. */
export const WARN_DAYS = [60, 30, 7] as const;
const [FIRST_WARNING_DAYS] = WARN_DAYS;

/** Certificates of keys in use that end within 60 days or have ended, the earliest first. @throws DATABASE_UNAVAILABLE */
export async function endingCertificates({ records, clock }: WatchCertificatesPorts): Promise<readonly EndingCertificate[]> {
  const now = clock.now().getTime();
  const ending = await records.keys.endingBefore(new Date(now + FIRST_WARNING_DAYS * DAY_MS));
  return ending.map(({ id, notAfter }) => ({ keyId: id, notAfter, daysLeft: Math.floor((notAfter.getTime() - now) / DAY_MS) }));
}

/**
 * Writes a warning for each of them. Meant for once a day.
 * @throws DATABASE_UNAVAILABLE
 */
export async function warnOfEndingCertificates(ports: WatchCertificatesPorts & { readonly log: Log }): Promise<{ readonly more: false }> {
  for (const { keyId, notAfter, daysLeft } of await endingCertificates(ports)) {
    // The last threshold passed, so that an alarm can be set on one of them.
    const within = daysLeft < 0 ? 0 : WARN_DAYS.findLast((days) => daysLeft <= days);
    ports.log.warn(daysLeft < 0 ? 'key.certificate-ended' : 'key.certificate-ending', { keyId, notAfter: notAfter.toISOString(), daysLeft, within });
  }
  return { more: false };
}
