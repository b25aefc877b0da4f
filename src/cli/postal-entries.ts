import type { Command } from 'commander';
import { ATTEMPT_ACTIONS, ATTEMPT_REASONS, type AttemptFacts } from '../domain/postal-handover.ts';
import { HANDOVERS, type Handover } from '../formats/postal-papers/minutes.ts';
import { readS10 } from '../domain/s10.ts';
import { enterPostalEvent, type PostalEntry } from '../usecases/enter-postal-event.ts';
import { parseChoice, parseInstant, parseWhole } from './arguments.ts';
import { EXIT } from './exit-code.ts';
import { printJson, printTable } from './output.ts';
import { ORDER, ORDER_MEANS } from './postal-orders.ts';
import { done, subcommand, type Common } from './subcommand.ts';
import { orderOf, withPost } from './with-post.ts';

/** What a clerk saw, and numbers to check: `postal enter`, `attempt`, `s10`. Money and proofs of delivery are entered at /console/post. */

const AT = 'when it happened, ISO 8601 with a zone, such as 2026-11-24T09:30:00+07:00; default: now';

interface HandOver extends Common {
  readonly minutesNumber: string;
  readonly counted: number;
  readonly incomplete?: boolean;
  readonly discrepancy?: string;
  readonly at?: Date;
}

export function entryCommands(): readonly Command[] {
  return [
    subcommand('enter', 'a hand-over with its minutes; complete minutes POST_TO_AGENCY submit the dossier at that time (Decision 45/2016 Art. 7.4)')
      .argument(ORDER, ORDER_MEANS)
      .argument('<entry>', [...HANDOVERS, 'RETURNED_TO_AGENCY'].join(' | '), parseChoice('entry', [...HANDOVERS, 'RETURNED_TO_AGENCY'] as const))
      .requiredOption('--minutes-number <number>', 'of the minutes that both sides signed; the same entered twice counts once')
      .requiredOption('--counted <n>', 'papers counted', parseWhole('--counted', 0, 9_999))
      .option('--incomplete', 'papers of the list were missing')
      .option('--discrepancy <text>', 'what differs')
      .option('--at <time>', AT, parseInstant)
      .action(handOver),
    subcommand('attempt', 'an attempt that failed, with its reason and what was done')
      .argument(ORDER, ORDER_MEANS)
      .requiredOption('--reason <reason>', ATTEMPT_REASONS.join(' | '), parseChoice('--reason', ATTEMPT_REASONS))
      .requiredOption('--action <action>', ATTEMPT_ACTIONS.join(' | '), parseChoice('--action', ATTEMPT_ACTIONS))
      .option('--at <time>', AT, parseInstant)
      .action((order: string, { reason, action, at, ...options }: Common & AttemptFacts & { readonly at?: Date }) => enter(order, options, at, { entry: 'ATTEMPT_FAILED', minutes: null, attempt: { reason, action } })),
    subcommand('s10', 'numbers of parcels by UPU S10: service, country, check digit. Exit code 1 when one is not right; the gateway itself only warns').argument('<number...>').action(s10),
  ];
}

function handOver(order: string, entry: Handover | 'RETURNED_TO_AGENCY', { minutesNumber, counted, incomplete = false, discrepancy = null, at, ...options }: Omit<HandOver, 'discrepancy'> & { readonly discrepancy?: string | null }): Promise<void> {
  return enter(order, options, at, { entry, minutes: { minutesNumber, counted, complete: !incomplete, discrepancy }, attempt: null });
}

async function enter(text: string, options: Common, at: Date | undefined, what: Pick<PostalEntry, 'entry' | 'minutes' | 'attempt'>): Promise<void> {
  const { order, isNew } = await withPost(options, async (ports) => {
    const { id } = await orderOf(ports, text);
    const entered = await enterPostalEvent(ports, { ...what, id, occurredAt: at ?? ports.clock.now(), actor: ports.actor });
    return { order: await orderOf(ports, id), isNew: entered.isNew };
  });
  if (options.json === true) return printJson({ id: order.id, state: order.state, isNew });
  return done(isNew ? `${order.orderNumber} is ${order.state}` : `was recorded before; nothing was added. ${order.orderNumber} is ${order.state}`);
}

function s10(numbers: readonly string[], { json }: Common): void {
  const read = numbers.map((number) => ({ number, s10: readS10(number) }));
  const warning = ({ s10: found }: (typeof read)[number]): string | null => (found === null ? 'not-s10' : !found.isCheckDigitRight ? 's10-check-digit' : found.isReserved ? 's10-reserved' : null);
  if (read.some((one) => warning(one) !== null)) process.exitCode = EXIT.no;
  if (json === true) return printJson(read.map((one) => ({ number: one.number, ...one.s10, warning: warning(one) })));
  const words = { 'not-s10': 'not in the form of UPU S10', 's10-check-digit': 'wrong check digit', 's10-reserved': 'service indicator reserved by the UPU' } as const;
  printTable(['NUMBER', 'SERVICE', 'SERIAL', 'COUNTRY', 'VERDICT'], read.map((one) => [one.number, one.s10?.service ?? '–', one.s10?.serial ?? '–', one.s10?.country ?? '–', words[warning(one) as keyof typeof words] ?? 'right']));
}
