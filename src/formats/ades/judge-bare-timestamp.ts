import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import type { Check, TimestampReport } from '../../domain/validation-report.ts';
import type { DigestName } from '../algorithms/digests.ts';
import { readTimestampResponse, type TimestampResponse } from '../tsp/response.ts';
import { readTimestampToken } from '../tsp/token.ts';
import { NO_MATERIAL, NOTHING_PROVEN, type ValidationContext } from './context.ts';
import { validateTimestamp } from './validate-timestamp.ts';

interface BareTimestamp {
  /** Of the data given as what is time-stamped; undefined: none was given. */
  readonly contentDigest: ((digest: DigestName) => Uint8Array) | undefined;
  /** What is wrong with the file around the token. */
  readonly trailing: readonly Check[];
  readonly context: ValidationContext;
}

/**
 * Judges a time-stamp token that stands alone in a file, over the data given with it. It says that the data existed, and nothing of who
 * stands behind them, hence no signature. Without the data it is never PASSED. Answers; does not throw for bad tokens.
 * @see RFC 3161 §2.4.2; ETSI EN 319 102-1 §5.4
 */
export function judgeBareTimestamp(tokenDer: Uint8Array, { contentDigest, trailing, context }: BareTimestamp): TimestampReport {
  // Asked for only once the token could be read.
  const imprint = contentDigest ?? ((): Uint8Array => readTimestampToken(tokenDer).info.imprint);
  const { report } = validateTimestamp({ type: 'document', covers: 'data', tokenDer, imprint, certificates: [], embedded: NO_MATERIAL, existed: NOTHING_PROVEN, context });
  const judged = contentDigest === undefined ? withoutData(report) : report;
  if (trailing.length === 0) return judged;
  return { ...judged, indication: 'FAILED', subIndication: 'FORMAT_FAILURE', checks: [...trailing, ...judged.checks] };
}

function withoutData(report: TimestampReport): TimestampReport {
  const checks = report.checks.map((check): Check => (check.name === 'message-imprint' ? { ...check, status: 'skipped', detail: 'the data it is for were not given' } : check));
  if (report.indication === 'FAILED') return { ...report, checks };
  return { ...report, checks, indication: 'INDETERMINATE', subIndication: 'SIGNED_DATA_NOT_FOUND' };
}

/**
 * The token of a TimeStampResp, which is how authorities answer and how such files are mostly kept (.tsr); any other file as it is.
 * @throws CMS_MALFORMED when the response grants nothing
 * @see RFC 3161 §2.4.2, §3.2
 */
export function withoutResponse(bytes: Uint8Array): Uint8Array {
  const response = responseOrNull(bytes);
  if (response === null) return bytes;
  const granted = response.status === 'granted' || response.status === 'grantedWithMods';
  if (!granted || response.tokenDer === null) throw new GatewayError('CMS_MALFORMED', `The file is the answer of a time-stamping authority that grants no time-stamp (${[response.status, ...response.failures].join(', ')})`);
  return response.tokenDer;
}

function responseOrNull(bytes: Uint8Array): TimestampResponse | null {
  try {
    return readTimestampResponse(bytes);
  } catch (error) {
    if (isGatewayError(error, 'TSA_ANSWER_INVALID')) return null;
    throw error;
  }
}
