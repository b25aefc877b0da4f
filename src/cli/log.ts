import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { once } from 'node:events';
import { Command } from 'commander';
import { verifierKeyOf } from '../formats/transparency-log/signed-note.ts';
import { logWalk } from '../store/log-walk.ts';
import { logNoteFile } from '../store/log-note-file.ts';
import { exportLog, type ExportLogPorts } from '../usecases/export-log.ts';
import { currentLogKey, noteVerifierOf } from '../usecases/log-key.ts';
import { verifyLog, type LogReport } from '../usecases/verify-log.ts';
import { logNameOf } from '../wiring/evidence.ts';
import { openTrust } from '../wiring/trust.ts';
import { readPolicy } from '../wiring/verification.ts';
import { parseChoice, parseInstant, readInputFile } from './arguments.ts';
import { EXIT } from './exit-code.ts';
import { paint, printJson, printLine, printTable } from './output.ts';
import { progressLine } from './progress-line.ts';
import { done, subcommand, type Common, type Decided } from './subcommand.ts';
import { withStore, type Administration } from './with-store.ts';

/** The evidence log: what was recorded, in a tree that nobody can change unseen. */

export function logCommand(): Command {
  return new Command('log')
    .description('the evidence log: its key, checking all of it, archives of it')
    .addCommand(subcommand('key', 'the key by which others know its checkpoints (C2SP verifier key): give it to every partner').action(key))
    .addCommand(subcommand('status', 'how far it has come, and since when it has no time-stamp').action(status))
    .addCommand(
      subcommand('verify', 'every leaf made anew from the records, the tree, all signatures and time-stamps, and checkpoints that others keep')
        .option('--since <time>', 'only what came after the last checkpoint before', parseInstant)
        .option('--checkpoint <file...>', 'checkpoints kept elsewhere, as GET /v1/log/checkpoint gave them')
        .action(verify),
    )
    .addCommand(
      subcommand('export', 'for archives: leaves, checkpoints and time-stamps, a folder with its manifest for each period')
        .requiredOption('--out <folder>', 'where to')
        .option('--period <month|year>', '', parseChoice('--period', ['month', 'year'] as const), 'month')
        .action(exportAll),
    )
    .addCommand(subcommand('settle', 'after a fork or rewind was cleared up: take the checkpoints that were held against the log as known').requiredOption('--note <text>', 'what it was; kept in the audit trail').action(settle));
}

async function key(options: Common): Promise<void> {
  const keys = await withStore(options, async (ports) => {
    await currentLogKey({ ...ports, logName: logNameOf(ports.config) });
    return ports.records.log.keys();
  });
  const shown = keys.map((one) => ({ incarnation: one.incarnation, key: verifierKeyOf(noteVerifierOf(one)), since: one.createdAt.toISOString() }));
  if (options.json === true) return printJson(shown);
  const [newest] = shown.slice(-1);
  printLine(newest?.key ?? '');
  if (shown.length > 1) printTable(['EARLIER KEY', 'SINCE'], shown.slice(0, -1).map((one) => [one.key, one.since.slice(0, 16)]));
}

async function status(options: Common): Promise<void> {
  const standing = await withStore(options, async ({ records: { log } }) => {
    const [newest, timed, untimedSince, pending, conflicts] = await Promise.all([log.newest(), log.newestTimed(), log.untimedSince(), log.pending(), log.openConflicts()]);
    return { size: newest?.size ?? 0, checkpointAt: newest?.createdAt ?? null, timedSize: timed?.size ?? 0, untimedSince, pending: pending.any, conflicts: conflicts.map(({ reason, witness, ownSize, foundAt }) => ({ reason, witness, ownSize, foundAt })) };
  });
  if (options.json === true) return printJson(standing);
  const { size, checkpointAt, timedSize, untimedSince, pending, conflicts } = standing;
  printLine(`${size} leaves${checkpointAt === null ? '' : `, the last checkpoint at ${checkpointAt.toISOString()}`}; ${timedSize} of them under a time-stamp${pending ? '; more wait for the next checkpoint' : ''}`);
  if (untimedSince !== null) printLine(paint('yellow', `! No time-stamp since ${untimedSince.toISOString()}`));
  for (const { reason, witness, ownSize, foundAt } of conflicts) printLine(paint('red', `✗ ${reason}: ${witness} holds a checkpoint that this log (then ${ownSize} leaves) does not lead to, found ${foundAt.toISOString()}`));
}

