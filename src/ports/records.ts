import type { AlarmRecords } from './alarm-records.ts';
import type { AuditRecords } from './audit-records.ts';
import type { DocumentRecords } from './document-records.ts';
import type { DossierRecords } from './dossier-records.ts';
import type { EvidenceRecords } from './evidence-records.ts';
import type { ErasureRecords } from './erasure-records.ts';
import type { IdempotencyRecords } from './idempotency-records.ts';
import type { JobRecords } from './job-records.ts';
import type { KeyRecords } from './key-records.ts';
import type { LogRecords } from './log-records.ts';
import type { MessageRecords } from './message-records.ts';
import type { Outbox } from './outbox.ts';
import type { PartnerKeyRecords } from './partner-key-records.ts';
import type { PartnerRecords } from './partner-records.ts';
import type { PartnerStates } from './partner-states.ts';
import type { PostalAddressChanges } from './postal-address-changes.ts';
import type { PostalNumbers } from './postal-numbers.ts';
import type { PostalRecords } from './postal-records.ts';
import type { PreparedSignatureRecords } from './prepared-signature-records.ts';
import type { UploadRecords } from './upload-records.ts';
import type { WebhookKeyRecords } from './webhook-key-records.ts';
import type { PostalTasks } from './postal-tasks.ts';
import type { StandingRecords } from './standing.ts';

/** Everything recorded, seen through one connection: either each call by itself, or all of them in one transaction. */
export interface RecordSet {
  readonly partners: PartnerRecords;
  readonly partnerStates: PartnerStates;
  readonly keys: KeyRecords;
  readonly preparedSignatures: PreparedSignatureRecords;
  readonly documents: DocumentRecords;
  readonly dossiers: DossierRecords;
  readonly messages: MessageRecords;
  readonly evidence: EvidenceRecords;
  readonly outbox: Outbox;
  readonly postal: PostalRecords;
  readonly postalNumbers: PostalNumbers;
  readonly postalTasks: PostalTasks;
  readonly postalAddressChanges: PostalAddressChanges;
  readonly idempotency: IdempotencyRecords;
  readonly audit: AuditRecords;
  readonly jobs: JobRecords;
  readonly webhookKeys: WebhookKeyRecords;
  readonly erasure: ErasureRecords;
  readonly partnerKeys: PartnerKeyRecords;
  readonly uploads: UploadRecords;
  readonly alarms: AlarmRecords;
  readonly standing: StandingRecords;
  readonly log: LogRecords;
}

export interface Records extends RecordSet {
  /**
   * Runs `work` in one transaction (READ COMMITTED): all of it is recorded, or none. A serialisation failure or deadlock is
   * tried again at most three times, so `work` does nothing but record.
   * @throws whatever `work` throws, after rolling back; DATABASE_UNAVAILABLE
   */
  transaction<T>(work: (records: RecordSet) => Promise<T>): Promise<T>;
}
