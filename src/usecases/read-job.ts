import { GatewayError } from '../domain/errors.ts';
import type { JobId } from '../domain/ids.ts';
import type { JobItemState } from '../domain/job.ts';
import type { Caller } from '../domain/partner.ts';
import type { JobItemView, JobProgress, JobView } from '../formats/api/jobs.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobItem, JobRecord } from '../ports/job-records.ts';
import type { Records } from '../ports/records.ts';

export interface ReadJobPorts {
  readonly records: Pick<Records, 'jobs'>;
  readonly clock: Clock;
}

/** A job of the caller's with all its documents. @throws JOB_NOT_FOUND */
export async function readJob({ records }: ReadJobPorts, caller: Caller, id: JobId): Promise<JobView> {
  const job = await findJob(records, caller, id);
  return jobViewOf(job, await records.jobs.items(id));
}

/** @throws JOB_NOT_FOUND, also for other partners' jobs */
export async function findJob(records: ReadJobPorts['records'], { partnerId }: Caller, id: JobId): Promise<JobRecord> {
  const job = await records.jobs.find(id, partnerId);
  if (job === null) throw new GatewayError('JOB_NOT_FOUND', `There is no job ${id}, or it is not yours`);
  return job;
}

export type JobEvent = { readonly id: number; readonly name: 'item'; readonly data: JobItemView } | { readonly id: number; readonly name: 'progress' | 'end'; readonly data: JobProgress };

const LOOK_EVERY_MS = 500;

/**
 * The events of a job after the one numbered `after`: `item` for each document that came to an end, `progress` after each group of them,
 * `end` as the last. Ends with the job, or when `signal` aborts; may be taken up again where it broke off.
 * @throws JOB_NOT_FOUND
 */
export async function* followJob({ records, clock }: ReadJobPorts, caller: Caller, id: JobId, after: number, signal: AbortSignal): AsyncGenerator<JobEvent> {
  let told = after;
  for (let first = true; !signal.aborted; first = false) {
    const job = await findJob(records, caller, id);
    const hasNews = job.eventSeq > told;
    if (hasNews) for (const item of await records.jobs.items(id, told)) yield { id: item.eventSeq ?? told, name: 'item', data: itemViewOf(item) };
    told = Math.max(told, job.eventSeq);
    const isOver = job.state !== 'running';
    if (first || hasNews || isOver) yield { id: told, name: isOver ? 'end' : 'progress', data: progressOf(job, await records.jobs.items(id)) };
    if (isOver) return;
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined); // gone: the loop's condition ends it
  }
}

export function jobViewOf(job: JobRecord, items: readonly JobItem[]): JobView {
  return { ...progressOf(job, items), items: items.map(itemViewOf) };
}

function progressOf(job: JobRecord, items: readonly JobItem[]): JobProgress {
  const count = (state: JobItemState): number => items.filter((item) => item.state === state).length;
  return {
    id: job.id,
    kind: 'signatures',
    state: job.state,
    total: job.total,
    waiting: count('waiting'),
    signing: count('signing'),
    signed: count('signed'),
    failed: count('failed'),
    cancelled: count('cancelled'),
    createdAt: job.createdAt.toISOString(),
    finishedAt: job.finishedAt?.toISOString() ?? null,
  };
}

function itemViewOf({ eventSeq: _, ...item }: JobItem): JobItemView {
  return item;
}
