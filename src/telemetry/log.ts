import { pino, type Level } from 'pino';
import type { Attributes, Log } from '../ports/telemetry.ts';

/**
 * One event, one JSON line on standard error. Attribute names that could carry a secret are redacted even though callers must
 * not pass any; error messages are ours and hold no data, causes of other makers are logged by class and code only.
 */
export interface LogSettings {
  readonly level: Level | 'silent';
  /** Where lines go; standard error unless a test or the demo wants them elsewhere. */
  readonly write?: ((line: string) => void) | undefined;
}

const REDACTED = ['authorization', 'cookie', 'secret', 'passphrase', 'pin', 'token', 'password', 'apiKey'];

export function createLog(settings: LogSettings): Log {
  const destination = settings.write === undefined ? pino.destination({ dest: 2, sync: false }) : { write: settings.write };
  const logger = pino({ level: settings.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: REDACTED, messageKey: 'event' }, destination);
  const write = (level: Level) => (event: string, attributes: Attributes = {}) => logger[level](attributes, event);
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: (event, error, attributes = {}) => logger.error({ ...attributes, error: describe(error) }, event),
  };
}

interface ErrorDescription {
  readonly name: string;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly stack: string | undefined;
  readonly cause: ErrorDescription | undefined;
}

const MAX_CAUSES = 4;

function describe(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { name: typeof error, code: undefined, message: undefined, stack: undefined, cause: undefined };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const ours = error.name === 'GatewayError';
  return {
    name: error.name,
    code,
    // A library's message may quote what it was given (SQL parameters, document text); ours may not, by rule.
    message: ours ? error.message : undefined,
    stack: error.stack?.split('\n').filter((line) => /^\s+at /.test(line)).slice(0, 12).map((line) => line.trim()).join(' < '),
    cause: error.cause === undefined || depth >= MAX_CAUSES ? undefined : describe(error.cause, depth + 1),
  };
}
