import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import type { DeliveryId, MessageId } from '../domain/ids.ts';
import { PARK_REASONS, type ParkReason } from '../domain/park-reason.ts';
import { exchangeStanding } from '../store/exchange-standing.ts';
import { listParked, listRecipients } from '../usecases/look-at-deliveries.ts';
import { adoptDelivery, cancelDelivery, replayDelivery, replaySince, skipDelivery, supersedeDelivery, type Decision, type OperatePorts } from '../usecases/operate-delivery.ts';
import { createLog } from '../telemetry/log.ts';
import { exportEvidence } from '../usecases/export-evidence.ts';
import { parseChoice, parseInstant, parseWhole } from './arguments.ts';
import { paint, printJson, printLine, printTable } from './output.ts';
import { done, subcommand, uuid, type Common, type Decided } from './subcommand.ts';
import { withStore } from './with-store.ts';

/** What is under way and what is stuck: `messages`. */

function decision(name: string, description: string, act: (ports: OperatePorts, id: DeliveryId, decision: Decision) => Promise<void>): Command {
  return subcommand(name, description)
    .argument('<delivery-id>')
    .requiredOption('--note <text>', 'why; kept in the audit trail')
    .action(async (id: string, options: Decided) => {
      await withStore(options, (ports) => act(ports, uuid(id) as DeliveryId, { actor: ports.actor, note: options.note }));
      if (options.json === true) return printJson({ deliveryId: id, done: name });
      return done(`${id}: ${name}`);
    });
}

export function messagesCommand(): Command {
  return new Command('messages')
    .description('deliveries to other systems')
    .addCommand(selecting(subcommand('stuck', 'what is parked, and why')).action(stuck))
    .addCommand(
      selecting(subcommand('list', 'unfinished deliveries by recipient; with --parked each one that waits for a person').option('--parked', 'as “stuck”'))
        .action((options: Selected & { readonly parked?: boolean }) => (options.parked === true ? stuck(options) : listOpen(options))),
    )
    .addCommand(subcommand('show', 'one message and its deliveries').argument('<message-id>').action(show))
    .addCommand(
      subcommand('evidence', 'write the evidence of a message as ASiC-E: check it with “lienthong evidence verify”')
        .argument('<message-id>')
        .requiredOption('--out <file>', 'where to write, such as evidence.asice')
        .action(writeEvidence),
    )
    .addCommand(decision('replay', 'send a parked delivery again', replayDelivery))
    .addCommand(decision('adopt', 'the recipient says that it has a parked delivery: record that', adoptDelivery))
    .addCommand(decision('skip', 'pass over a delivery that holds up its lane', skipDelivery))
    .addCommand(
      subcommand('supersede', 'replace a delivery by a later one for the same dossier and recipient, which takes its place')
        .argument('<delivery-id>')
        .argument('<replacement>', 'delivery id of the message that was sent in its stead: lienthong messages show')
        .requiredOption('--note <text>', 'why; kept in the audit trail')
        .action(supersede),
    )
    .addCommand(decision('cancel', 'take a delivery back', cancelDelivery))
    .addCommand(
      subcommand('replay-since', 'send again everything to a system that was parked since a time')
        .argument('<partner>')
        .argument('<time>', 'ISO 8601', parseInstant)
        .requiredOption('--note <text>', 'why; kept in the audit trail')
        .option('--limit <n>', 'at most', parseWhole('--limit', 1, 100_000), 1000)
        .action(replayAll),
    );
}

async function supersede(id: string, replacement: string, options: Decided): Promise<void> {
  await withStore(options, (ports) => supersedeDelivery(ports, uuid(id) as DeliveryId, uuid(replacement) as DeliveryId, { actor: ports.actor, note: options.note }));
  if (options.json === true) return printJson({ deliveryId: id, done: 'supersede', replacement });
  return done(`${id}: replaced by ${replacement}`);
}

interface Selected extends Common {
  readonly limit: number;
  readonly partner?: string;
  readonly reason?: ParkReason;
  readonly since?: Date;
}

function selecting(command: Command): Command {
  return command
    .option('--partner <id>', 'of one recipient')
    .option('--reason <reason>', PARK_REASONS.join(' | '), parseChoice('--reason', PARK_REASONS))
    .option('--since <time>', 'parked at that time or later, ISO 8601', parseInstant)
    .option('--limit <n>', 'at most', parseWhole('--limit', 1, 10_000), 100);
}

async function stuck({ partner, reason, since, limit, ...options }: Selected): Promise<void> {
  const parked = await withStore(options, (ports) => listParked(ports, { recipient: partner, reason, since, limit }));
  if (options.json === true) return printJson(parked);
  if (parked.length === 0) return done('nothing is stuck');
  printTable(['DELIVERY', 'TO', 'SINCE', 'TRIES', 'REASON', 'DETAIL'], parked.map((one) => [one.id, one.target, one.since.toISOString().slice(0, 16), String(one.attempts), one.reason, one.error?.detail ?? '–']));
}

async function listOpen({ partner, limit, ...options }: Selected): Promise<void> {
  const recipients = await withStore(options, ({ database, clock }) => listRecipients({ readStanding: exchangeStanding(database.db), clock }));
  const rows = recipients.filter(({ target }) => partner === undefined || target === partner).slice(0, limit);
  if (options.json === true) return printJson(rows);
  if (rows.length === 0) return done('everything has arrived');
  printTable(['TO', 'UNFINISHED', 'OLDEST', 'CIRCUIT'], rows.map((one) => [one.target, String(one.open), one.oldestAt.toISOString().slice(0, 16), one.circuit]));
}

async function show(id: string, options: Common): Promise<void> {
  const found = await withStore(options, async ({ records }) => {
    const message = await records.messages.find(uuid(id) as MessageId);
    if (message === null) throw new GatewayError('MESSAGE_NOT_FOUND', `There is no message ${id}`);
    return { message, deliveries: await records.messages.deliveries(message.id), receipts: await records.messages.receipts(message.id) };
  });
  const { message, deliveries, receipts } = found;
  // What a message says may hold personal data; this command is about how it travels.
  const shown = { messageId: message.id, type: message.type, dossierCode: message.dossierCode, from: message.fromPartnerId ?? 'gateway', createdAt: message.createdAt, manifestSha256: message.manifestSha256, deliveries, receipts };
  if (options.json === true) return printJson(shown);
  printLine(`${paint('bold', message.type)}  ${message.dossierCode}  from ${shown.from}  ${message.createdAt.toISOString()}`);
  printTable(['DELIVERY', 'TO', 'STATE', 'TRIES', 'NEXT', 'PROBLEM'], deliveries.map((one) => [one.id, one.partnerId, one.state, String(one.attempts), one.nextAttemptAt?.toISOString().slice(0, 19) ?? '–', one.parkedReason ?? one.lastError?.detail ?? '–']));
}

async function writeEvidence(id: string, { out, ...options }: Common & { readonly out: string }): Promise<void> {
  await withStore(options, async (ports) => {
    const { open } = await exportEvidence({ ...ports, log: createLog({ level: 'fatal' }) }, { operator: ports.actor }, uuid(id) as MessageId);
    await pipeline(open(), createWriteStream(out));
  });
  if (options.json === true) return printJson({ messageId: id, file: out });
  done(`${out}: evidence of ${id}`);
}

async function replayAll(partner: string, since: Date, options: Decided & { limit: number }): Promise<void> {
  const replayed = await withStore(options, (ports) => replaySince(ports, partner, since, options.limit, { actor: ports.actor, note: options.note }));
  if (options.json === true) return printJson({ replayed });
  done(`${replayed.length} deliveries are sent again`);
}
