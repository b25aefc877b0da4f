import type { Records, RecordSet } from '../ports/records.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Wake } from '../ports/outbox.ts';
import { answerOnce, type OnceRequest, type OncePorts } from './answer-once.ts';
import type { Call, Once } from './call.ts';

export interface AdministerOncePorts extends OncePorts {
  readonly queue: JobQueue;
}

/** Records whose every transaction is a part of the one that runs. */
export function joinedTo(running: RecordSet): Records {
  return { ...running, transaction: (work) => work(running) };
}

/**
 * One deed of an administrator, recorded together with the answer to its `Idempotency-Key`; workers are woken when it is. An answer that
 * shows a secret once is kept sealed, as every answer is (give `keptMs`): repeating the request shows it again, and makes no second one.
 * @throws as `answerOnce`; what `work` throws
 */
export async function administerOnce<Ports extends AdministerOncePorts, Body>(ports: Ports, call: Call, request: OnceRequest, work: (joined: Ports) => Promise<Body>): Promise<Once<Body>> {
  let wakes: Wake[] = [];
  const answer = await answerOnce(ports, call, request, (running) => {
    wakes = [];
    const queue: JobQueue = { ...ports.queue, wake: (more) => wakes.push(...more) };
    return work({ ...ports, records: joinedTo(running), queue });
  });
  ports.queue.wake(wakes);
  return answer;
}
