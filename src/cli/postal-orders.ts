import type { Command } from 'commander';
import { DESK_WORDS } from '../console/post-page-words.ts';
import type { DossierCode } from '../domain/dossier.ts';
import type { PostalOrder } from '../domain/postal-order.ts';
import type { PostalOrderView } from '../formats/api/postal.ts';
import { cancelAsOperator } from '../usecases/cancel-postal-order.ts';
import { listCarriers } from '../usecases/list-carriers.ts';
import { deliveryOf } from '../usecases/order-post.ts';
import { viewOf } from '../usecases/read-postal-order.ts';
import { resolvePostalOrder } from '../usecases/resolve-postal-order.ts';
import { chooseLanguage, paint, printJson, printLine, printTable } from './output.ts';
import { done, subcommand, type Common, type Decided } from './subcommand.ts';
import { carriersOf, orderOf, withPost, type PostAdministration } from './with-post.ts';

/** Orders to the post as they stand: `postal carriers`, `list`, `show`, `cancel`. */

interface Spoken extends Common {
  readonly lang?: string;
}

export const ORDER = '<order>';
export const ORDER_MEANS = 'its id, our number, or the carrier’s number of the parcel';

export function spoken(command: Command): Command {
  return command.option('--lang <vi|en>', 'language; default: as the terminal’s');
}

export function orderCommands(): readonly Command[] {
  return [
    subcommand('carriers', 'the carriers of LIENTHONG_POSTAL_FILE, and which connectors never met the carrier’s own system').action(carriers),
    spoken(subcommand('list', 'orders that are not over, or all of a dossier')).option('--carrier <name>', 'of one carrier; default: all configured').option('--dossier <code>', 'all orders of a dossier, ended ones too').action(list),
    spoken(subcommand('show', 'one order: state, deadline, its way, changes of address. Reading it is audited')).argument(ORDER, ORDER_MEANS).action(show),
    subcommand('cancel', 'cancel an order: at once while it is unsent, by asking the carrier where it has it, by your word where that is unknown')
      .argument(ORDER, ORDER_MEANS)
      .requiredOption('--note <text>', 'why, and what the carrier said; kept in the audit trail')
      .action(cancel),
  ];
}

async function carriers(options: Common): Promise<void> {
  const { carriers: found } = await withPost(options, (ports) => listCarriers(ports));
  if (options.json === true) return printJson(found);
  if (found.length === 0) return done('no carrier is configured: set LIENTHONG_POSTAL_FILE');
  const yes = (is: boolean): string => (is ? 'yes' : '–');
  printTable(
    ['CARRIER', 'PROVEN AGAINST', 'LOST ANSWERS', 'EVENTS', 'NUMBERS LEFT', 'QUOTES', 'ADDRESS CHANGES', 'BY DAY'],
    found.map((one) => [one.carrier, one.provenAgainst, one.lookup, one.events.join(' '), String(one.numbersLeft ?? '–'), yes(one.givesQuotes), yes(one.takesAddressChanges), yes(one.canBeReconciled)]),
  );
  const unproven = found.filter(({ isUnproven }) => isUnproven);
  if (unproven.length > 0) printLine(`${paint('yellow', '!')} never met the carrier’s own system: ${unproven.map(({ carrier }) => carrier).join(', ')}. Expect surprises.`);
}

async function list({ carrier, dossier, lang, ...options }: Spoken & { readonly carrier?: string; readonly dossier?: string }): Promise<void> {
  const orders = await withPost(options, async (ports) => {
    if (dossier !== undefined) return (await ports.records.postal.ofDossier(dossier as DossierCode)).filter((order) => carrier === undefined || order.carrier === carrier);
    return (await Promise.all(carriersOf(ports, carrier).map((name) => ports.records.postal.openOf(name)))).flat();
  });
  if (options.json === true) {
    return printJson(orders.map(({ id, orderNumber, trackingNumber, carrier: of, dossierCode, leg, state, stateReason, stateAt }) => ({ id, orderNumber, trackingNumber, carrier: of, dossierCode, leg, state, stateReason, stateAt })));
  }
  const language = chooseLanguage(lang, process.env);
  if (orders.length === 0) return done(language === 'vi' ? 'không có đơn nào' : 'no order');
  const say = DESK_WORDS[language];
  const heading = language === 'vi' ? ['ĐƠN', 'SỐ ĐƠN', 'ĐƠN VỊ VẬN CHUYỂN', 'CHẶNG', 'TRẠNG THÁI', 'TỪ', 'LÝ DO'] : ['ORDER', 'NUMBER', 'CARRIER', 'LEG', 'STATE', 'SINCE', 'REASON'];
  printTable(heading, orders.map((one) => [one.id, one.orderNumber, one.carrier, language === 'vi' ? say.legs[one.leg] : one.leg, stateIn(language, one.state), minute(one.stateAt.toISOString()), one.stateReason ?? '–']));
}

