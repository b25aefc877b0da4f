import { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import type { KeyId } from '../domain/ids.ts';
import { paint, printLine } from './output.ts';
import type { DataOption } from './with-store.ts';

export interface KeyCommandOptions extends DataOption {
  readonly json?: boolean;
}

/** A command below `keys`, with the options that all of them have. */
export function keyCommand(name: string, description: string): Command {
  return new Command(name).description(description).option('--data <folder>', 'data folder of the gateway').option('--json', 'JSON instead of text');
}

export const tellDone = (text: string): void => printLine(`${paint('green', '✓')} ${text}`);

export function parseKeyId(text: string): KeyId {
  if (!/^[a-z0-9][a-z0-9-]{1,62}$/.test(text)) throw new GatewayError('REQUEST_INVALID', `${text} cannot name a key: use 2 to 63 lower-case letters, digits and hyphens`);
  return text as KeyId;
}
