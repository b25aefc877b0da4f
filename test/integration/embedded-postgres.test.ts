import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqlState } from '../../src/store/database-error.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/start.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { silentLog } from '../support/log.ts';
import { connectionOf, openInProcess, postmasterPid, query, serverProcesses, until, type FolderProcess, type FolderProcessOptions } from '../support/data-folder.ts';

let dataDir: string;
let opened: FolderProcess[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'lienthong-data-'));
  opened = [];
});

afterEach(async () => {
  for (const { child } of opened) if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  await Promise.all(opened.map(({ ended }) => ended));
  const left = await serverProcesses(dataDir);
  await rm(dataDir, { recursive: true, force: true });
  expect(left).toEqual([]);
});

function open(mode: 'serve' | 'admin', options?: FolderProcessOptions): FolderProcess {
  const process = openInProcess(mode, dataDir, options);
  opened.push(process);
  return process;
}

const isEmpty = async (): Promise<boolean> => (await serverProcesses(dataDir)).length === 0;

describe.skipIf(process.platform !== 'linux')('embedded PostgreSQL (Linux)', () => {
  it('starts on an empty folder, in UTF-8 although LANG is unset, listening on no port, closed to other users', async () => {
    const connection = await connectionOf(open('serve'));
    const [row] = await query(
      connection,
      `SELECT pg_encoding_to_char(encoding) AS encoding, datlocprovider AS provider, datlocale AS locale, current_setting('listen_addresses') AS listens,
        current_setting('fsync') AS fsync, current_setting('timezone') AS zone, upper('hồ sơ đất') AS upper FROM pg_database WHERE datname = current_database()`,
    );
    expect(row).toEqual({ encoding: 'UTF8', provider: 'b', locale: 'C.UTF-8', listens: '', fsync: 'on', zone: 'UTC', upper: 'HỒ SƠ ĐẤT' });
    expect(((await stat(connection.host)).mode & 0o777).toString(8)).toBe('700');
    expect(((await stat(dataDir)).mode & 0o777).toString(8)).toBe('700');
  });

  it('stops at SIGTERM, leaves no process and no pid file, and keeps what was written', async () => {
    const first = open('serve');
    await query(await connectionOf(first), 'CREATE TABLE kept AS SELECT 7 AS n');
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    expect(await isEmpty()).toBe(true);
    expect(await readdir(join(dataDir, 'postgres'))).not.toContain('postmaster.pid');
    expect(await query(await connectionOf(open('serve')), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('stops by itself when the gateway is killed with SIGKILL, and the next start finds what was committed', async () => {
    const killed = open('serve');
    await query(await connectionOf(killed), 'CREATE TABLE kept AS SELECT 7 AS n');
    await killed.kill('SIGKILL');
    const next = open('serve');
    expect(await query(await connectionOf(next), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('recovers when gateway and postmaster are both killed with SIGKILL', async () => {
    const killed = open('serve');
    await query(await connectionOf(killed), 'CREATE TABLE kept AS SELECT 7 AS n');
    const postmaster = await postmasterPid(dataDir);
    process.kill(killed.pid, 'SIGSTOP'); // so that it cannot start the server again in between
    process.kill(postmaster, 'SIGKILL');
    await killed.kill('SIGKILL');
    expect(await query(await connectionOf(open('serve')), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('starts the server again when it is killed under a running gateway, at the same address', async () => {
    const serving = open('serve');
    const connection = await connectionOf(serving);
    await query(connection, 'CREATE TABLE kept AS SELECT 7 AS n');
    const before = await postmasterPid(dataDir);
    process.kill(before, 'SIGKILL');
    await until(() => query(connection, 'SELECT n FROM kept').then((rows) => rows.length === 1, () => false));
    expect(await postmasterPid(dataDir)).not.toBe(before);
    await until(async () => (await open('admin').answer).adopted === true);
    expect((await open('serve').answer).refused).toBe('DATA_FOLDER_IN_USE');
  });

  it('refuses a second gateway on the folder and names the process that has it', async () => {
    const first = open('serve');
    await connectionOf(first);
    const second = open('serve');
    const answer = await second.answer;
    expect(answer.refused).toBe('DATA_FOLDER_IN_USE');
    expect(answer.message).toContain(`pid ${first.pid}`);
    expect(answer.message).toContain(dataDir);
    expect(await second.ended).toBe(3);
    expect(await query(await connectionOf(first), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('lets exactly one of three gateways that start at once have the folder', async () => {
    const answers = await Promise.all([open('serve'), open('serve'), open('serve')].map(({ answer }) => answer));
    expect(answers.filter((answer) => answer.open !== undefined)).toHaveLength(1);
    expect(answers.filter((answer) => answer.refused === 'DATA_FOLDER_IN_USE')).toHaveLength(2);
  });

  it('lets administration commands work beside a running gateway, and leaves the server to it', async () => {
    const connection = await connectionOf(open('serve'));
    const admin = open('admin');
    expect(await admin.answer).toEqual({ open: connection, adopted: true });
    await admin.kill('SIGTERM');
    expect(await query(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('starts the server for an administration command alone, and stops it with the command', async () => {
    const admin = open('admin');
    expect((await admin.answer).adopted).toBe(false);
    await admin.kill('SIGTERM');
    expect(await isEmpty()).toBe(true);
  });

  it('lets a gateway wait for the administration command that started the server', async () => {
    const admin = open('admin');
    await admin.answer;
    const serving = open('serve');
    expect((await open('serve', { patienceMs: 0 }).answer).message).toContain(`lienthong admin (pid ${admin.pid})`);
    await admin.kill('SIGTERM');
    expect((await serving.answer).adopted).toBe(false);
  });

  it('takes over a server that a killed gateway left running, as happens where the kernel cannot stop it', async () => {
    const orphan = await startEmbeddedPostgres({ dataDir, clock: systemClock, log: silentLog }); // claimed by nobody
    const serving = open('serve');
    expect(await serving.answer).toEqual({ open: orphan.connection, adopted: true });
    expect((await open('serve').answer).refused).toBe('DATA_FOLDER_IN_USE');
    await serving.kill('SIGTERM');
    expect(orphan.server.isRunning()).toBe(false);
  });

  it('lets one administration command finish its work on the server that another had started', async () => {
    const starter = open('admin');
    const visitor = open('admin');
    await starter.answer;
    const working = query(await connectionOf(visitor), `SELECT pg_sleep(0.5), 'done' AS state`);
    await until(async () => (await query(await connectionOf(starter), `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.5)%' AND pid <> pg_backend_pid()`)).length === 1);
    await Promise.all([starter.kill('SIGTERM'), visitor.kill('SIGTERM')]);
    expect(await working).toMatchObject([{ state: 'done' }]);
    expect(await isEmpty()).toBe(true);
  });

  it('cuts off clients that stay when patience is over', async () => {
    const postgres = await startEmbeddedPostgres({ dataDir, clock: systemClock, log: silentLog });
    const staying = new pg.Client(postgres.connection);
    const errors: unknown[] = [];
    staying.on('error', (error) => errors.push(sqlState(error)));
    await staying.connect();
    await postgres.stop({ smartMs: 50, fastMs: 10_000 });
    expect(postgres.server.isRunning()).toBe(false);
    await staying.end();
    expect(errors[0]).toBe('57P01'); // admin_shutdown
    await postgres.stop(); // harmless
  });

  it('leaves nothing running when the start is cancelled', async () => {
    const starting = startEmbeddedPostgres({ dataDir, clock: systemClock, log: silentLog, signal: AbortSignal.abort() });
    await expect(starting).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await isEmpty()).toBe(true);
  });

  it('starts although a living process of another program has the number that a killed server left in postmaster.pid', async () => {
    const first = open('serve');
    await query(await connectionOf(first), 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.kill('SIGTERM');
    const socketDir = join(dataDir, 'run');
    await writeFile(join(dataDir, 'postgres', 'postmaster.pid'), `${process.pid}\n${join(dataDir, 'postgres')}\n1\n5432\n${socketDir}\n\n 1 1\nready   \n`);
    expect(await query(await connectionOf(open('serve')), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('clears away database files that a start killed in the middle left half-made', async () => {
    const halfMade = join(dataDir, 'postgres.new-4194305'); // beyond the kernel's highest process number
    await mkdir(halfMade);
    await writeFile(join(halfMade, 'PG_VERSION'), '18\n');
    await connectionOf(open('serve'));
    expect(await readdir(dataDir)).toEqual(['postgres', 'run']);
  });

  it("puts the socket elsewhere when its path would pass the kernel's 107 bytes, and administration commands find it", async () => {
    const parent = dataDir;
    dataDir = join(parent, 'x'.repeat(60), 'y'.repeat(60));
    const connection = await connectionOf(open('serve'));
    expect(connection.host.startsWith(dataDir)).toBe(false);
    expect(((await stat(connection.host)).mode & 0o777).toString(8)).toBe('700');
    expect((await open('admin').answer).open).toEqual(connection);
    await rm(connection.host, { recursive: true, force: true });
    await opened[1]?.kill('SIGTERM');
    await opened[0]?.kill('SIGTERM');
    expect(await isEmpty()).toBe(true);
    dataDir = parent;
  });

  it("tells PostgreSQL's own reason when it does not start", async () => {
    const first = open('serve');
    await first.answer;
    await first.kill('SIGTERM');
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    const answer = await open('serve').answer;
    expect(answer.refused).toBe('POSTGRES_START_FAILED');
    expect(answer.message).toContain('files of PostgreSQL 17): FATAL:  database files are incompatible with server');
  });
});
