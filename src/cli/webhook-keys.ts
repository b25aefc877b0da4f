import { Command } from 'commander';
import { listWebhookKeys, rotateWebhookKey } from '../usecases/webhook-keys.ts';
import { parseWhole } from './arguments.ts';
import { paint, printJson, printLine, printTable } from './output.ts';
import { withStore, type DataOption } from './with-store.ts';

/** The gateway's own keys that sign its pushes. */

interface Common extends DataOption {
  readonly json?: boolean;
}

function command(name: string, description: string): Command {
  return new Command(name).description(description).option('--data <folder>', 'data folder of the gateway').option('--json', 'JSON instead of text');
}

export function webhookKeysCommand(): Command {
  return new Command('webhook-keys')
    .description('the gateway’s own keys, by which other systems know its pushes; published at GET /v1/webhook-keys')
    .addCommand(command('list', 'keys that sign now, and those announced').action(list))
    .addCommand(
      command('rotate', 'announce a successor, which begins to sign later; the old key ends after that')
        .option('--announce-hours <n>', 'how long it is published before it signs', parseWhole('--announce-hours', 0, 8760), 24)
        .option('--overlap-hours <n>', 'how long both sign', parseWhole('--overlap-hours', 0, 8760), 24)
        .action(rotate),
    );
}

async function list(options: Common): Promise<void> {
  const { keys } = await withStore(options, listWebhookKeys);
  if (options.json === true) return printJson(keys);
  printTable(['KEY', 'PUBLIC KEY', 'SIGNS FROM', 'UNTIL'], keys.map((key) => [key.keyId, key.publicKey, key.signsFrom.slice(0, 16), key.signsUntil?.slice(0, 16) ?? '–']));
}

async function rotate(options: Common & { announceHours: number; overlapHours: number }): Promise<void> {
  const rotation = { announceMs: options.announceHours * 3_600_000, overlapMs: options.overlapHours * 3_600_000 };
  const key = await withStore(options, (ports) => rotateWebhookKey(ports, ports.actor, rotation));
  if (options.json === true) return printJson({ keyId: key.id, signsFrom: key.signsFrom });
  printLine(`${paint('green', '✓')} key ${key.id} signs from ${key.signsFrom.toISOString().slice(0, 16)}; the one before it ends ${options.overlapHours} h later`);
}
