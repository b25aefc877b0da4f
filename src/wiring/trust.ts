import { join } from 'node:path';
import { trustFolder } from '../../certs/trust-folder.ts';
import { openKeptTrust } from '../../certs/trust-store/open.ts';
import type { Config } from '../config.ts';
import type { TrustStore } from '../ports/trust-store.ts';

/**
 * Whom one process trusts: the anchors kept in its data folder (`lienthong trust`), which count as soon as they change, and those of
 * LIENTHONG_TRUST and LIENTHONG_TRUST_TSA, read now.
 * @throws FILE_NOT_READABLE, CERTIFICATE_MALFORMED
 */
export function openTrust({ dataDir, LIENTHONG_TRUST, LIENTHONG_TRUST_TSA }: Pick<Config, 'dataDir' | 'LIENTHONG_TRUST' | 'LIENTHONG_TRUST_TSA'>): TrustStore {
  const signature = LIENTHONG_TRUST === undefined ? [] : [LIENTHONG_TRUST];
  const timestamp = LIENTHONG_TRUST_TSA === undefined ? signature : [LIENTHONG_TRUST_TSA];
  const given = trustFolder({ signature, timestamp });
  const kept = openKeptTrust(join(dataDir, 'trust'));
  return joinTrust(kept, given);
}

/** Whom any of these stores trusts. */
export function joinTrust(...stores: readonly TrustStore[]): TrustStore {
  return { anchors: async (purpose) => (await Promise.all(stores.map((store) => store.anchors(purpose)))).flat() };
}
