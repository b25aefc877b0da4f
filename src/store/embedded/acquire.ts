import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/telemetry.ts';
import { mapDatabaseError, sqlState } from '../database-error.ts';
import { isErrno } from '../errno.ts';
import { connectClaims, type ClaimConnection } from './claims.ts';
import { socketConnection, type PostgresConnection } from './connection.ts';
import type { DataFolder } from './folder.ts';
import { readPidFile, type PidFile } from './pid-file.ts';
import { foreignPostmaster, type Postmaster, type PostgresSettings } from './postmaster.ts';
import { startEmbeddedPostgres } from './start.ts';

export interface AcquireOptions {
  readonly dataDir: string;
  /** `serve`: the folder's one gateway. `admin`: a command that works beside it, or starts the server for its own time. */
  readonly mode: 'serve' | 'admin';
  readonly clock: Clock;
  readonly log: Log;
  readonly settings?: PostgresSettings;
  readonly signal?: AbortSignal;
  /** How long to wait for a server that is starting or stopping, or for an administration command to end. Default 30,000. */
  readonly patienceMs?: number;
}

/** What this process holds of a data folder. */
export interface Hold {
  readonly connection: PostgresConnection;
  /** null: somebody else's, who stops it. */
  readonly server: Postmaster | null;
  readonly claims: ClaimConnection | null;
  /** Whether the server was running already. */
  readonly adopted: boolean;
}

/** Why there is no hold yet; thrown when it has not changed before patience ends. */
type Attempt = Hold | GatewayError;

const POLL_MS = 100;
const NEWBORN_MS = 500; // time for whoever has just started a server to claim it

/** @throws DATA_FOLDER_IN_USE, POSTGRES_UNSUPPORTED, POSTGRES_START_FAILED, STORAGE_FAILED, CANCELLED */
export async function acquire(folder: DataFolder, options: AcquireOptions): Promise<Hold> {
  const deadline = options.clock.now().getTime() + (options.patienceMs ?? 30_000);
  for (;;) {
    const attempt = await tryOnce(folder, options);
    if (!(attempt instanceof GatewayError)) return attempt;
    if (options.clock.now().getTime() >= deadline) throw attempt;
    await options.clock.sleep(POLL_MS, options.signal);
  }
}

async function tryOnce(folder: DataFolder, options: AcquireOptions): Promise<Attempt> {
  const found = await readPidFile(folder.cluster);
  const joined = found === null ? null : await tryJoin(folder, found, options);
  return joined ?? tryStart(folder, options);
}

/** null: nobody listens. */
async function tryJoin(folder: DataFolder, found: PidFile, options: AcquireOptions): Promise<Attempt | null> {
  const connection = socketConnection(found.socketDir === '' ? folder.socketDir : found.socketDir);
  try {
    const claims = await connectClaims(connection, options.mode);
    const hold = { connection, server: foreignPostmaster(found.pid), claims, adopted: true };
    return options.mode === 'serve' ? await takeOver(folder, hold, options) : await visit(hold);
  } catch (error) {
    if (isErrno(error, 'ECONNREFUSED', 'ENOENT')) return null;
    if (isErrno(error, 'EACCES', 'EPERM')) throw notOurs(folder, error);
    if (sqlState(error) === '3D000' || isEnding(error)) return inUse(folder, `PostgreSQL process ${found.pid}, which is starting or stopping`);
    throw mapDatabaseError(error);
  }
}

/** An administration command needs no claim on a server that somebody else keeps. */
async function visit({ claims, ...hold }: Hold & { readonly claims: ClaimConnection }): Promise<Hold> {
  await claims.close();
  return { ...hold, server: null, claims: null };
}

/** A running server without a gateway: an orphan of one that was killed, or an administration command's for the moment. */
async function takeOver(folder: DataFolder, hold: Hold & { readonly claims: ClaimConnection }, options: AcquireOptions): Promise<Attempt> {
  const { claims } = hold;
  try {
    const gateway = await claims.holderOf('serve');
    if (gateway !== null) throw inUse(folder, gateway);
    await options.clock.sleep(NEWBORN_MS, options.signal);
    const isOurs = (await claims.tryClaim('server')) && (await claims.tryClaim('serve'));
    const isStopping = (await readPidFile(folder.cluster))?.status === 'stopping'; // whoever claimed it before has just asked it to
    if (isOurs && !isStopping) {
      options.log.warn('postgres.adopted', { pid: hold.server?.pid, dataDir: folder.root });
      return hold;
    }
    const busy = inUse(folder, isStopping ? 'a command that is ending' : ((await claims.holderOf('serve')) ?? (await claims.holderOf('server'))));
    await claims.close();
    return busy;
  } catch (error) {
    await claims.close();
    throw error;
  }
}

async function tryStart(folder: DataFolder, options: AcquireOptions): Promise<Attempt> {
  try {
    const started = await startEmbeddedPostgres(options);
    const { connection, server } = started;
    const claims = await connectClaims(connection, options.mode).catch(async (error: unknown) => {
      await started.stop();
      throw mapDatabaseError(error);
    });
    await claims.tryClaim('server');
    if (options.mode === 'admin' || (await claims.tryClaim('serve'))) return { connection, server, claims, adopted: false };
    const other = inUse(folder, await claims.holderOf('serve'));
    await claims.close();
    await started.stop();
    return other;
  } catch (error) {
    // Blocked by an old process that is not quite gone (a zombie keeps its number), or by someone who was quicker: look again.
    if (isGatewayError(error, 'POSTGRES_START_FAILED') && (await readPidFile(folder.cluster)) !== null) return error;
    throw error;
  }
}

/** cannot_connect_now, admin_shutdown, crash_shutdown; a bare Error when the socket was closed in the middle. */
function isEnding(error: unknown): boolean {
  return ['57P01', '57P02', '57P03'].includes(sqlState(error) ?? '') || (error instanceof Error && error.constructor === Error);
}

function notOurs(folder: DataFolder, cause: unknown): GatewayError {
  return new GatewayError('POSTGRES_START_FAILED', `The server on ${folder.root} runs as another user: run this command as that user`, { cause });
}

function inUse(folder: DataFolder, holder: string | null): GatewayError {
  const by = holder ?? 'another process';
  return new GatewayError('DATA_FOLDER_IN_USE', `The data folder ${folder.root} is in use by ${by}: stop it, or choose another folder with --data`);
}
