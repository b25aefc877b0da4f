import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cliCommand, freePort, gatewayEnvironment, whenStarted } from '../chaos/processes.ts';
import type { Servers } from '../chaos/servers.ts';

/** The gateway under load: one process with all its parts, looked at from outside. */
export interface SoakedGateway {
  readonly url: string;
  rssMb(): Promise<number>;
  descriptors(): Promise<number>;
  /** 99th percentile of the delay of the event loop since this was asked last, by `/metrics`. */
  loopP99Ms(): Promise<number>;
  /** @returns the exit code */
  close(): Promise<number | null>;
}

/** So that the collector runs within a short trial, as it does where memory is small; without, it waits for hundreds of megabytes, and nobody sees a leak for them. */
const SMALL_HEAP = '--max-old-space-size=160';

/** @throws Error where there is no /proc to look into */
export async function startSoakedGateway(servers: Servers, logDir: string): Promise<SoakedGateway> {
  const port = await freePort();
  const log = createWriteStream(join(logDir, 'gateway.log'));
  const child = spawn(process.execPath, [SMALL_HEAP, ...cliCommand('all', port)], { env: gatewayEnvironment(servers), stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  await whenStarted(child);
  const proc = `/proc/${child.pid}`;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    rssMb: async () => Number(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`${proc}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024,
    descriptors: async () => (await readdir(`${proc}/fd`)).length,
    async loopP99Ms() {
      const page = await fetch(`${url}/metrics`).then((response) => response.text());
      return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(page)?.[1] ?? Number.NaN) * 1_000;
    },
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      log.end();
      return child.exitCode;
    },
  };
}
