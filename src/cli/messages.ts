import { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import type { DeliveryId, MessageId, PostalOrderId } from '../domain/ids.ts';
import { cancelDelivery, replayDelivery, replaySince, skipDelivery, type Decision, type OperatePorts } from '../usecases/operate-delivery.ts';
import { resolvePostalOrder, type PostalDecision } from '../usecases/resolve-postal-order.ts';
import { parseInstant, parseWhole } from './arguments.ts';
import { paint, printJson, printLine, printTable } from './output.ts';
import { withStore, type DataOption } from './with-store.ts';

/** What is under way and what is stuck: `messages` and `postal`. */

interface Common extends DataOption {
  readonly json?: boolean;
}

interface Decided extends Common {
  readonly note: string;
}

const done = (text: string): void => printLine(`${paint('green', '✓')} ${text}`);

function command(name: string, description: string): Command {
  return new Command(name).description(description).option('--data <folder>', 'data folder of the gateway').option('--json', 'JSON instead of text');
}

function decision(name: string, description: string, act: (ports: OperatePorts, id: DeliveryId, decision: Decision) => Promise<void>): Command {
  return command(name, description)
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
    .addCommand(command('stuck', 'what is parked, and why').option('--limit <n>', 'at most', parseWhole('--limit', 1, 10_000), 100).action(stuck))
    .addCommand(command('show', 'one message and its deliveries').argument('<message-id>').action(show))
    .addCommand(decision('replay', 'send a parked delivery again', replayDelivery))
    .addCommand(decision('skip', 'pass over a delivery that holds up its lane', skipDelivery))
    .addCommand(decision('cancel', 'take a delivery back', cancelDelivery))
    .addCommand(
      command('replay-since', 'send again everything to a system that was parked since a time')
        .argument('<partner>')
        .argument('<time>', 'ISO 8601', parseInstant)
        .requiredOption('--note <text>', 'why; kept in the audit trail')
        .option('--limit <n>', 'at most', parseWhole('--limit', 1, 100_000), 1000)
        .action(replayAll),
    );
}

async function stuck(options: Common & { limit: number }): Promise<void> {
  const parked = await withStore(options, ({ records }) => records.outbox.parked(null, options.limit));
  if (options.json === true) return printJson(parked);
  if (parked.length === 0) return done('nothing is stuck');
  printTable(['DELIVERY', 'TO', 'SINCE', 'TRIES', 'REASON', 'DETAIL'], parked.map((one) => [one.id, one.target, one.since.toISOString().slice(0, 16), String(one.attempts), one.reason, one.error?.detail ?? '–']));
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

async function replayAll(partner: string, since: Date, options: Decided & { limit: number }): Promise<void> {
  const replayed = await withStore(options, (ports) => replaySince(ports, partner, since, options.limit, { actor: ports.actor, note: options.note }));
  if (options.json === true) return printJson({ replayed });
  done(`${replayed.length} deliveries are sent again`);
}

export function postalCommand(): Command {
  const resolve = (name: PostalDecision, description: string): Command =>
    command(name, description)
      .argument('<order-id>')
      .requiredOption('--note <text>', 'what the carrier said; kept in the audit trail')
      .action(async (id: string, options: Decided) => {
        const { order } = await withStore(options, (ports) => resolvePostalOrder(ports.records, ports.chance, { id: uuid(id) as PostalOrderId, decision: name, note: options.note, actor: ports.actor, at: ports.clock.now() }));
        if (options.json === true) return printJson({ id, state: order.state });
        return done(`${order.orderNumber} is ${order.state}`);
      });
  return new Command('postal')
    .description('orders to the post whose outcome is unknown are decided by a person who has asked the carrier')
    .addCommand(command('open', 'orders that are not over').argument('<carrier>').action(openOrders))
    .addCommand(resolve('adopt', 'the carrier has the order'))
    .addCommand(resolve('resend', 'the carrier does not have it: place it again'))
    .addCommand(resolve('cancel', 'the carrier does not have it, and it is not wanted any more'));
}

async function openOrders(carrier: string, options: Common): Promise<void> {
  const orders = await withStore(options, ({ records }) => records.postal.openOf(carrier));
  const rows = orders.map(({ id, orderNumber, dossierCode, leg, state, stateReason, stateAt }) => ({ id, orderNumber, dossierCode, leg, state, stateReason, stateAt }));
  if (options.json === true) return printJson(rows);
  if (rows.length === 0) return done('no order is open');
  printTable(['ORDER', 'NUMBER', 'LEG', 'STATE', 'SINCE', 'REASON'], rows.map((one) => [one.id, one.orderNumber, one.leg, one.state, one.stateAt.toISOString().slice(0, 16), one.stateReason ?? '–']));
}

function uuid(text: string): string {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)) throw new GatewayError('REQUEST_INVALID', `${text} is not an id: take one from a list, such as “lienthong messages stuck”`);
  return text.toLowerCase();
}
