import type { AgencyCode } from '../../src/domain/agency-code.ts';
import { readConfig } from '../../src/config.ts';
import type { DossierCode } from '../../src/domain/dossier.ts';
import type { DeliveryId, PartnerId } from '../../src/domain/ids.ts';
import { logWalk } from '../../src/store/log-walk.ts';
import { openSealing } from '../../src/store/sealing.ts';
import { issueApiKey } from '../../src/usecases/administer-api-keys.ts';
import { addPartner, setRoute } from '../../src/usecases/administer-partners.ts';
import { advanceLog, type AdvanceLogPorts } from '../../src/usecases/advance-log.ts';
import { verifyLog } from '../../src/usecases/verify-log.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { advanceLogPorts } from '../../src/wiring/evidence.ts';
import { openStore, type Store } from '../../src/wiring/open-store.ts';
import { dossierOf } from '../support/ledger.ts';
import { silentLog } from '../support/log.ts';
import type { LedgerEvent } from './history.ts';
import { PARTNERS } from './partners.ts';
import type { Servers } from './servers.ts';

/** The administrator of the gateway under trial: partners, routes, keys, dossiers, and the reading of the ledger at the end. */
export interface Office {
  readonly senderKey: string;
  readonly secretOf: (partnerId: string) => string;
  readonly apiKeyOf: (partnerId: string) => string;
  setUrl(partnerId: string, url: string): Promise<void>;
  /** `after`: how many there are already. */
  openDossiers(count: number, after?: number): Promise<readonly string[]>;
  /** Deliveries that are not delivered yet. */
  countOpen(): Promise<number>;
  ledger(workerDeaths: readonly number[]): Promise<readonly LedgerEvent[]>;
  /** The evidence log, its last entries given their places: what is wrong with it, and messages that are not in it once. */
  checkLog(): Promise<{ readonly leaves: number; readonly faults: readonly string[] }>;
  close(): Promise<void>;
}

const ACTOR = 'operator:chaos';
const SENDER = 'chaos-land' as PartnerId;

export async function openOffice(servers: Servers): Promise<Office> {
  const chance = systemChance(systemClock);
  await openSealing(servers.masterKeyFile, chance, { create: true, clock: systemClock });
  const config = readConfig({ DATABASE_URL: servers.databaseUrl, MASTER_KEY_FILE: servers.masterKeyFile, LIENTHONG_DATA: `${servers.folder}/data` });
  const store = await openStore({ config, mode: 'admin', clock: systemClock, chance, log: silentLog, applicationName: 'chaos-office', maxConnections: 16 });
  const ports = { records: store.records, sealing: store.sealing, clock: systemClock, chance };
  const secrets = new Map<string, string>();
  const keys = new Map<string, string>();
  const add = async (id: string, url: string | null, repeat: 'key' | 'lookup'): Promise<void> => {
    const partnerId = id as PartnerId;
    const { webhookSecret } = await addPartner(ports, ACTOR, { id: partnerId, name: id, mode: url === null ? 'pull' : 'push', url, repeat });
    const { token } = await issueApiKey(ports, ACTOR, { partnerId, label: 'chaos', scopes: ['messages:write', 'messages:read', 'dossiers:read', 'dossiers:write', 'inbox:read', 'documents:write', 'documents:read'], expiresAt: null });
    secrets.set(id, webhookSecret ?? '');
    keys.set(id, token);
  };
  await add(SENDER, null, 'key');
  for (const { id, agencyCode, repeat } of PARTNERS) {
    await add(id, 'http://127.0.0.1:1/hook', repeat);
    await setRoute(ports, ACTOR, { agencyCode: agencyCode as AgencyCode, partnerId: id as PartnerId });
  }
  return {
    senderKey: keys.get(SENDER) ?? '',
    secretOf: (id) => secrets.get(id) ?? '',
    apiKeyOf: (id) => keys.get(id) ?? '',
    setUrl: (id, url) => store.records.partners.update(id as PartnerId, { url }),
    openDossiers: (count, after = 0) => openDossiers(store, count, after),
    countOpen: () => countOpen(store),
    ledger: (deaths) => readLedger(store, deaths),
    checkLog: () => checkLog(store, advanceLogPorts({ config, store, clock: systemClock, chance, log: silentLog, timestamps: { timestampAuthorities: [] } })),
    close: () => store.close(),
  };
}

async function openDossiers(store: Store, count: number, after: number): Promise<readonly string[]> {
  const codes = Array.from({ length: count }, (_, index) => `H57.12.03-261124-${String(after + index + 1).padStart(5, '0')}` as DossierCode);
  const queue = [...codes];
  const work = async (): Promise<void> => {
    for (let code = queue.shift(); code !== undefined; code = queue.shift()) await store.records.dossiers.add(dossierOf(SENDER, { code }));
  };
  await Promise.all(Array.from({ length: 12 }, work));
  return codes;
}

async function countOpen(store: Store): Promise<number> {
  const { rows } = await store.database.pool.query<{ open: string }>(`SELECT count(*) AS open FROM outbox WHERE state <> 'delivered'`);
  return Number(rows[0]?.open ?? 0);
}

/** Trees, signatures and records; an entry for each message is asked for apart, since twice would be a fault, too. */
async function checkLog(store: Store, ports: AdvanceLogPorts): Promise<{ readonly leaves: number; readonly faults: readonly string[] }> {
  await advanceLog(ports, { force: true });
  const { leaves, faults } = await verifyLog({ records: store.records, walk: logWalk(store.database.db), clock: systemClock }, { kept: [], onProgress: () => undefined });
  const { rows } = await store.database.pool.query<{ id: string }>(
    `SELECT m.id FROM message AS m WHERE (SELECT count(*) FROM log_entry AS e JOIN log_leaf AS l ON l.entry_id = e.id WHERE e.kind = 'message' AND e.subject = m.id::text) <> 1 LIMIT 20`,
  );
  return { leaves, faults: [...faults.map(({ kind, at, detail }) => `${kind} ${at}: ${detail}`), ...rows.map(({ id }) => `message ${id} is not in the log once`)] };
}

/** With how long each delivery that a dead worker had leased waited for another one, counted from the last death before. */
async function readLedger(store: Store, deaths: readonly number[]): Promise<readonly LedgerEvent[]> {
  const { rows } = await store.database.pool.query<{ id: DeliveryId; message: string; state: string; taken: Date[] | null }>(
    `SELECT o.id, o.message_id AS message, o.state,
            (SELECT array_agg(a.finished_at) FROM delivery_attempt AS a WHERE a.outbox_id = o.id AND a.code = 'WORKER_LOST') AS taken
     FROM outbox AS o`,
  );
  return rows.map(({ id, message, state, taken }) => ({ deliveryId: id, messageId: message, state, resumedMs: (taken ?? []).flatMap((at) => sinceLastDeath(deaths, at.getTime())), abandoned: (taken ?? []).length }));
}

function sinceLastDeath(deaths: readonly number[], at: number): number[] {
  const last = deaths.filter((death) => death <= at).at(-1);
  return last === undefined ? [] : [at - last];
}
