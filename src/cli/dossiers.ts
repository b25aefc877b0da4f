import { Command } from 'commander';
import { parseDossierCode } from '../domain/dossier.ts';
import { eraseDossier } from '../usecases/erase-dossier.ts';
import { parseWhole } from './arguments.ts';
import { paint, printJson, printLine, printTable } from './output.ts';
import { withStore, type DataOption } from './with-store.ts';

/** Personal data of dossiers: erased by a person, or by the term of their procedure. */

interface Common extends DataOption {
  readonly json?: boolean;
}

const done = (text: string): void => printLine(`${paint('green', '✓')} ${text}`);

function command(name: string, description: string): Command {
  return new Command(name).description(description).option('--data <folder>', 'data folder of the gateway').option('--json', 'JSON instead of text');
}

export function dossiersCommand(): Command {
  return new Command('dossiers')
    .description('personal data of dossiers and how long it is kept')
    .addCommand(command('erase', 'erase applicant, bodies, addresses and papers; digests and proofs stay').argument('<code>').requiredOption('--note <text>', 'why; kept in the audit trail').action(erase))
    .addCommand(command('terms', 'how long dossiers of each procedure are kept').action(listTerms))
    .addCommand(
      command('keep', 'erase dossiers of a procedure so many days after their last event')
        .argument('<procedure>', 'its code, or * for all without a term of their own')
        .argument('<days>', '', parseWhole('<days>', 1, 36_500))
        .requiredOption('--basis <text>', 'the rule that says so')
        .action(keep),
    )
    .addCommand(command('keep-forever', 'erase dossiers of a procedure by no term any more').argument('<procedure>').action(keepForever));
}

async function erase(code: string, options: Common & { note: string }): Promise<void> {
  const erased = await withStore(options, (ports) => eraseDossier(ports, ports.actor, parseDossierCode(code), options.note));
  if (options.json === true) return printJson({ code, ...erased });
  done(`${code}: ${erased.messages} messages, ${erased.postalOrders} postal orders, ${erased.documents} documents erased`);
}

async function listTerms(options: Common): Promise<void> {
  const terms = await withStore(options, ({ records }) => records.erasure.retentions());
  if (options.json === true) return printJson(terms);
  if (terms.length === 0) return printLine('No term is set: dossiers are kept until somebody erases them');
  printTable(['PROCEDURE', 'DAYS', 'BASIS'], terms.map((term) => [term.procedureCode, String(term.keepDays), term.basis]));
}

async function keep(procedureCode: string, keepDays: number, options: Common & { basis: string }): Promise<void> {
  await withStore(options, async ({ records, clock, actor }) => {
    const at = clock.now();
    await records.transaction(async (tx) => {
      await tx.erasure.setRetention({ procedureCode, keepDays, basis: options.basis }, at);
      await tx.audit.add({ at, actor, action: 'set-retention', subject: `procedure:${procedureCode}`, detail: { keepDays, basis: options.basis } });
    });
  });
  if (options.json === true) return printJson({ procedureCode, keepDays });
  done(`dossiers of ${procedureCode} are erased ${keepDays} days after their last event, once they are at their end`);
}

async function keepForever(procedureCode: string, options: Common): Promise<void> {
  const removed = await withStore(options, async ({ records, clock, actor }) => {
    const at = clock.now();
    return records.transaction(async (tx) => {
      await tx.audit.add({ at, actor, action: 'remove-retention', subject: `procedure:${procedureCode}`, detail: {} });
      return tx.erasure.removeRetention(procedureCode);
    });
  });
  if (options.json === true) return printJson({ procedureCode, removed });
  done(removed ? `${procedureCode} has no term any more` : `${procedureCode} had no term`);
}
