import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { createLog } from '../telemetry/log.ts';
import { systemChance } from '../wiring/chance.ts';
import { systemClock } from '../wiring/clock.ts';
import { startGateway, type Role } from '../wiring/gateway.ts';
import { parseChoice, parseWhole } from './arguments.ts';
import { EXIT } from './exit-code.ts';
import { failureLine, paint } from './output.ts';

interface ServeOptions {
  readonly role: Role;
  readonly port?: number;
  readonly host?: string;
  readonly data?: string;
}

export function serveCommand(version: string): Command {
  return new Command('serve')
    .description('run the gateway; PostgreSQL, queue and documents are embedded unless URLs are set')
    .option('--role <role>', 'all | api | worker', parseChoice('--role', ['all', 'api', 'worker'] as const), 'all')
    .option('--port <n>', 'port of the API; 0: any free one (default: 8080)', parseWhole('--port', 0, 65_535))
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--data <folder>', 'data folder (default: ./lienthong-data)')
    .addHelpText(
      'after',
      `
Settings from the environment, each also as NAME_FILE:
  DATABASE_URL            records in your PostgreSQL instead of the embedded one
  REDIS_URL               queues in your Redis instead of PostgreSQL
  MASTER_KEY_FILE         key that seals server keys and encrypted fields
  LIENTHONG_TSA_URLS      time-stamping authorities, tried in this order
  LIENTHONG_LOG_NAME      what the evidence log is called, such as gateway.example.gov.vn/log
  LIENTHONG_TRUST         anchors of signers (PEM file or folder); LIENTHONG_TRUST_TSA those of authorities
  LIENTHONG_POSTAL_FILE   the post's accounts
  LIENTHONG_DOCUMENT_TIMEOUT_MS  how long a caller's document may be worked on (default: 30000)
  LIENTHONG_METRICS_PORT  a further port with nothing but /metrics, on LIENTHONG_METRICS_HOST (default: 127.0.0.1)
  OTEL_EXPORTER_OTLP_ENDPOINT  collector of traces (OTLP/HTTP); OTEL_SERVICE_NAME names this one
  LIENTHONG_OUTBOUND_ALLOW  private hosts that may be called`,
    )
    .action((options: ServeOptions) => serve(options, version));
}

/** Runs until told to stop; drains first. A second signal does not hurry it: the deadline inside does. */
async function serve(options: ServeOptions, version: string): Promise<void> {
  const config = readConfig({
    ...process.env,
    ...(options.data === undefined ? {} : { LIENTHONG_DATA: options.data }),
    ...(options.port === undefined ? {} : { LIENTHONG_PORT: String(options.port) }),
    ...(options.host === undefined ? {} : { LIENTHONG_HOST: options.host }),
  });
  const log = createLog({ level: config.LIENTHONG_LOG_LEVEL });
  const stopped = stopSignal();
  let failed: unknown = null;
  const gateway = await startGateway({
    config,
    role: options.role,
    clock: systemClock,
    chance: systemChance(systemClock),
    log,
    version,
    onLost: (error) => {
      failed = error;
      stopped.now();
    },
  });
  log.info('gateway.started', { role: options.role, url: gateway.url, version });
  process.stdout.write(`${paint('green', '●')} lienthong ${version} ${options.role}${gateway.url === null ? '' : ` on ${paint('bold', gateway.url)}`}  (data in ${config.dataDir}; stop with Ctrl-C)\n`);
  await stopped.promise;
  log.info('gateway.stopping');
  await gateway.close();
  log.info('gateway.stopped');
  if (failed === null) return;
  process.stderr.write(`${failureLine(failed)}\n`);
  process.exitCode = EXIT.world;
}

function stopSignal(): { readonly promise: Promise<void>; readonly now: () => void } {
  let now = (): void => undefined;
  const promise = new Promise<void>((resolve) => (now = resolve));
  process.on('SIGTERM', now);
  process.on('SIGINT', now);
  // State after an unexpected error is undefined: stop taking work, settle what can be settled, end with a failure.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error) => {
      process.stderr.write(`${failureLine(error)}\n`);
      process.exitCode = EXIT.world;
      now();
    });
  }
  return { promise, now };
}
