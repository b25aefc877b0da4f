import { Command } from 'commander';
import { holdStore, releaseStore } from '../usecases/hold-store.ts';
import { reconcileRestored } from '../usecases/reconcile-restored.ts';
import { dossierPartners } from '../wiring/dossier-partners.ts';
import { outboundAgent } from '../wiring/outbound-http.ts';
import { paint, printJson, printLine } from './output.ts';
import { progressLine } from './progress-line.ts';
import { done, subcommand, type Common, type Decided } from './subcommand.ts';
import { withStore } from './with-store.ts';

/** Sending stopped as a whole: after a restoration, or by an operator. */

export function holdCommand(): Command {
  return new Command('hold')
    .description('stop everything that the gateway sends by itself, and let it go again')
    .addCommand(subcommand('status', 'whether the store is held, and why').action(status))
    .addCommand(subcommand('begin', 'send nothing from now on; what comes in is answered and kept').requiredOption('--note <text>', 'why; kept in the audit trail').action(begin))
    .addCommand(subcommand('reconcile', 'after a restoration: ask recipients what they have, and tell what is left for a person').action(reconcile))
    .addCommand(
      subcommand('release', 'send again')
        .requiredOption('--note <text>', 'why; kept in the audit trail')
        .option('--unreconciled', 'although recipients were not asked since the restoration')
        .action(release),
    );
}

async function status(options: Common): Promise<void> {
  const standing = await withStore(options, ({ records }) => records.standing.read());
  if (options.json === true) return printJson(standing);
  const { hold, restored, incarnation } = standing;
  printLine(hold === null ? `${paint('green', '●')} not held: what is due is sent` : `${paint('yellow', '●')} held since ${hold.since.toISOString()} (${hold.reason}): nothing is sent`);
  printLine(`  incarnation ${incarnation}${restored === null ? '' : `, restored ${restored.at.toISOString()} from a backup of ${restored.from.toISOString()}, ${restored.reconciledAt === null ? 'not reconciled yet' : `reconciled ${restored.reconciledAt.toISOString()}`}`}`);
}

async function begin({ note, ...options }: Decided): Promise<void> {
  await withStore(options, (ports) => holdStore(ports, { actor: ports.actor, note }));
  if (options.json === true) return printJson({ held: true });
  done('held: nothing is sent before “lienthong hold release”');
}

async function reconcile(options: Common): Promise<void> {
  const progress = progressLine();
  const found = await withStore(options, async ({ records, sealing, exchangeKey, clock, chance, actor, config }) => {
    const dispatcher = outboundAgent({ allow: config.LIENTHONG_OUTBOUND_ALLOW });
    const partners = dossierPartners({ records, sealing, clock, chance, dispatcher });
    return reconcileRestored({ records, partners, exchangeKey, chance, clock, actor, signal: new AbortController().signal, onProgress: (asked) => progress.show(`${asked} deliveries looked at`) }).finally(() => void dispatcher.destroy());
  }).finally(() => progress.end());
  if (options.json === true) return printJson(found);
  done(`${found.adopted} had arrived and are recorded; ${found.resent} may be sent again; ${found.tasks} wait for a person (lienthong messages stuck)`);
  if (found.unanswered.length > 0) printLine(paint('yellow', `! Could not be asked: ${found.unanswered.join(', ')}. What is for them is asked for again before it is sent.`));
}

async function release({ note, unreconciled = false, ...options }: Decided & { readonly unreconciled?: boolean }): Promise<void> {
  await withStore(options, (ports) => releaseStore(ports, { actor: ports.actor, note }, unreconciled));
  if (options.json === true) return printJson({ held: false });
  done('released: what is due is sent');
}
