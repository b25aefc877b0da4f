import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PartnerId } from '../../src/domain/ids.ts';
import { isGatewayError } from '../../src/domain/errors.ts';
import type { Records } from '../../src/ports/records.ts';
import { logWalk } from '../../src/store/log-walk.ts';
import { records } from '../../src/store/records/records.ts';
import type { Database } from '../../src/store/schema.ts';
import { growerFor } from '../../src/usecases/grow-log.ts';
import { recordMessage } from '../../src/usecases/record-message.ts';
import { verifyLog, type LogReport } from '../../src/usecases/verify-log.ts';
import { witnessOfPartner } from '../../src/usecases/witness-checkpoint.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { AGENCY, dossierOf, newId, partnerOf } from '../support/ledger.ts';
import { silentLog } from '../support/log.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

/**
 * What somebody with the database in hand could do, seven ways. Each is done twice: by a hand that changes rows, and by one that has the
 * log's key, too, and makes tree and checkpoints anew so that the store agrees with itself.
 */

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer = { keyName: 'gateway.test/log', publicKey, sign: (message: Uint8Array): Uint8Array => sign(null, message, privateKey) };
const chance = systemChance(systemClock);
const PARTNER = 'land' as PartnerId;

let fresh: FreshRecords;
let keyId: string;
/** What the partner, and the data folder, kept: the last checkpoint before anything happened. */
let kept: string;
let earlier: number;

const advance = (set: Pick<Records, 'log'>) => set.log.advance({ limit: 10_000, keyId, at: systemClock.now(), grow: growerFor(signer) });

async function sendSome(set: Records, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const dossier = dossierOf('land');
    await set.transaction(async (tx) => {
      await tx.dossiers.add(dossier);
      const input = { type: 'dossier.progress', schemaVersion: 1, dossierCode: dossier.code, fromPartnerId: PARTNER, fromAgencyCode: AGENCY, toAgencyCodes: [AGENCY], recipients: [PARTNER], body: { note: `${at}` }, parts: [], traceparent: null, at: systemClock.now() } as const;
      await recordMessage(tx, { exchangeKey: fresh.exchangeKey, chance }, input);
      await tx.audit.add({ at: systemClock.now(), actor: 'operator:test', action: 'look', subject: `dossier:${dossier.code}`, detail: { at } });
    });
  }
}

beforeAll(async () => {
  fresh = await freshRecords();
  const x = publicKey.export({ format: 'jwk' }).x ?? '';
  keyId = (await fresh.records.log.addKey({ id: newId(), name: signer.keyName, incarnation: 1, publicKey: Buffer.from(x, 'base64url'), privateKeySealed: new Uint8Array(8), createdAt: systemClock.now() })).id;
  await fresh.records.partners.add(partnerOf('land'));
  for (let round = 0; round < 3; round += 1) {
    await sendSome(fresh.records, 8);
    await advance(fresh.records);
    if (round === 0) earlier = (await fresh.records.log.newest())?.size ?? 0;
  }
  kept = (await fresh.records.log.newest())?.note ?? '';
});
afterAll(() => fresh.close());

type Trx = Transaction<Database>;

