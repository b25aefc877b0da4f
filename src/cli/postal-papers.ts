import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import { MOST_PAPERS, zplDpi } from '../formats/api/postal-papers.ts';
import { HANDOVERS, type Handover } from '../formats/postal-papers/minutes.ts';
import type { PostalPaper } from '../formats/postal-papers/print.ts';
import { printOrders } from '../usecases/print-post.ts';
import { loadPaperFonts } from '../wiring/fonts.ts';
import { openIsolation } from '../wiring/isolation.ts';
import { parseChoice, unreadable } from './arguments.ts';
import { printJson } from './output.ts';
import { ORDER_MEANS } from './postal-orders.ts';
import { done, subcommand, type Common } from './subcommand.ts';
import { orderOf, withPost } from './with-post.ts';

const PRINT_DEADLINE_MS = 60_000;
const KINDS = ['label', 'slip', 'minutes'] as const;
const DPIS = ['203', '300'] as const;

interface Print extends Common {
  readonly out: string;
  readonly zpl?: (typeof DPIS)[number];
  readonly handover?: Handover;
  readonly minutesNumber?: string;
}

/** `postal print`: labels, slips and minutes of one or many orders in one file. */
export function printCommand(): Command {
  return subcommand('print', `labels (A6), slips, or the minutes of a hand-over of up to ${MOST_PAPERS} orders, in one file`)
    .argument('<paper>', KINDS.join(' | '), parseChoice('paper', KINDS))
    .argument('<order...>', ORDER_MEANS)
    .requiredOption('--out <file>', 'PDF, or ZPL II with --zpl')
    .option('--zpl <dpi>', 'a label for a label printer of 203 or 300 dpi, instead of a PDF', parseChoice('--zpl', DPIS))
    .option('--handover <which>', `of minutes: ${HANDOVERS.join(' | ')}`, parseChoice('--handover', HANDOVERS))
    .option('--minutes-number <number>', 'of minutes; left out: dots to write on')
    .action(print);
}

async function print(kind: (typeof KINDS)[number], numbers: readonly string[], { out, json, ...options }: Print): Promise<void> {
  const paper = paperOf(kind, options);
  if (numbers.length > MOST_PAPERS) throw new GatewayError('REQUEST_INVALID', `At most ${MOST_PAPERS} orders at once; these are ${numbers.length}`);
  const fonts = await loadPaperFonts();
  const isolation = openIsolation();
  try {
    const bytes = await withPost(options, async (ports) => {
      const orders = [];
      for (const number of new Set(numbers)) orders.push(await orderOf(ports, number));
      const printer = { ...ports, print: (job: Parameters<Parameters<typeof printOrders>[0]['print']>[0], signal: AbortSignal) => isolation.run('post.print', { ...job, fonts }, { deadlineMs: PRINT_DEADLINE_MS, signal }) };
      return printOrders(printer, { orders, paper, actor: ports.actor }, new AbortController().signal);
    });
    write(out, bytes);
  } finally {
    await isolation.close();
  }
  if (json === true) return printJson({ out, paper: paper.kind, orders: numbers.length });
  return done(`${out}: ${paper.kind} of ${numbers.length} ${numbers.length === 1 ? 'order' : 'orders'}`);
}

/** @throws REQUEST_INVALID for options that do not go with the paper */
function paperOf(kind: (typeof KINDS)[number], { zpl, handover, minutesNumber }: Omit<Print, 'out'>): PostalPaper {
  if (zpl !== undefined && kind !== 'label') throw new GatewayError('REQUEST_INVALID', '--zpl goes with labels only');
  if ((kind === 'minutes') !== (handover !== undefined)) throw new GatewayError('REQUEST_INVALID', kind === 'minutes' ? `Minutes need --handover: ${HANDOVERS.join(', ')}` : '--handover goes with minutes only');
  if (handover !== undefined) return { kind: 'minutes', handover, minutesNumber: minutesNumber ?? null };
  if (kind === 'slip') return { kind };
  return zpl === undefined ? { kind: 'label', format: 'pdf' } : { kind: 'label', format: 'zpl', dpi: zplDpi(zpl) };
}

function write(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
