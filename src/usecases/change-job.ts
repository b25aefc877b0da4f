import type { JobId } from '../domain/ids.ts';
import type { JobView } from '../formats/api/jobs.ts';
import { answerOnce, type OncePorts } from './answer-once.ts';
import type { Call, Once } from './call.ts';
import { findJob, jobViewOf } from './read-job.ts';

/**
 * Cancels the documents of a job that nobody has begun to sign; what is being signed comes to its end.
 * @throws JOB_NOT_FOUND; as `answerOnce`
 */
export function cancelJob(ports: OncePorts, call: Call, id: JobId): Promise<Once<JobView>> {
  return changeJob(ports, call, id, 'cancel');
}

/**
 * Lets the documents of a job that failed or were cancelled be tried again.
 * @throws JOB_NOT_FOUND; as `answerOnce`
 */
export function retryJob(ports: OncePorts, call: Call, id: JobId): Promise<Once<JobView>> {
  return changeJob(ports, call, id, 'retry');
}

function changeJob(ports: OncePorts, call: Call, id: JobId, change: 'cancel' | 'retry'): Promise<Once<JobView>> {
  const { caller } = call;
  return answerOnce(ports, call, { operation: `POST /v1/jobs/{id}/${change}`, status: 200, input: { id } }, async (records) => {
    const at = ports.clock.now();
    await findJob(records, caller, id);
    const documents = await records.jobs[change](id, at);
    await records.audit.add({ at, actor: `partner:${caller.partnerId}`, action: `${change}-job`, subject: `job:${id}`, detail: { documents, apiKey: caller.keyId } });
    return jobViewOf(await findJob(records, caller, id), await records.jobs.items(id));
  });
}
