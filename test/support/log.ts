import type { Attributes, Log } from '../../src/ports/telemetry.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly error?: unknown;
  readonly attributes: Attributes;
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A log that keeps its lines, for suites that assert what an operator reads. */
export function keptLog(): Log & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  return {
    lines,
    debug: (event, attributes = {}) => void lines.push({ level: 'debug', event, attributes }),
    info: (event, attributes = {}) => void lines.push({ level: 'info', event, attributes }),
    warn: (event, attributes = {}) => void lines.push({ level: 'warn', event, attributes }),
    error: (event, error, attributes = {}) => void lines.push({ level: 'error', event, error, attributes }),
  };
}
