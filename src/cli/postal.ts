import { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import type { PostalOrderId } from '../domain/ids.ts';
import { readS10 } from '../domain/s10.ts';
import { addPostalNumbers, recallPostalNumber, type Recall } from '../usecases/recall-postal-number.ts';
import { closePostalTask, reconcileDay, type ReconciledDay } from '../usecases/reconcile-post.ts';
import { resolvePostalOrder, type PostalDecision } from '../usecases/resolve-postal-order.ts';
import { outboundAgent } from '../wiring/outbound-http.ts';
import { readPostalAccounts } from '../wiring/postal.ts';
import { parseDays, readInputFile } from './arguments.ts';
import { EXIT } from './exit-code.ts';
import { paint, printJson, printLine, printTable } from './output.ts';
import { done, subcommand, uuid, type Common, type Decided } from './subcommand.ts';
import { withStore, type Administration } from './with-store.ts';

/** Orders to the post: what is open, what a person decides, numbers of parcels, and the comparison with the carriers' records. */
export function postalCommand(): Command {
  return new Command('postal')
    .description('orders to the post: what is open, decisions of a person, numbers of parcels, comparison with the carriers')
    .addCommand(subcommand('open', 'orders that are not over').argument('<carrier>').action(openOrders))
    .addCommand(resolve('adopt', 'the carrier has the order whose outcome was unknown'))
    .addCommand(resolve('resend', 'the carrier does not have it: place it again'))
    .addCommand(resolve('cancel', 'the carrier does not have it, and it is not wanted any more'))
    .addCommand(numbersCommand())
    .addCommand(
      subcommand('reconcile', 'compare a carrier’s records with ours, day by day; what differs becomes a task. Exit code 1 when something differs')
        .requiredOption('--from <day>', 'first day in Vietnam, such as 2026-11-24')
        .requiredOption('--to <day>', 'last day')
        .option('--carrier <name>', 'one carrier; default: all that can be asked by day')
        .action(reconcile),
    )
    .addCommand(subcommand('tasks', 'differences with carriers that wait for a person').action(tasks))
    .addCommand(
      subcommand('close-task', 'a difference was dealt with')
        .argument('<task-id>')
        .requiredOption('--note <text>', 'what was found out; kept in the audit trail')
        .action(async (id: string, options: Decided) => {
          await withStore(options, (ports) => closePostalTask(ports, { id: uuid(id), note: options.note }));
          if (options.json === true) return printJson({ id, done: 'close-task' });
          return done(`${id} is closed`);
        }),
    );
}

function resolve(name: PostalDecision, description: string): Command {
  return subcommand(name, description)
    .argument('<order-id>')
    .requiredOption('--note <text>', 'what the carrier said; kept in the audit trail')
    .action(async (id: string, options: Decided) => {
      const { order } = await withStore(options, (ports) => resolvePostalOrder(ports.records, ports.chance, { id: uuid(id) as PostalOrderId, decision: name, note: options.note, actor: ports.actor, at: ports.clock.now() }));
      if (options.json === true) return printJson({ id, state: order.state });
      return done(`${order.orderNumber} is ${order.state}`);
    });
}

async function openOrders(carrier: string, options: Common): Promise<void> {
  const orders = await withStore(options, ({ records }) => records.postal.openOf(carrier));
  const rows = orders.map(({ id, orderNumber, dossierCode, leg, state, stateReason, stateAt }) => ({ id, orderNumber, dossierCode, leg, state, stateReason, stateAt }));
  if (options.json === true) return printJson(rows);
  if (rows.length === 0) return done('no order is open');
  printTable(['ORDER', 'NUMBER', 'LEG', 'STATE', 'SINCE', 'REASON'], rows.map((one) => [one.id, one.orderNumber, one.leg, one.state, one.stateAt.toISOString().slice(0, 16), one.stateReason ?? '–']));
}

function numbersCommand(): Command {
  return new Command('numbers')
    .description('numbers of parcels that a carrier gave out beforehand')
    .addCommand(subcommand('add', 'add the numbers of a file, one a line').argument('<carrier>').argument('<file>').action(addNumbers))
    .addCommand(subcommand('count', 'how many are left').argument('<carrier>').action(countNumbers))
    .addCommand(
      subcommand('recall', 'take a number back from an order that never reached the carrier, or out of use with --withdraw')
        .argument('<carrier>')
        .argument('<number>')
        .option('--withdraw', 'it is never given out again')
        .requiredOption('--note <text>', 'why; kept in the audit trail')
        .action(recallNumber),
    );
}

async function addNumbers(carrier: string, file: string, options: Common): Promise<void> {
  const numbers = Buffer.from(readInputFile(file)).toString('utf8').split(/\s+/).filter((number) => number !== '');
  const result = await withStore(options, (ports) => addPostalNumbers(ports, carrier, numbers));
  const odd = numbers.filter((number) => readS10(number)?.isCheckDigitRight === false);
  if (options.json === true) return printJson({ ...result, given: numbers.length, wrongCheckDigit: odd });
  if (odd.length > 0) printLine(`${paint('yellow', '!')} ${odd.length} have a wrong check digit by UPU S10, such as ${odd[0] ?? ''}: ask the carrier. They were added as they are.`);
  return done(`${result.added} of ${numbers.length} numbers are new; ${result.free} are free`);
}

async function countNumbers(carrier: string, options: Common): Promise<void> {
  const counts = await withStore(options, ({ records }) => records.postalNumbers.counts(carrier));
  if (options.json === true) return printJson(counts);
  printTable(['FREE', 'TAKEN', 'WITHDRAWN'], [[String(counts.free), String(counts.taken), String(counts.withdrawn)]]);
}

async function recallNumber(carrier: string, number: string, { withdraw = false, ...options }: Decided & { withdraw?: boolean }): Promise<void> {
  const recall: Recall = { carrier, number, to: withdraw ? 'withdrawn' : 'free', note: options.note };
  await withStore(options, (ports) => recallPostalNumber(ports, recall));
  if (options.json === true) return printJson({ number, state: recall.to });
  return done(`${number} is ${recall.to}`);
}

async function reconcile({ from, to, carrier, ...options }: Common & { from: string; to: string; carrier?: string }): Promise<void> {
  const days = parseDays(from, to);
  const reconciled = await withStore(options, (ports) => reconcileAll(ports, carrier, days, options.json !== true));
  if (options.json === true) printJson({ days: reconciled });
  else report(reconciled);
  if (reconciled.some(({ differences }) => differences.length > 0)) process.exitCode = EXIT.no;
}

async function reconcileAll(ports: Administration, name: string | undefined, days: readonly string[], tells: boolean): Promise<ReconciledDay[]> {
  const dispatcher = outboundAgent({ allow: ports.config.LIENTHONG_OUTBOUND_ALLOW });
  try {
    const all = readPostalAccounts(ports.config.LIENTHONG_POSTAL_FILE, ports.clock, dispatcher).map(({ carrier }) => carrier);
    const carriers = all.filter(({ carrier, listDay }) => (name === undefined ? listDay !== null : carrier === name));
    if (carriers.length === 0) throw new GatewayError('CARRIER_UNKNOWN', `No such carrier is configured here, or none can be asked by day: set LIENTHONG_POSTAL_FILE as for “serve” (there is ${all.map(({ carrier }) => carrier).join(', ') || 'none'})`);
    const reconciled: ReconciledDay[] = [];
    for (const carrier of carriers) {
      for (const day of days) {
        const one = await reconcileDay(ports, carrier, day);
        reconciled.push(one);
        if (tells) printLine(`${one.carrier} ${day}: ${one.listed} orders, ${one.repaired} events were missing here, ${one.differences.length} differences, ${one.opened} of them new`);
      }
    }
    return reconciled;
  } finally {
    await dispatcher.destroy();
  }
}

function report(reconciled: readonly ReconciledDay[]): void {
  const rows = reconciled.flatMap(({ carrier, day, differences }) => differences.map(({ kind, orderNumber, fact }) => [carrier, day, kind, orderNumber, fact]));
  if (rows.length === 0) done('nothing differs');
  else printTable(['CARRIER', 'DAY', 'DIFFERENCE', 'ORDER', 'FACT'], rows);
}

const MOST_TASKS = 1_000;

async function tasks(options: Common): Promise<void> {
  const open = await withStore(options, ({ records }) => records.postalTasks.listOpen(MOST_TASKS));
  if (options.json === true) return printJson(open);
  if (open.length === 0) return done('no task is open');
  printTable(['TASK', 'CARRIER', 'DAY', 'DIFFERENCE', 'ORDER', 'FACT'], open.map(({ id, carrier, day, kind, orderNumber, fact }) => [id, carrier, day, kind, orderNumber, fact]));
}
