import { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import { acknowledgeAlarm, listAlarms, testChannels } from '../usecases/administer-alarms.ts';
import { alarmChannels } from '../wiring/alarms.ts';
import { outboundAgent } from '../wiring/outbound-http.ts';
import { parseWhole } from './arguments.ts';
import { EXIT } from './exit-code.ts';
import { chooseLanguage, paint, printJson, printLine } from './output.ts';
import { done, subcommand, uuid, type Common, type Decided } from './subcommand.ts';
import { withStore } from './with-store.ts';

/** What a person has to look at: `alarms`. */
export function alarmsCommand(): Command {
  return new Command('alarms')
    .description('what a person has to look at; told by webhook and mail where those are set')
    .addCommand(
      subcommand('list', 'open alarms and what to do')
        .option('--all', 'those that are over, too')
        .option('--limit <n>', 'at most', parseWhole('--limit', 1, 500), 100)
        .option('--lang <vi|en>', 'language; default: as the terminal’s')
        .action(list),
    )
    .addCommand(subcommand('test', 'send a test on every way that is set, and say what came of it').action(test))
    .addCommand(
      subcommand('acknowledge', 'say that somebody takes care of an alarm: no reminders until it gets worse')
        .argument('<id>')
        .requiredOption('--note <text>', 'why; kept in the audit trail')
        .action(acknowledge),
    )
    .addHelpText(
      'after',
      `
Settings (each also as NAME_FILE; keep secrets in files):
  LIENTHONG_ALARM_WEBHOOK_URL, LIENTHONG_ALARM_WEBHOOK_SECRET   a receiver of Standard Webhooks
  LIENTHONG_ALARM_SMTP_URL, LIENTHONG_ALARM_MAIL_FROM, LIENTHONG_ALARM_MAIL_TO   a mail server, sender and recipients
  LIENTHONG_ALARMS_FILE   JSON: unreachableMinutes, laneAgeMinutes, silentMinutes, remindMinutes, diskFreePercent`,
    );
}

async function list(options: Common & { all?: boolean; limit: number; lang?: string }): Promise<void> {
  const { alarms, waiting } = await withStore(options, (ports) => listAlarms(ports, options.all === true ? 'all' : 'open', options.limit));
  if (options.json === true) return printJson({ alarms, waiting });
  const language = chooseLanguage(options.lang, process.env);
  if (alarms.length === 0) done(language === 'vi' ? 'không có cảnh báo nào' : 'no alarms');
  for (const { id, kind, severity, since, resolvedAt, acknowledgedBy, summary, nextStep } of alarms) {
    const colour = resolvedAt !== null ? 'dim' : severity === 'critical' ? 'red' : 'yellow';
    printLine(`${paint(colour, `● ${severity}`)}  ${paint('bold', kind)}  ${since.slice(0, 16)}${resolvedAt === null ? '' : ` – ${resolvedAt.slice(0, 16)}`}${acknowledgedBy === null ? '' : `  (${acknowledgedBy})`}`);
    printLine(`  ${summary[language]}`);
    if (resolvedAt === null) printLine(`  → ${nextStep[language]}`);
    printLine(paint('dim', `  ${id}`));
  }
  for (const { channel, count, lastFailure } of waiting) printLine(paint('yellow', `! ${count} not told yet by ${channel}${lastFailure === null ? '' : `: ${lastFailure}`}`));
}

const TEST_DEADLINE_MS = 60_000;

async function test(options: Common): Promise<void> {
  const results = await withStore(options, async (ports) => {
    const dispatcher = outboundAgent({ allow: ports.config.LIENTHONG_OUTBOUND_ALLOW });
    try {
      const channels = alarmChannels({ ...ports, store: ports, dispatcher });
      if (channels.length === 0) throw new GatewayError('CONFIG_INVALID', 'Alarms have nowhere to go: set LIENTHONG_ALARM_WEBHOOK_URL or LIENTHONG_ALARM_SMTP_URL (lienthong alarms --help)');
      return await testChannels(ports, channels, AbortSignal.timeout(TEST_DEADLINE_MS));
    } finally {
      await dispatcher.destroy();
    }
  });
  if (results.some(({ sent }) => !sent)) process.exitCode = EXIT.world;
  if (options.json === true) return printJson(results);
  for (const { channel, sent, reason, ms } of results) printLine(sent ? `${paint('green', '✓')} ${channel}: taken in ${ms} ms` : `${paint('red', '✗')} ${channel}: ${reason}`);
}

async function acknowledge(id: string, options: Decided): Promise<void> {
  const alarm = await withStore(options, (ports) => acknowledgeAlarm(ports, ports.actor, uuid(id), options.note));
  if (options.json === true) return printJson({ id, kind: alarm.kind, subject: alarm.subject, acknowledgedBy: alarm.acknowledgedBy });
  done(`${alarm.kind} ${alarm.subject}: no reminders until it gets worse`);
}
