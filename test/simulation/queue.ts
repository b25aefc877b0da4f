import type { JobQueue } from '../../src/ports/job-queue.ts';
import type { Wake } from '../../src/ports/outbox.ts';
import type { SimProcess, World } from './world.ts';

/** A queue that loses, doubles, delays and reorders wake-ups, forgets everything, and goes away. */
export interface SimQueue {
  clientOf(process: SimProcess): JobQueue;
  /** A worker takes jobs until it dies. */
  consume(process: SimProcess, handler: (wake: Wake) => Promise<void>): void;
  flush(): void;
  outage(ms: number): void;
}

interface Consumer {
  readonly process: SimProcess;
  readonly handler: (wake: Wake) => Promise<void>;
}

export interface SimQueueOptions {
  readonly world: World;
  readonly lossRate: () => number;
  /** As when finished jobs are not removed: their ids stay taken. */
  readonly keepsFinished: boolean;
}

export function simQueue({ world, lossRate, keepsFinished }: SimQueueOptions): SimQueue {
  const { random } = world;
  const jobs = new Map<string, Wake>(); // by job id: a second job of an id that is still there is ignored, as in BullMQ
  const finished = new Set<string>();
  let consumers: Consumer[] = [];
  let downUntil = 0;
  const isAway = (): boolean => world.now() < downUntil;

  const run = (jobId: string): void => {
    consumers = consumers.filter(({ process }) => process.alive);
    const wake = jobs.get(jobId);
    if (wake === undefined) return;
    const [first, ...rest] = consumers;
    if (first === undefined || isAway()) return world.after(1_000, () => run(jobId));
    jobs.delete(jobId);
    finished.add(jobId);
    const { process, handler } = random.pick([first, ...rest]);
    world.afterIn(process, random.between(0, 10), () => void handler(wake));
  };
  const add = (wake: Wake): void => {
    if (isAway() || random.chance(lossRate())) return;
    const jobId = `${wake.id}-${wake.wake}`;
    if (jobs.has(jobId) || (keepsFinished && finished.has(jobId))) return;
    jobs.set(jobId, wake);
    for (let copies = random.chance(0.05) ? 2 : 1; copies > 0; copies -= 1) world.after(random.between(0, 300), () => run(jobId));
  };
  return {
    clientOf: (process) => ({
      wake(deliveries) {
        if (process.alive) for (const delivery of deliveries) world.after(random.between(0, 20), () => add(delivery));
      },
      healthy: () => !isAway(),
      backlog: () => Promise.resolve(jobs.size),
    }),
    consume: (process, handler) => void consumers.push({ process, handler }),
    flush: () => jobs.clear(),
    outage: (ms) => void (downUntil = Math.max(downUntil, world.now() + ms)),
  };
}