async function verify({ since, checkpoint = [], ...options }: Common & { readonly since?: Date; readonly checkpoint?: readonly string[] }): Promise<void> {
  const given = checkpoint.map((path) => ({ by: path, note: readInputFile(path) }));
  const progress = progressLine();
  const report = await withStore(options, async (ports) => {
    const own = await logNoteFile(ports.config.dataDir).read();
    const kept = [...given, ...(own === null ? [] : [{ by: 'data-folder', note: Buffer.from(own) }])];
    const onProgress = (leaves: number, of: number): void => progress.show(`${leaves} of ${of} leaves`);
    return verifyLog(verifyPorts(ports), { since, kept, onProgress });
  }).finally(() => progress.end());
  if (!report.ok) process.exitCode = EXIT.no;
  if (options.json === true) return printJson(report);
  printReport(report);
}

function verifyPorts({ records, database, clock, config }: Administration): Parameters<typeof verifyLog>[0] {
  return { records, walk: logWalk(database.db), clock, longTerm: { trustStore: openTrust(config), policy: readPolicy(config), collector: undefined } };
}

function printReport({ ok, leaves, from, checkpoints, timestamps, untimed, notRecomputed, olderThanLog, pending, faults, moreFaults }: LogReport): void {
  printLine(ok ? paint('green', '✓ nothing was changed, removed or put in') : paint('red', `✗ ${faults.length + moreFaults} faults`));
  printLine(`  leaves       ${from === 0 ? leaves : `${from} to ${leaves}`}${pending ? ', more wait for the next checkpoint' : ''}`);
  printLine(`  checkpoints  ${checkpoints}, time-stamps ${timestamps}${untimed > 0 ? paint('yellow', `, ${untimed} leaves under none yet`) : ''}`);
  if (notRecomputed > 0) printLine(`  ${notRecomputed} leaves are of records whose bytes lie elsewhere: their evidence containers have them`);
  if (olderThanLog > 0) printLine(`  ${olderThanLog} messages and audit rows are older than the log`);
  for (const { kind, at, detail } of faults) printLine(`  ${paint('red', kind)} ${at}: ${detail}`);
  if (moreFaults > 0) printLine(`  … and ${moreFaults} more`);
}

async function exportAll({ out, period, ...options }: Common & { readonly out: string; readonly period: 'month' | 'year' }): Promise<void> {
  const progress = progressLine();
  const periods = await withStore(options, ({ records, database }) =>
    exportLog(
      { records, walk: logWalk(database.db), open: (name) => openFile(join(out, name)) },
      { periodOf: (time) => time.toISOString().slice(0, period === 'month' ? 7 : 4), onProgress: (leaves, of) => progress.show(`${leaves} of ${of} leaves`) },
    ),
  ).finally(() => progress.end());
  if (options.json === true) return printJson(periods);
  printTable(['PERIOD', 'LEAVES', 'CHECKPOINTS'], periods.map((one) => [one.period, `${one.leaves.from} to ${one.leaves.to}`, String(one.checkpoints)]));
}

async function openFile(path: string): Promise<Awaited<ReturnType<ExportLogPorts['open']>>> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const stream = createWriteStream(path, { mode: 0o600 });
  await once(stream, 'open');
  return {
    async write(text) {
      if (!stream.write(text)) await once(stream, 'drain');
    },
    async close() {
      stream.end();
      await once(stream, 'close');
    },
  };
}

async function settle({ note, ...options }: Decided): Promise<void> {
  const settled = await withStore(options, ({ records, clock, actor }) =>
    records.transaction(async (tx) => {
      const at = clock.now();
      const count = await tx.log.settleConflicts(actor, at);
      await tx.audit.add({ at, actor, action: 'settle-log-conflicts', subject: 'log', detail: { note, count } });
      return count;
    }),
  );
  if (options.json === true) return printJson({ settled });
  done(`${settled} checkpoints that were held against the log count as known`);
}
