import { readConfig } from '../../../src/config.ts';
import type { DossierCode } from '../../../src/domain/dossier.ts';
import type { PartnerId, PostalOrderId } from '../../../src/domain/ids.ts';
import type { PostalOrder } from '../../../src/domain/postal-order.ts';
import { openSealing } from '../../../src/store/sealing.ts';
import { issueApiKey } from '../../../src/usecases/administer-api-keys.ts';
import { addPartner } from '../../../src/usecases/administer-partners.ts';
import { systemChance } from '../../../src/wiring/chance.ts';
import { systemClock } from '../../../src/wiring/clock.ts';
import { openStore } from '../../../src/wiring/open-store.ts';
import { dossierOf } from '../../support/ledger.ts';
import { silentLog } from '../../support/log.ts';
import { postalOrder } from '../../support/postal.ts';
import type { Servers } from '../servers.ts';
import type { PostHistories } from './count.ts';

/** The administrator of the gateway under trial, who also reads its records at the end. */
export interface PostOffice {
  readonly apiKey: string;
  openDossiers(count: number): Promise<readonly string[]>;
  /** Orders as if that carrier had taken them, one a dossier; their numbers. */
  placeAll(dossiers: readonly string[], carrier: string): Promise<readonly string[]>;
  countEvents(): Promise<number>;
  /** Deliveries to carriers that are neither done nor waiting for a person; and orders told unknown although the carrier's feed may still tell. */
  countOpen(): Promise<number>;
  records(deaths: readonly number[]): Promise<PostHistories['gateway']>;
  close(): Promise<void>;
}

const ACTOR = 'operator:chaos';
const PORTAL = 'chaos-portal' as PartnerId;

export async function openPostOffice(servers: Servers): Promise<PostOffice> {
  const chance = systemChance(systemClock);
  await openSealing(servers.masterKeyFile, chance, { create: true, clock: systemClock });
  const config = readConfig({ DATABASE_URL: servers.databaseUrl, MASTER_KEY_FILE: servers.masterKeyFile, LIENTHONG_DATA: `${servers.folder}/data` });
  const store = await openStore({ config, mode: 'admin', clock: systemClock, chance, log: silentLog, applicationName: 'chaos-office', maxConnections: 8 });
  const ports = { records: store.records, sealing: store.sealing, clock: systemClock, chance };
  await addPartner(ports, ACTOR, { id: PORTAL, name: PORTAL, mode: 'pull', url: null, repeat: 'key' });
  const { token } = await issueApiKey(ports, ACTOR, { partnerId: PORTAL, label: 'chaos', scopes: ['postal:write', 'postal:read'], expiresAt: null });
  const { pool } = store.database;
  return {
    apiKey: token,
    async openDossiers(count) {
      const codes = Array.from({ length: count }, (_, index) => `H57.12.03-261124-${String(index + 1).padStart(5, '0')}` as DossierCode);
      for (const code of codes) await store.records.dossiers.add(dossierOf(PORTAL, { code }));
      return codes;
    },
    async placeAll(dossiers, carrier) {
      const orders = dossiers.map((code): PostalOrder => ({ ...postalOrder(`${code}-KQ1`), id: chance.uuid() as PostalOrderId, dossierCode: code as DossierCode, carrier, requestedBy: PORTAL, state: 'ACCEPTED' }));
      for (const order of orders) await store.records.postal.add(order);
      return orders.map(({ orderNumber }) => orderNumber);
    },
    async countEvents() {
      const { rows } = await pool.query<{ events: string }>('SELECT count(*) AS events FROM postal_event');
      return Number(rows[0]?.events ?? 0);
    },
    async countOpen() {
      const { rows } = await pool.query<{ open: string }>(`SELECT count(*) AS open FROM outbox WHERE kind = 'postal' AND state NOT IN ('delivered', 'cancelled', 'parked')`);
      return Number(rows[0]?.open ?? 0);
    },
    async records(deaths) {
      const { rows } = await pool.query<{ id: string; state: string; delivery: string; taken: Date[] | null; unknown_ms: string | null }>(
        `SELECT p.id, p.state, o.state AS delivery, (SELECT extract(epoch FROM max(a.finished_at) - min(a.finished_at) FILTER (WHERE a.outcome = 'unknown')) * 1000 FROM delivery_attempt AS a WHERE a.outbox_id = o.id) AS unknown_ms, (SELECT array_agg(a.finished_at) FROM delivery_attempt AS a WHERE a.outbox_id = o.id AND a.code = 'WORKER_LOST') AS taken
         FROM postal_order AS p JOIN outbox AS o ON o.id = p.id`,
      );
      return rows.map(({ id, state, delivery, taken, unknown_ms: unknownMs }) => ({ unknownMs: Math.round(Number(unknownMs ?? 0)), orderId: id, state, delivery, resumedMs: (taken ?? []).flatMap((at) => sinceLastDeath(deaths, at.getTime())) }));
    },
    close: () => store.close(),
  };
}

function sinceLastDeath(deaths: readonly number[], at: number): number[] {
  const last = deaths.filter((death) => death <= at).at(-1);
  return last === undefined ? [] : [at - last];
}
