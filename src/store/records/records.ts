import type { Records, RecordSet } from '../../ports/records.ts';
import type { Sealing } from '../../ports/sealing.ts';
import { alarmRecords } from './alarm-records.ts';
import { auditRecords } from './audit-records.ts';
import { documentRecords } from './document-records.ts';
import { dossierRecords } from './dossier-records.ts';
import { evidenceRecords } from './evidence-records.ts';
import { erasureRecords } from './erasure-records.ts';
import type { Executor } from './executor.ts';
import { idempotencyRecords } from './idempotency-records.ts';
import { jobRecords } from './job-records.ts';
import { keyRecords } from './key-records.ts';
import { logRecords } from './log-records.ts';
import { messageRecords } from './message-records.ts';
import { outbox } from './outbox.ts';
import { partnerKeyRecords } from './partner-key-records.ts';
import { partnerRecords } from './partner-records.ts';
import { partnerStates } from './partner-states.ts';
import { postalAddressChanges } from './postal-address-changes.ts';
import { postalNumbers } from './postal-numbers.ts';
import { postalRecords } from './postal-records.ts';
import { preparedSignatureRecords } from './prepared-signature-records.ts';
import { throughConflicts } from './through-conflicts.ts';
import { uploadRecords } from './upload-records.ts';
import { webhookKeyRecords } from './webhook-key-records.ts';
import { postalTasks } from './postal-tasks.ts';
import { standingRecords } from './standing-records.ts';

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
    evidence: evidenceRecords(db),
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
    standing: standingRecords(db),
    jobs: jobRecords(db, sealing),
    log: logRecords(db),
  };
}

function inTransaction<T>(db: Executor, sealing: Sealing, work: (records: RecordSet) => Promise<T>): Promise<T> {
  return throughConflicts(() => db.transaction().execute((trx) => work(recordSet(trx, sealing))));
}
