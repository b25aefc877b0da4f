import type { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import { tryKey } from '../usecases/try-key.ts';
import { keyCommand, parseKeyId, tellDone, type KeyCommandOptions } from './key-command.ts';
import { printJson } from './output.ts';
import { readSecret } from './secrets.ts';
import { withSigners } from './with-signers.ts';
import { withStore } from './with-store.ts';

interface TestOptions extends KeyCommandOptions {
  readonly otpFile?: string;
}

export function testKeyCommand(): Command {
  return keyCommand('test', 'sign a few random bytes with a key and verify the value: whether device, PIN, service and certificate go together')
    .argument('<id>')
    .option('--otp-file <file>', 'file with the one-time password; - for standard input; without it you are asked where one is needed')
    .action(test);
}

async function test(id: string, options: TestOptions): Promise<void> {
  const result = await withStore(options, (store) =>
    withSigners(store, (signers) => withOneTimePassword(options.otpFile, (oneTimePassword) => tryKey({ ...store, signerOf: (...of) => signers.signerOf(...of) }, store.actor, parseKeyId(id), { oneTimePassword }))),
  );
  if (options.json === true) return printJson(result);
  tellDone(`${id} signed and the value is right (${result.scheme}, ${result.durationMs} ms)`);
}

/** Asks for a one-time password only when the key turns out to want one. */
async function withOneTimePassword<T>(file: string | undefined, work: (oneTimePassword: string | null) => Promise<T>): Promise<T> {
  const words = { what: 'one-time password', options: '--otp-file FILE (or - for standard input)' };
  if (file !== undefined) return work(await readSecret({ file }, words, {}));
  try {
    return await work(null);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'OTP_REQUIRED') throw error;
    return work(await readSecret({}, words, {}));
  }
}
