import { Command } from 'commander';
import { trustFolder } from '../../certs/trust-folder.ts';
import type { EvidenceReport } from '../domain/evidence-report.ts';
import { readVerifierKey, type NoteVerifier } from '../formats/transparency-log/signed-note.ts';
import { openFileSource } from '../isolation/file-source.ts';
import { verifyEvidence } from '../usecases/verify-evidence.ts';
import { systemClock } from '../wiring/clock.ts';
import { parseInstant, readInputFile, unreadable } from './arguments.ts';
import { evidenceLines } from './evidence-lines.ts';
import { EXIT } from './exit-code.ts';
import { chooseLanguage, printJson, printLine } from './output.ts';
import { POLICY_CHOICES, policyOf } from './policy.ts';

interface VerifyEvidenceOptions {
  readonly trust: readonly string[];
  readonly trustTsa: readonly string[];
  readonly logKey?: string;
  readonly at?: Date;
  readonly policy: string;
  readonly json?: boolean;
  readonly lang?: string;
}

/** Evidence containers, checked where nothing of the gateway is. */
export function evidenceCommand(): Command {
  return new Command('evidence').description('evidence of messages').addCommand(
    new Command('verify')
      .description('check an evidence container offline: signatures, receipts, place in the log, time-stamps, and that nothing else lies in it')
      .argument('<file>', 'ASiC-E as “lienthong messages evidence” and GET /v1/messages/{id}/evidence write it')
      .option('--trust <path...>', 'anchors of whoever certified the gateway: PEM files or folders', [])
      .option('--trust-tsa <path...>', 'anchors of time-stamping authorities; default: those of --trust', [])
      .option('--log-key <key>', 'the log’s key as you know it, name+id+key, or a file that holds it; without it the container’s own is taken, with a warning')
      .option('--at <time>', 'validation time, ISO 8601; not a proof that the evidence existed then', parseInstant)
      .option('--policy <name|file>', POLICY_CHOICES, 'default')
      .option('--json', 'one JSON object')
      .option('--lang <vi|en>', 'language of the summary; default: the terminal’s')
      .addHelpText('after', '\nExit codes: 0 TOTAL-PASSED, 1 any other verdict, 2 wrong options or a missing file. Nothing is fetched.\nThe same by hand, and by a script that shares no code with this: docs/evidence.md')
      .action(verify),
  );
}

async function verify(file: string, options: VerifyEvidenceOptions): Promise<void> {
  const trustStore = trustFolder({ signature: options.trust, timestamp: options.trustTsa.length > 0 ? options.trustTsa : options.trust });
  const logKey = options.logKey === undefined ? null : logKeyOf(options.logKey);
  const source = openOr(file);
  try {
    const terms = { file, policy: policyOf(options.policy), ...(options.at === undefined ? {} : { at: options.at }) };
    const report: EvidenceReport = await verifyEvidence({ trustStore, clock: systemClock }, { ...terms, source, logKey });
    process.exitCode = report.result === 'TOTAL-PASSED' ? EXIT.done : EXIT.no;
    if (options.json === true) return printJson(report);
    for (const line of evidenceLines(report, chooseLanguage(options.lang, process.env))) printLine(line);
  } finally {
    source.close();
  }
}

/** A key itself has its two plus signs; anything else is a file. */
function logKeyOf(given: string): NoteVerifier {
  const isKey = /^[^\s+]+\+[0-9a-f]{8}\+/.test(given);
  return readVerifierKey(isKey ? given : new TextDecoder().decode(readInputFile(given)).trim());
}

function openOr(file: string): ReturnType<typeof openFileSource> {
  try {
    return openFileSource(file);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}
