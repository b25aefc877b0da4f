import type { DocumentId, JobId, PartnerId } from '../domain/ids.ts';
import type { JobItemState, JobProblem, JobState } from '../domain/job.ts';

export interface JobRecord {
  readonly id: JobId;
  readonly partnerId: PartnerId;
  readonly state: JobState;
  /** What was asked for, JSON. */
  readonly options: unknown;
  readonly total: number;
  /** Documents that are signed, failed or cancelled; also numbers the events of a job. */
  readonly eventSeq: number;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

export interface JobItem {
  readonly position: number;
  readonly documentId: DocumentId;
  /** File name for people. */
  readonly name: string;
  readonly state: JobItemState;
  /** Times the key was used or may have been. */
  readonly attempts: number;
  /** Of these, such whose end nobody saw: the process died. */
  readonly unknownOutcomes: number;
  readonly signatureId: string | null;
  readonly signedDocumentId: DocumentId | null;
  /** Why it failed; while it waits, why the last attempt did. */
  readonly problem: JobProblem | null;
  /** Number of the event that told its end; null: it has not come to one. */
  readonly eventSeq: number | null;
}

export interface NewJob {
  readonly id: JobId;
  readonly partnerId: PartnerId;
  readonly options: unknown;
  readonly documentIds: readonly DocumentId[];
  readonly createdAt: Date;
}

/** A document of a job held by one process. */
export interface ClaimedItem {
  readonly jobId: JobId;
  readonly position: number;
  readonly documentId: DocumentId;
  readonly partnerId: PartnerId;
  readonly options: unknown;
  /** This one included. */
  readonly attempts: number;
  /** Of these, since it was asked for or asked to be tried again. */
  readonly triesSpent: number;
  readonly unknownOutcomes: number;
  /** Whether the attempt before this one has no known end: it counts as a use of the key. */
  readonly afterUnknown: boolean;
  /** Raised by every claim: who held the item before cannot settle it any more. */
  readonly epoch: number;
}

export type ItemEnd = { readonly state: 'signed'; readonly signatureId: string; readonly signedDocumentId: DocumentId } | { readonly state: 'failed'; readonly problem: JobProblem };

export interface JobRecords {
  /** The job and its documents, all waiting. */
  add(job: NewJob): Promise<void>;
  /** Null: none, or another partner's. */
  find(id: JobId, partnerId: PartnerId): Promise<JobRecord | null>;
  /** In their order; with `after`, only those that came to an end by a later event. */
  items(id: JobId, after?: number): Promise<readonly JobItem[]>;
  /**
   * Takes one document that is due, or was held by a process that gave no sign of life since; recorded before the key is used. Jobs
   * take turns: of those that are due, documents at low positions come first.
   */
  claim(owner: string, now: Date, leaseUntil: Date): Promise<ClaimedItem | null>;
  /** A sign of life for all that `owner` holds. */
  renew(owner: string, leaseUntil: Date): Promise<void>;
  /** Settles the item and numbers the event. False: somebody else holds it by now, and nothing was written. */
  end(item: ClaimedItem, end: ItemEnd, at: Date): Promise<boolean>;
  /** Gives the item back to be tried again from `nextAt`. False as for `end`. */
  postpone(item: ClaimedItem, problem: JobProblem, nextAt: Date): Promise<boolean>;
  /** Cancels what waits; what is being signed comes to its end. @returns how many were cancelled */
  cancel(id: JobId, at: Date): Promise<number>;
  /** Lets what failed or was cancelled be tried again. @returns how many */
  retry(id: JobId, at: Date): Promise<number>;
}
