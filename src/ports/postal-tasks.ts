import type { PostalDifference } from '../domain/postal-difference.ts';

export interface PostalTask extends PostalDifference {
  readonly id: string;
  readonly carrier: string;
  /** ISO date in Vietnam of the records compared. */
  readonly day: string;
  readonly openedAt: Date;
}

/** Differences with carriers that wait for a person, and those that were dealt with. */
export interface PostalTasks {
  /** False: this difference is on record already, open or closed. */
  open(task: PostalTask): Promise<boolean>;
  /** False: there is no such open task. */
  close(id: string, at: Date): Promise<boolean>;
  /** Oldest first. */
  listOpen(limit: number): Promise<readonly PostalTask[]>;
}
