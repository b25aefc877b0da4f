import type { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import { tryKey } from '../usecases/try-key.ts';
import { parseWhole } from './arguments.ts';
import { CONSENT_HELP, consentOverLoopback } from './consent.ts';
import { keyCommand, parseKeyId, tellDone, type KeyCommandOptions } from './key-command.ts';
import { printJson, tellAside } from './output.ts';
import { readSecret } from './secrets.ts';
import { withSigners } from './with-signers.ts';
import { withStore } from './with-store.ts';

interface TestOptions extends KeyCommandOptions {
  readonly otpFile?: string;
  readonly redirectPort?: number;
}

export function testKeyCommand(): Command {
  return keyCommand('test', 'sign a few random bytes with a key and verify the value: whether device, PIN, service and certificate go together')
    .argument('<id>')
    .option('--otp-file <file>', 'file with the one-time password; - for standard input; without it you are asked where one is needed')
    .option('--redirect-port <n>', 'port on 127.0.0.1 where the browser comes back to, for a key whose holder allows each use there', parseWhole('--redirect-port', 1, 65_535))
    .addHelpText('after', `\n${CONSENT_HELP}`)
    .action(test);
}

async function test(id: string, options: TestOptions): Promise<void> {
  const result = await withStore(options, (store) => {
    const consent = consentOverLoopback({ chance: store.chance, port: options.redirectPort ?? 0, tell: tellAside });
    return withSigners(store, (signers) =>
      withOneTimePassword(options.otpFile, (oneTimePassword) => tryKey({ ...store, signerOf: (...of) => signers.signerOf(...of) }, store.actor, parseKeyId(id), { oneTimePassword, consent })),
    );
  });
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
