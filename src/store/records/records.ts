import { GatewayError } from '../../domain/errors.ts';
import type { Records, RecordSet } from '../../ports/records.ts';
import type { Sealing } from '../../ports/sealing.ts';
import { sqlState } from '../database-error.ts';
import { alarmRecords } from './alarm-records.ts';
import { auditRecords } from './audit-records.ts';
import { documentRecords } from './document-records.ts';
import { dossierRecords } from './dossier-records.ts';
import { erasureRecords } from './erasure-records.ts';
import type { Executor } from './executor.ts';
import { idempotencyRecords } from './idempotency-records.ts';
import { jobRecords } from './job-records.ts';
import { keyRecords } from './key-records.ts';
import { messageRecords } from './message-records.ts';
import { outbox } from './outbox.ts';
import { partnerKeyRecords } from './partner-key-records.ts';
import { partnerRecords } from './partner-records.ts';
import { partnerStates } from './partner-states.ts';
import { postalAddressChanges } from './postal-address-changes.ts';
import { postalNumbers } from './postal-numbers.ts';
import { postalRecords } from './postal-records.ts';
import { preparedSignatureRecords } from './prepared-signature-records.ts';
import { uploadRecords } from './upload-records.ts';
import { webhookKeyRecords } from './webhook-key-records.ts';
import { postalTasks } from './postal-tasks.ts';

/** Everything recorded, over PostgreSQL. `sealing` closes the fields that hold personal data. */
export function records(db: Executor, sealing: Sealing): Records {
  return { ...recordSet(db, sealing), transaction: (work) => inTransaction(db, sealing, work) };
}

function recordSet(db: Executor, sealing: Sealing): RecordSet {
  return {
    partners: partnerRecords(db),
    partnerStates: partnerStates(db),
    keys: keyRecords(db),
    preparedSignatures: preparedSignatureRecords(db, sealing),
    documents: documentRecords(db),
    dossiers: dossierRecords(db, sealing),
    messages: messageRecords(db, sealing),
    outbox: outbox(db),
    postal: postalRecords(db, sealing),
    postalNumbers: postalNumbers(db),
    postalTasks: postalTasks(db),
    postalAddressChanges: postalAddressChanges(db, sealing),
    idempotency: idempotencyRecords(db),
    audit: auditRecords(db),
    webhookKeys: webhookKeyRecords(db),
    erasure: erasureRecords(db, sealing),
    partnerKeys: partnerKeyRecords(db),
    uploads: uploadRecords(db),
    alarms: alarmRecords(db),
    jobs: jobRecords(db, sealing),
  };
}

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const MOST_TRIES = 4; // the first, and three repeats

/**
 * Only what PostgreSQL rolled back for certain is repeated: a connection lost during COMMIT is not, since the commit may have happened.
 */
async function inTransaction<T>(db: Executor, sealing: Sealing, work: (records: RecordSet) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await db.transaction().execute((trx) => work(recordSet(trx, sealing)));
    } catch (error) {
      if (!isRolledBackByConflict(error)) throw error;
      if (tries === MOST_TRIES) throw new GatewayError('DATABASE_UNAVAILABLE', 'The database is too busy with the same rows: try again later', { cause: error });
    }
  }
}

function isRolledBackByConflict(error: unknown): boolean {
  const state = sqlState(error);
  return state === SERIALIZATION_FAILURE || state === DEADLOCK_DETECTED;
}
