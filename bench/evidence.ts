import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import pg from 'pg';
import { createDevPki } from '../certs/dev/create-dev-pki.ts';
import { createHttpTimestampAuthority } from '../connectors/tsa-http/index.ts';
import { startSandboxPki } from '../sandbox/pki/start.ts';
import { proveInclusion } from '../src/formats/transparency-log/log-proofs.ts';
import { connectDatabase, type DatabaseHandle } from '../src/store/database.ts';
import { logWalk } from '../src/store/log-walk.ts';
import { migrate } from '../src/store/migrate.ts';
import { MIGRATIONS } from '../src/store/migrations/all.ts';
import { logRecords } from '../src/store/records/log-records.ts';
import { growerFor } from '../src/usecases/grow-log.ts';
import { timestampValue } from '../src/usecases/timestamp-value.ts';
import { verifyLog } from '../src/usecases/verify-log.ts';
import { tileLoader } from '../src/usecases/witness-checkpoint.ts';
import { systemChance } from '../src/wiring/chance.ts';
import { systemClock } from '../src/wiring/clock.ts';
import { silentLog } from '../test/support/log.ts';
import { startServers } from '../test/chaos/servers.ts';
import type { Bench, CaseResult } from './measure.ts';

const LEAVES = Number(process.env['BENCH_LEAVES'] ?? 1_000_000);
/** What 300 messages a second come to in 20 s. */
const A_CHECKPOINT = 6_000;
const PROOFS = 200;

/**
 * The evidence log by itself: growing to a million leaves under time-stamped checkpoints, proofs at 10³ to 10⁶ leaves, and the check of all of
 * it. How fast messages are signed, logged and delivered is in `exchange`.
 */
export const evidenceBench: Bench = {
  name: 'evidence',
  run: async () => {
    const servers = await startServers('pg');
    const database = connectDatabase({ target: { url: servers.databaseUrl }, applicationName: 'bench', log: silentLog, maxConnections: 4 });
    try {
      await migrate(database.db, MIGRATIONS, { clock: systemClock, log: silentLog });
      return await measure(database, servers.databaseUrl);
    } finally {
      await database.close();
      await servers.close();
    }
  },
};

async function measure({ db }: DatabaseHandle, url: string): Promise<Record<string, CaseResult>> {
  const results: Record<string, CaseResult> = {};
  const log = logRecords(db);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signer = { keyName: 'bench.example/log', publicKey, sign: (message: Uint8Array): Uint8Array => sign(null, message, privateKey) };
  const chance = systemChance(systemClock);
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const { id: keyId } = await log.addKey({ id: chance.uuid(), name: signer.keyName, incarnation: 1, publicKey: raw, privateKeySealed: randomBytes(8), createdAt: new Date() });
  const pki = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
  const tsa = createHttpTimestampAuthority({ url: `${pki.url}/tsa` });
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  let [growMs, stampMs, size] = [0, 0, 0];
  const marks = [1_000, 10_000, 100_000, 1_000_000].filter((mark) => mark <= LEAVES);
  try {
    while (size < LEAVES) {
      const next = marks.find((mark) => mark > size) ?? LEAVES;
      const count = Math.min(A_CHECKPOINT, next - size);
      await enter(pool, count);
      let began = performance.now();
      const checkpoint = await log.advance({ limit: count, keyId, at: new Date(), grow: growerFor(signer) });
      growMs += performance.now() - began;
      if (checkpoint === null) throw new Error('nothing was there to grow by');
      began = performance.now();
      const { token, authority } = await timestampValue({ timestampAuthorities: [tsa], clock: systemClock, chance }, Buffer.from(checkpoint.note), 'sha512');
      await log.addTimestamp({ id: chance.uuid(), size: checkpoint.size, authority, tokenDer: token.der, genTime: token.info.genTime, certificateNotAfter: new Date(Date.now() + 1e10), digestAlgorithm: 'sha512', createdAt: new Date() });
      stampMs += performance.now() - began;
      size = checkpoint.size;
      if (marks.includes(size)) results[`proof-of-${size}`] = await proofs(log, size);
    }
    const checkpoints = pki.served.tsa;
    results['leaves-under-checkpoints'] = { opsPerSecond: size / (growMs / 1_000), cpuPerOpMs: growMs / size };
    results['checkpoint-and-time-stamp'] = { opsPerSecond: checkpoints / ((growMs + stampMs) / 1_000), cpuPerOpMs: stampMs / checkpoints, roundTrips: 1 };
    const began = performance.now();
    const report = await verifyLog({ records: { log }, walk: logWalk(db), clock: systemClock }, { kept: [], onProgress: () => undefined });
    const seconds = (performance.now() - began) / 1_000;
    if (!report.ok || report.leaves !== size) throw new Error(`The log is not whole: ${JSON.stringify(report.faults.slice(0, 3))}`);
    console.error(`evidence: ${size} leaves, ${report.checkpoints} checkpoints, ${report.timestamps} time-stamps checked in ${seconds.toFixed(1)} s`);
    results[`checked-of-${size}`] = { opsPerSecond: size / seconds, cpuPerOpMs: (seconds * 1_000) / size };
    return results;
  } finally {
    await pool.end();
    await tsa.close();
    await pki.close();
  }
}

/** As `append` writes them, made where they are kept: what is measured is the log. */
async function enter(pool: pg.Pool, count: number): Promise<void> {
  await pool.query(
    `WITH given AS MATERIALIZED (SELECT gen_random_uuid()::text AS subject, sha256(uuid_send(gen_random_uuid())) AS digest, uuid_send(gen_random_uuid()) AS salt FROM generate_series(1, $1)),
       added AS (INSERT INTO log_entry (kind, subject, record_sha256, salt, leaf_data, partners, created_at) SELECT 'postal', subject, digest, salt, sha256(salt || digest), '{}', now() FROM given RETURNING id)
     INSERT INTO log_pending (entry_id, kind) SELECT id, 'postal' FROM added`,
    [count],
  );
}

async function proofs(log: ReturnType<typeof logRecords>, size: number): Promise<CaseResult> {
  const load = tileLoader(log);
  let hashes = 0;
  const began = performance.now();
  for (let at = 0; at < PROOFS; at += 1) hashes = Math.max(hashes, (await proveInclusion(load, Math.floor((at * size) / PROOFS), size)).length);
  const ms = performance.now() - began;
  console.error(`evidence: a proof in ${size} leaves has at most ${hashes} hashes (${hashes * 32} bytes)`);
  return { opsPerSecond: PROOFS / (ms / 1_000), cpuPerOpMs: ms / PROOFS };
}
