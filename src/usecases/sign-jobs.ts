import { GatewayError, isGatewayError } from '../domain/errors.ts';
import type { DocumentId } from '../domain/ids.ts';
import { ITEM_LEASE_MS, mayPass, MOST_UNKNOWN_OUTCOMES, SIGNING_SCHEDULE, type JobProblem } from '../domain/job.ts';
import { waitAfter } from '../domain/retry-schedule.ts';
import { signatureOptions, type SignatureOptions } from '../formats/api/signatures.ts';
import type { DocumentRecord } from '../ports/document-records.ts';
import type { ClaimedItem } from '../ports/job-records.ts';
import { linkedAbort } from '../ports/linked-abort.ts';
import type { Log } from '../ports/telemetry.ts';
import { evidenceOf, makeSignature, type MakeSignaturePorts } from './make-signature.ts';
import { slots } from './slots.ts';

export interface SignJobsPorts extends MakeSignaturePorts {
  readonly log: Log;
}

export interface SignJobsSettings {
  /** Names this process in leases; unique for ever. */
  readonly owner: string;
  /** Documents signed at once. */
  readonly concurrency: number;
}

export interface RunningJobs {
  /** Takes nothing new, lets what is being signed finish for `graceMs`, and gives the rest back to be signed later. */
  stop(graceMs: number): Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
/** A slow time-stamping authority may take minutes: that is what jobs are for. */
const ITEM_LIMIT_MS = 15 * 60_000;

/**
 * Signs the documents of jobs. That a key is about to be used is recorded before it is; a signed document is released in the transaction
 * that settles its item, so that at most one is released for each, whatever dies when.
 */
export function startJobs(ports: SignJobsPorts, { owner, concurrency }: SignJobsSettings): RunningJobs {
  const { clock, log, records } = ports;
  const stopping = new AbortController();
  const cutting = new AbortController();
  const places = slots(concurrency);
  const underWay = new Set<Promise<void>>();
  const leaseEnd = (): Date => new Date(clock.now().getTime() + ITEM_LEASE_MS);
  const logged = <T>(event: string, work: Promise<T>, otherwise: T): Promise<T> => work.catch((error: unknown) => (log.error(event, error), otherwise));

  const run = async (item: ClaimedItem): Promise<void> => {
    await logged('job.item-failed', signItem(ports, item, cutting.signal), undefined); // its lease ends, and it is taken again
    places.give();
  };
  const take = async (): Promise<void> => {
    while (await places.take()) {
      const item = await logged('job.claim-failed', records.jobs.claim(owner, clock.now(), leaseEnd()), null);
      if (item === null) {
        places.give();
        await clock.sleep(LOOK_EVERY_MS, stopping.signal).catch(() => undefined); // stopped: no place is given any more
        continue;
      }
      const work: Promise<void> = run(item).finally(() => underWay.delete(work));
      underWay.add(work);
    }
  };
  const renew = async (): Promise<void> => {
    while (!cutting.signal.aborted) {
      await clock.sleep(ITEM_LEASE_MS / 3, cutting.signal).catch(() => undefined); // cut: the loop's condition ends it
      if (underWay.size > 0) await logged('job.renew-failed', records.jobs.renew(owner, leaseEnd()), undefined);
    }
  };
  const taking = take();
  const renewing = renew();

  return {
    async stop(graceMs) {
      stopping.abort();
      places.close();
      await taking;
      const finished = new AbortController();
      const deadline = clock.sleep(graceMs, finished.signal).then(
        () => cutting.abort(new GatewayError('CANCELLED', 'The gateway is stopping')),
        () => undefined, // everything ended before the deadline
      );
      while (underWay.size > 0) await Promise.all(underWay);
      finished.abort();
      await deadline;
      cutting.abort();
      await renewing;
    },
  };
}

async function signItem(ports: SignJobsPorts, item: ClaimedItem, cut: AbortSignal): Promise<void> {
  const options = signatureOptions.parse(item.options);
  const [document] = await ports.records.documents.find([item.documentId]);
  if (document === undefined) return fail(ports, item, { code: 'DOCUMENT_NOT_FOUND', detail: 'The document is not there any more' });
  if (item.afterUnknown && !(await tellUnknown(ports, item, document, options))) return;
  try {
    await signInTime(ports, item, document, options, cut);
  } catch (error) {
    await settleFailure(ports, item, error, cut.aborted);
  }
}

/** The use of the key that nobody saw the end of is written down, too. False: this document is what kills processes. */
async function tellUnknown(ports: SignJobsPorts, item: ClaimedItem, document: DocumentRecord, options: SignatureOptions): Promise<boolean> {
  const { chance, clock, log, records } = ports;
  const evidence = evidenceOf(item.partnerId, { options, sha256: document.sha256 }, clock.now(), null);
  await records.keys.addEvidence({ ...evidence, id: chance.uuid(), useId: null, outputSha256: null, result: 'unknown', detail: { jobId: item.jobId, position: item.position } });
  log.warn('job.outcome-unknown', { jobId: item.jobId, position: item.position, unknownOutcomes: item.unknownOutcomes });
  if (item.unknownOutcomes < MOST_UNKNOWN_OUTCOMES) return true;
  await fail(ports, item, { code: 'INTERNAL', detail: `The gateway ended ${item.unknownOutcomes} times while it signed this document, and does not try it again by itself` });
  return false;
}

async function signInTime(ports: SignJobsPorts, item: ClaimedItem, document: DocumentRecord, options: SignatureOptions, cut: AbortSignal): Promise<void> {
  const { sha256, sizeBytes, name } = document;
  const path = await ports.documents.localPath(sha256);
  const done = new AbortController();
  const limit = linkedAbort(cut);
  const timer = ports.clock.sleep(ITEM_LIMIT_MS, done.signal).then(
    () => limit.abort(new GatewayError('CANCELLED', 'Signing took too long')),
    () => undefined, // done in time
  );
  const caller = { partnerId: item.partnerId, keyId: `job:${item.jobId}`, scopes: new Set<never>() };
  try {
    await makeSignature(ports, { caller, idempotencyKey: null, traceparent: null }, {
      bytes: { path, sha256, sizeBytes, remove: () => Promise.resolve() },
      name,
      options,
      signal: limit.signal,
      alsoRecord: async (records, { signatureId, documentId }) => {
        const isOurs = await records.jobs.end(item, { state: 'signed', signatureId, signedDocumentId: documentId as DocumentId }, ports.clock.now());
        if (!isOurs) throw new GatewayError('STATE_CONFLICT', 'Another process signs this document by now');
      },
    });
  } finally {
    limit.unlink();
    done.abort();
    await timer;
  }
}

async function settleFailure(ports: SignJobsPorts, item: ClaimedItem, error: unknown, isStopping: boolean): Promise<void> {
  const { chance, clock, log, records } = ports;
  const code = isGatewayError(error) ? error.code : 'INTERNAL';
  if (code === 'INTERNAL') log.error('job.item-failed', error, { jobId: item.jobId, position: item.position });
  const problem: JobProblem = { code, detail: isGatewayError(error) ? error.message : 'Something unforeseen went wrong; the log says what' };
  const waitMs = isStopping ? 0 : mayPass(code) ? waitAfter(SIGNING_SCHEDULE, item.triesSpent, isGatewayError(error) ? (error.retryAfterMs ?? null) : null, chance.fraction()) : null;
  if (waitMs === null) return fail(ports, item, problem);
  await records.jobs.postpone(item, problem, new Date(clock.now().getTime() + waitMs));
}

async function fail({ records, clock }: SignJobsPorts, item: ClaimedItem, problem: JobProblem): Promise<void> {
  await records.transaction((tx) => tx.jobs.end(item, { state: 'failed', problem }, clock.now()));
}
