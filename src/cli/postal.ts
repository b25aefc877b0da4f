import { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import { readS10 } from '../domain/s10.ts';
import { postalAddressChange } from '../formats/api/postal.ts';
import { changeAddress, changeOf } from '../usecases/change-postal-address.ts';
import { quote } from '../usecases/quote-post.ts';
import { addPostalNumbers, recallPostalNumber, type Recall } from '../usecases/recall-postal-number.ts';
import { closePostalTask, reconcileDay, type ReconciledDay } from '../usecases/reconcile-post.ts';
import { resolvePostalOrder, type PostalDecision } from '../usecases/resolve-postal-order.ts';
import { parseDays, readFileOrInput, readInputFile } from './arguments.ts';
import { EXIT } from './exit-code.ts';
import { paint, printJson, printLine, printTable } from './output.ts';
import { entryCommands } from './postal-entries.ts';
import { ORDER, ORDER_MEANS, orderCommands } from './postal-orders.ts';
import { printCommand } from './postal-papers.ts';
import { done, subcommand, uuid, type Common, type Decided } from './subcommand.ts';
import { orderOf, withPost, type PostAdministration } from './with-post.ts';
import { withStore } from './with-store.ts';

/** Orders to the post: what a person decides, numbers of parcels, and the comparison with the carriers' records; the rest in `postal-*.ts`. */
export function postalCommand(): Command {
  const command = new Command('postal').description('orders to the post: what is open, decisions of a person, papers to print, numbers of parcels, comparison with the carriers');
  for (const each of [...orderCommands(), ...entryCommands(), printCommand()]) command.addCommand(each);
  return command
    .addCommand(resolve('adopt', 'the carrier has the order whose outcome was unknown'))
    .addCommand(resolve('resend', 'the carrier does not have it: place it again'))
    .addCommand(subcommand('quote', 'what an order costs by its carrier’s prices of today').argument(ORDER, ORDER_MEANS).action(quoteOrder))
    .addCommand(
      subcommand('change-address', 'change the address of one end of an order: at once while it is unsent, otherwise when the carrier agrees')
        .argument(ORDER, ORDER_MEANS)
        .requiredOption('--file <json>', 'the change as for the API: {"end": "recipient", "address": {"line", "provinceCode", "communeCode"}, "phone", "verifiedBy": "otp" or "officer"}; - for standard input, so that no address stands in the shell’s history')
        .action(changeOrderAddress),
    )
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

function resolve(name: Exclude<PostalDecision, 'cancel'>, description: string): Command {
  return subcommand(name, description)
    .argument(ORDER, ORDER_MEANS)
    .requiredOption('--note <text>', 'what the carrier said; kept in the audit trail')
    .action(async (text: string, options: Decided) => {
      const { order } = await withPost(options, async (ports) => {
        const { id } = await orderOf(ports, text);
        return resolvePostalOrder(ports.records, ports, { id, decision: name, note: options.note, actor: ports.actor, at: ports.clock.now() });
      });
      if (options.json === true) return printJson({ id: order.id, state: order.state });
      return done(`${order.orderNumber} is ${order.state}`);
    });
}

async function quoteOrder(text: string, options: Common): Promise<void> {
  const { services } = await withPost(options, async (ports) => quote(ports, await orderOf(ports, text)));
  if (options.json === true) return printJson(services);
  const vnd = (amount: number | null): string => (amount === null ? '–' : amount.toLocaleString('vi-VN'));
  printTable(['SERVICE', 'NAME', 'POSTAGE', 'SURCHARGES', 'TOTAL (VND)'], services.map((one) => [one.serviceCode, one.serviceName, vnd(one.postageVnd), vnd(one.surchargesVnd), vnd(one.totalVnd)]));
}

async function changeOrderAddress(text: string, { file, ...options }: Common & { file: string }): Promise<void> {
  const parsed = postalAddressChange.safeParse(jsonOf(readFileOrInput(file)));
  if (!parsed.success) throw new GatewayError('REQUEST_INVALID', 'The change of the address is not right', { faults: parsed.error.issues.map(({ path, message }) => ({ pointer: `/${path.join('/')}`, detail: message })) });
  const order = await withPost(options, async (ports) => {
    const { id } = await orderOf(ports, text);
    await changeAddress(ports, { ...changeOf(parsed.data), id, actor: ports.actor, ifMatch: null });
    return orderOf(ports, id);
  });
  if (options.json === true) return printJson({ id: order.id, state: order.state });
  return done(`${order.orderNumber} goes by the new address of its ${parsed.data.end}`);
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // refused by the schema
  }
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
  const reconciled = await withPost(options, (ports) => reconcileAll(ports, { name: carrier, days, tells: options.json !== true }));
  if (options.json === true) printJson({ days: reconciled });
  else report(reconciled);
  if (reconciled.some(({ differences }) => differences.length > 0)) process.exitCode = EXIT.no;
}

async function reconcileAll(ports: PostAdministration, { name, days, tells }: { readonly name: string | undefined; readonly days: readonly string[]; readonly tells: boolean }): Promise<ReconciledDay[]> {
  const all = ports.accounts.map(({ carrier }) => carrier);
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