/** Done in a transaction that is undone, past triggers and foreign keys, as a superuser may. */
async function inSecret<T>(work: (trx: Trx, set: Records) => Promise<T>): Promise<T> {
  const undo = new Error('undo');
  let result: T | undefined;
  await fresh.handle.db
    .transaction()
    .execute(async (trx) => {
      await sql`SET LOCAL session_replication_role = replica`.execute(trx);
      const own = records(trx, fresh.sealing);
      const set: Records = { ...own, transaction: (inner) => inner(own) };
      result = await work(trx, set);
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  return result as T;
}

const check = (trx: Trx, set: Records, notes: readonly string[] = []): Promise<LogReport> =>
  verifyLog({ records: set, walk: logWalk(trx), clock: systemClock }, { kept: notes.map((note) => ({ by: 'data-folder', note: Buffer.from(note) })), onProgress: () => undefined });

async function isRefused(set: Records): Promise<boolean> {
  try {
    await witnessOfPartner({ records: set, clock: systemClock, chance, log: silentLog }, PARTNER, Buffer.from(kept));
    return false;
  } catch (error) {
    if (isGatewayError(error, 'LOG_FORKED')) return true;
    throw error;
  }
}

const run = async (trx: Trx, ...statements: readonly string[]): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(trx);
};

const MESSAGE = `(SELECT subject::uuid FROM log_entry AS e JOIN log_leaf AS l ON l.entry_id = e.id WHERE e.kind = 'message' AND l.leaf_index >= 3 ORDER BY l.leaf_index LIMIT 1)`;
const ENTRY = `(SELECT entry_id FROM log_leaf WHERE leaf_index = 4)`;
const cutTo = (size: number): string[] => [
  `DELETE FROM message WHERE id IN (SELECT subject::uuid FROM log_entry AS e JOIN log_leaf AS l ON l.entry_id = e.id WHERE e.kind = 'message' AND leaf_index >= ${size})`,
  `DELETE FROM audit WHERE id IN (SELECT subject::bigint FROM log_entry AS e JOIN log_leaf AS l ON l.entry_id = e.id WHERE e.kind = 'audit' AND leaf_index >= ${size})`,
  `DELETE FROM log_entry WHERE id IN (SELECT entry_id FROM log_leaf WHERE leaf_index >= ${size})`,
  `DELETE FROM log_leaf WHERE leaf_index >= ${size}`,
  `DELETE FROM log_checkpoint WHERE size > ${size}`,
];

interface Tampering {
  readonly name: string;
  readonly statements: () => readonly string[];
  /** What goes on afterwards, in the history that was made up. */
  readonly goesOn?: number;
  /** Nothing in the store tells: only what was kept outside of it does. */
  readonly needsKept?: boolean;
}

const TAMPERINGS: readonly Tampering[] = [
  { name: 'edit', statements: () => [`UPDATE message SET manifest = replace(manifest, 'dossier.progress', 'dossier.refuse') WHERE id = ${MESSAGE}`] },
  { name: 'delete', statements: () => [`DELETE FROM log_entry WHERE id = ${ENTRY}`, `DELETE FROM log_leaf WHERE leaf_index = 4`] },
  { name: 'swap', statements: () => [`UPDATE log_leaf SET leaf_index = 1000000 WHERE leaf_index = 4`, `UPDATE log_leaf SET leaf_index = 4 WHERE leaf_index = 6`, `UPDATE log_leaf SET leaf_index = 6 WHERE leaf_index = 1000000`] },
  {
    name: 'insert',
    statements: () => [
      `INSERT INTO message (id, dossier_code, type, from_partner_id, to_agency_codes, body_sealed, manifest, manifest_sha256, created_at, schema_version)
         SELECT '00000000-0000-4000-8000-000000000001', dossier_code, type, from_partner_id, to_agency_codes, body_sealed, manifest, manifest_sha256, created_at, schema_version FROM message WHERE id = ${MESSAGE}`,
    ],
  },
  { name: 'truncate', statements: () => cutTo(earlier), needsKept: true },
  { name: 'restore yesterday’s', statements: () => [...cutTo(earlier), `DELETE FROM log_tile`], goesOn: 2 },
  { name: 'fork', statements: () => cutTo(earlier), goesOn: 40 },
];

/** Made anew from the rows as they are now, by whoever has the key. Signatures are made up: their values are for the check of evidence. */
async function rebuild(trx: Trx, set: Records): Promise<void> {
  const XML = `convert_to(encode(sha256(convert_to(m.manifest, 'UTF8')), 'base64'), 'UTF8')`;
  await run(
    trx,
    `UPDATE evidence AS v SET manifest_xml = ${XML}, cms_der = sha256(${XML}) FROM message AS m WHERE m.id = v.message_id AND v.kind = 'message' AND position(${XML} IN v.manifest_xml) = 0`,
    `INSERT INTO evidence (message_id, name, kind, manifest_xml, cms_der, at) SELECT m.id, 'message', 'message', ${XML}, sha256(${XML}), m.created_at FROM message AS m WHERE NOT EXISTS (SELECT 1 FROM evidence AS v WHERE v.message_id = m.id)`,
    `INSERT INTO log_entry (kind, subject, record_sha256, salt, leaf_data, partners, created_at)
       SELECT 'message', v.message_id::text, sha256(v.cms_der), decode(repeat('00', 16), 'hex'), sha256(decode(repeat('00', 16), 'hex') || sha256(v.cms_der)), '{}', v.at
       FROM evidence AS v JOIN message AS m ON m.id = v.message_id WHERE NOT EXISTS (SELECT 1 FROM log_entry AS e WHERE e.kind = 'message' AND e.subject = v.message_id::text)`,
    `UPDATE log_entry AS e SET record_sha256 = sha256(v.cms_der), leaf_data = sha256(e.salt || sha256(v.cms_der)) FROM evidence AS v WHERE e.kind = 'message' AND v.message_id = e.subject::uuid AND v.kind = 'message'`,
    `INSERT INTO log_pending (entry_id, kind) SELECT e.id, e.kind FROM log_entry AS e LEFT JOIN log_leaf AS l ON l.entry_id = e.id ORDER BY l.leaf_index NULLS FIRST`,
    `DELETE FROM audit WHERE NOT EXISTS (SELECT 1 FROM log_entry AS e WHERE e.kind = 'audit' AND e.subject = audit.id::text)`,
    'DELETE FROM log_leaf',
    'DELETE FROM log_tile',
    'DELETE FROM log_checkpoint',
  );
  await advance(set);
}

it('has no fault as it is', async () => {
  const report = await inSecret((trx, set) => check(trx, set, [kept]));
  expect(report.faults).toEqual([]);
  expect(report).toMatchObject({ ok: true, leaves: 49, checkpoints: 3 });
  expect(await inSecret((_, set) => isRefused(set))).toBe(false);
});

describe.each(TAMPERINGS)('$name', ({ statements, goesOn = 0, needsKept = false }) => {
  it('is found by the check of the log', async () => {
    const [alone, withKept] = await inSecret(async (trx, set) => {
      await run(trx, ...statements());
      return [await check(trx, set), await check(trx, set, [kept])] as const;
    });
    expect(withKept.ok).toBe(false);
    if (!needsKept && goesOn === 0) expect(alone.ok).toBe(false);
  });

  it('is found by a partner that kept a checkpoint, also when all was made anew by the log’s own key', async () => {
    const found = await inSecret(async (trx, set) => {
      await run(trx, ...statements());
      await rebuild(trx, set);
      if (goesOn > 0) {
        await sendSome(set, goesOn);
        await advance(set);
      }
      return { own: await check(trx, set), kept: await check(trx, set, [kept]), refused: await isRefused(set) };
    });
    expect(found.own.faults).toEqual([]); // the store agrees with itself: nobody else could tell
    expect(found.kept.faults.map(({ kind }) => kind)).toEqual(['witness']);
    expect(found.refused).toBe(true);
  });
});

it('tells a hand that exchanged what a checkpoint says', async () => {
  const other = createHash('sha256').update('other').digest('hex');
  const report = await inSecret(async (trx, set) => {
    await run(trx, `UPDATE log_checkpoint SET root = decode('${other}', 'hex') WHERE size = ${earlier}`, `UPDATE log_checkpoint SET note = replace(note, '${signer.keyName}', 'gateway.other/log') WHERE size = (SELECT max(size) FROM log_checkpoint)`);
    return check(trx, set);
  });
  expect(new Set(report.faults.map(({ kind }) => kind))).toEqual(new Set(['tree', 'checkpoint']));
});
