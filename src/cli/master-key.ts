import { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import { addMasterKey, dropOldMasterKeys, readMasterKeys } from '../store/master-key-file.ts';
import { countStale, resealAll } from '../store/reseal.ts';
import { readConfig } from '../config.ts';
import { masterKeyPath } from '../wiring/open-store.ts';
import { systemChance } from '../wiring/chance.ts';
import { systemClock } from '../wiring/clock.ts';
import { paint, printJson, printLine, printTable } from './output.ts';
import { withStore, type DataOption } from './with-store.ts';

/** The key that seals server keys and personal data at rest. */

interface Common extends DataOption {
  readonly json?: boolean;
}

function command(name: string, description: string): Command {
  return new Command(name).description(description).option('--data <folder>', 'data folder of the gateway').option('--json', 'JSON instead of text');
}

export function masterKeyCommand(): Command {
  return new Command('master-key')
    .description('the key that seals server keys and personal data (MASTER_KEY_FILE)')
    .addCommand(command('status', 'how many keys the file holds, and what is sealed under older ones').action(status))
    .addCommand(command('rotate', 'put a new key first and seal everything again under it; running gateways read it by themselves').action(rotate))
    .addCommand(command('reseal', 'seal again what stands under older keys').action(reseal))
    .addCommand(command('drop-old', 'remove the older keys from the file, once nothing is sealed under them').action(dropOld));
}

async function status(options: Common): Promise<void> {
  const { keys, stale } = await withStore(options, async ({ database, sealing, config }) => ({ keys: readMasterKeys(masterKeyPath(config)).length, stale: await countStale(database.db, sealing) }));
  if (options.json === true) return printJson({ keys, stale });
  printLine(`${keys} ${keys === 1 ? 'key' : 'keys'} in the file; sealed under older ones:`);
  printTable(['PLACE', 'BOXES'], Object.entries(stale).map(([place, count]) => [place, String(count)]));
}

async function rotate(options: Common): Promise<void> {
  const config = readConfig({ ...process.env, ...(options.data === undefined ? {} : { LIENTHONG_DATA: options.data }) });
  await addMasterKey(masterKeyPath(config), systemChance(systemClock));
  if (options.json !== true) printLine(`${paint('green', '✓')} a new key stands first: copy the file to where its copies are kept`);
  await reseal(options);
}

async function reseal(options: Common): Promise<void> {
  const resealed = await withStore(options, async ({ database, sealing, records, clock, actor }) => {
    const done = await resealAll(database.db, sealing, (count) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${count} sealed again`);
    });
    await records.audit.add({ at: clock.now(), actor, action: 'reseal', subject: 'master-key', detail: { boxes: done } });
    return done;
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  if (options.json === true) return printJson({ resealed });
  printLine(`${paint('green', '✓')} ${resealed} boxes sealed again`);
  printLine(paint('dim', '  Next, in a minute, when every gateway has read the file: lienthong master-key reseal   and   lienthong master-key drop-old'));
}

async function dropOld(options: Common): Promise<void> {
  await withStore(options, async ({ database, sealing, records, clock, chance, actor, config }) => {
    const left = Object.values(await countStale(database.db, sealing)).reduce((sum, count) => sum + count, 0);
    if (left > 0) throw new GatewayError('STATE_CONFLICT', `${left} boxes are sealed under older keys: run lienthong master-key reseal first`);
    await dropOldMasterKeys(masterKeyPath(config), chance, clock.now());
    await records.audit.add({ at: clock.now(), actor, action: 'drop-old-keys', subject: 'master-key', detail: {} });
  });
  if (options.json === true) return printJson({ dropped: true });
  printLine(`${paint('green', '✓')} the file holds one key; backups made before need its older copies`);
}
