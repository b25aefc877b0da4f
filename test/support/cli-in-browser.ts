import { runCli, type CliOptions, type CliResult } from './cli.ts';
import { answerInBrowser } from './consenting.ts';

/** Runs a command that shows the address of a page of consent, and answers there as a person would. */
export async function runCliInBrowser(args: readonly string[], options: CliOptions, decision: 'allow' | 'deny'): Promise<CliResult> {
  let browsing: Promise<unknown> | undefined;
  const result = await runCli(args, {
    ...options,
    onStderr: (text) => {
      const [page] = /http\S+\/oauth2\/authorize\?\S+(?=\n)/.exec(text) ?? [];
      if (page !== undefined) browsing ??= answerInBrowser(page, decision).then(({ url }) => fetch(url));
    },
  });
  await browsing;
  return result;
}