async function show(text: string, { lang, ...options }: Spoken): Promise<void> {
  const view = await withPost(options, async (ports) => {
    const order = await orderOf(ports, text);
    await ports.records.audit.add({ at: ports.clock.now(), actor: ports.actor, action: 'read-postal-order', subject: `postal-order:${order.id}`, detail: {} });
    return viewOf(ports, order);
  });
  if (options.json === true) return printJson(view);
  tell(view, chooseLanguage(lang, process.env));
}

function tell(view: PostalOrderView, language: 'vi' | 'en'): void {
  const say = DESK_WORDS[language];
  const { deadline } = view;
  const facts: readonly (readonly [string, string | null])[] = [
    ['id', view.id],
    [say.dossier, view.dossierCode],
    [say.leg, say.legs[view.leg]],
    [say.carrier, view.carrier],
    [say.tracking, view.trackingNumber === null ? null : `${view.trackingNumber}${view.trackingNumberWarning === null ? '' : ` (${view.trackingNumberWarning})`}`],
    [say.state, `${stateIn(language, view.state)}${view.stateReason === null ? '' : `: ${view.stateReason}`} (${minute(view.stateAt)})`],
    [say.deliverBy, deadline === null ? null : `${minute(deadline.deliverBy)} (${deadline.legalBasis})`],
    [say.attempts, deadline === null || deadline.failedAttempts === 0 ? null : String(deadline.failedAttempts)],
    [say.nextAttempt, deadline?.nextAttemptFrom == null ? null : minute(deadline.nextAttemptFrom)],
  ];
  printLine(paint('bold', view.orderNumber));
  for (const [name, value] of facts) if (value !== null) printLine(`  ${name}: ${value}`);
  if (deadline?.returnDue === true) printLine(`  ${paint('yellow', '!')} ${say.returnDue}`);
  printLine(`  ${say.events}:${view.events.length === 0 ? ` ${say.noEvents}` : ''}`);
  for (const event of view.events) printLine(`    ${minute(event.occurredAt)}  ${eventIn(language, event.status)}  ${event.carrierCode} ${event.carrierText} (${event.source})`);
  for (const change of view.addressChanges) printLine(`  ${minute(change.askedAt)}  ${say.move}: ${say.ends[change.end]}, ${say.moveOutcomes[change.outcome] ?? change.outcome}`);
}

function eventIn(language: 'vi' | 'en', status: string): string {
  const say = DESK_WORDS[language];
  return status === 'UNKNOWN' ? say.unmapped : status === 'NOTED' ? say.noted : stateIn(language, status);
}

function stateIn(language: 'vi' | 'en', state: string): string {
  const words = DESK_WORDS[language].states[state];
  return words === undefined ? state : `${words} (${state})`;
}

/** In Vietnam's time, with its zone. */
function minute(instant: string): string {
  return `${new Date(Date.parse(instant) + 7 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ')} +07:00`;
}

async function cancel(text: string, { note, ...options }: Decided): Promise<void> {
  const order = await withPost(options, async (ports) => {
    const found = await orderOf(ports, text);
    await cancelOne(ports, found, note);
    return orderOf(ports, found.id);
  });
  if (options.json === true) return printJson({ id: order.id, state: order.state });
  return done(`${order.orderNumber} is ${order.state}`);
}

/** What nobody tries any more, or nobody knows, is decided by a person; everything else is cancelled as for the system that ordered it. */
async function cancelOne(ports: PostAdministration, order: PostalOrder, note: string): Promise<void> {
  const isParked = (await ports.records.outbox.find(deliveryOf(order)))?.state === 'parked';
  const given = { id: order.id, note, actor: ports.actor };
  if (isParked || order.state === 'UNKNOWN') await resolvePostalOrder(ports.records, ports, { ...given, decision: 'cancel', at: ports.clock.now() });
  else await cancelAsOperator(ports, given);
}
