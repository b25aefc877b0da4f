import { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import { paint, printLine } from './output.ts';
import type { DataOption } from './with-store.ts';

/** What every command on a gateway's records takes. */
export interface Common extends DataOption {
  readonly json?: boolean;
}

/** Of a decision: why. */
export interface Decided extends Common {
  readonly note: string;
}

export function subcommand(name: string, description: string): Command {
  return new Command(name).description(description).option('--data <folder>', 'data folder of the gateway').option('--json', 'JSON instead of text');
}

export function done(text: string): void {
  printLine(`${paint('green', '✓')} ${text}`);
}

/** @throws REQUEST_INVALID */
export function uuid(text: string): string {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)) throw new GatewayError('REQUEST_INVALID', `${text} is not an id: take one from a list, such as “lienthong messages stuck”`);
  return text.toLowerCase();
}
