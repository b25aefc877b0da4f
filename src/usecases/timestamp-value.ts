import { GatewayError, isGatewayError, type ErrorCode } from '../domain/errors.ts';
import type { DigestAlgorithm } from '../domain/signature.ts';
import { digestOf } from '../formats/algorithms/digests.ts';
import { checkTimestampToken } from '../formats/tsp/check-token.ts';
import { buildTimestampRequest } from '../formats/tsp/request.ts';
import { checkTimestampResponse, readTimestampResponse } from '../formats/tsp/response.ts';
import type { TimestampToken } from '../formats/tsp/token.ts';
import type { Chance } from '../ports/chance.ts';
import type { TimestampAuthority } from '../ports/timestamp-authority.ts';
import { checkTimestampPath, type TimestampPathPorts } from './check-timestamp-path.ts';

export interface TimestampPorts extends TimestampPathPorts {
  /** Asked in this order until one gives a good token. */
  readonly timestampAuthorities: readonly TimestampAuthority[];
  readonly chance: Chance;
}

export interface ObtainedTimestamp {
  readonly token: TimestampToken;
  /** Name of the authority that gave it. */
  readonly authority: string;
}

/** Where no token of an authority was seen yet: those with their chains mostly fill half of it. */
const UNSEEN_TOKEN_BYTES = 12_288;
/** Serial numbers, times and signature values differ in length from token to token. */
const TOKEN_MARGIN_BYTES = 512;

/** Largest token of each authority, as long as the process lives. */
const seenTokens = new WeakMap<TimestampAuthority, Map<DigestAlgorithm, number>>();

function noteToken(authority: TimestampAuthority, digest: DigestAlgorithm, { der }: TimestampToken): void {
  const sizes = seenTokens.get(authority) ?? new Map<DigestAlgorithm, number>();
  seenTokens.set(authority, sizes.set(digest, Math.max(der.length, sizes.get(digest) ?? 0)));
}

/** Room for a token of these authorities: by the largest that they gave, the first of them at least once. */
export function tokenRoomBytes(authorities: readonly TimestampAuthority[], digest: DigestAlgorithm): number {
  const seen = authorities.map((authority) => seenTokens.get(authority)?.get(digest));
  const [first] = seen;
  return first === undefined ? UNSEEN_TOKEN_BYTES : Math.max(...seen.map((bytes) => bytes ?? 0)) + TOKEN_MARGIN_BYTES;
}

const TSA_CODES: readonly ErrorCode[] = ['TSA_UNAVAILABLE', 'TSA_ANSWER_INVALID', 'TSA_REFUSED', 'TSA_TOKEN_INVALID'];

/**
 * A time-stamp over `data` from the first authority that gives one which answers the request, keeps every rule of the
 * token, and comes from an authority that is trusted where anchors for time-stamps are known. No retry: each authority is asked once.
 * @throws TSA_NOT_CONFIGURED; TSA_UNAVAILABLE, TSA_ANSWER_INVALID, TSA_REFUSED or TSA_TOKEN_INVALID when all failed; CANCELLED
 * @see RFC 3161 §2.2
 */
export function timestampValue(ports: TimestampPorts, data: Uint8Array, digest: DigestAlgorithm, signal?: AbortSignal): Promise<ObtainedTimestamp> {
  return timestampDigest(ports, digestOf(digest, data), digest, signal);
}

/** The same over what has been digested already. @throws as `timestampValue` */
export async function timestampDigest(ports: TimestampPorts, imprint: Uint8Array, digest: DigestAlgorithm, signal?: AbortSignal): Promise<ObtainedTimestamp> {
  if (ports.timestampAuthorities.length === 0) throw new GatewayError('TSA_NOT_CONFIGURED', 'A time-stamp is needed, but no time-stamping authority is configured');
  const failures: { authority: string; error: GatewayError }[] = [];
  for (const authority of ports.timestampAuthorities) {
    try {
      const token = await askAuthority(ports, authority, imprint, digest, signal);
      noteToken(authority, digest, token);
      return { token, authority: authority.name };
    } catch (error) {
      if (!isGatewayError(error, ...TSA_CODES)) throw error;
      failures.push({ authority: authority.name, error });
    }
  }
  throw allFailed(failures);
}

async function askAuthority(ports: TimestampPorts, authority: TimestampAuthority, imprint: Uint8Array, digestAlgorithm: DigestAlgorithm, signal: AbortSignal | undefined): Promise<TimestampToken> {
  const request = { imprint, digestAlgorithm, nonce: ports.chance.bytes(8), certReq: true };
  const responseDer = await authority.exchange(buildTimestampRequest(request), signal);
  const token = checkTimestampResponse(readTimestampResponse(responseDer), request);
  const result = checkTimestampToken(token, { imprint: () => imprint, at: ports.clock.now() });
  if (result.indication !== 'PASSED') {
    const reasons = result.checks.filter(({ status }) => status === 'failed').map(({ name, detail }) => `${name}: ${detail}`);
    throw new GatewayError('TSA_TOKEN_INVALID', `The time-stamp cannot be used (${reasons.join('; ')})`);
  }
  if (result.certificate !== null) await checkTimestampPath(ports, token, result.certificate, signal);
  return token;
}

/** One code for all: theirs when they agree, "unavailable" when they failed in different ways. */
function allFailed(failures: readonly { authority: string; error: GatewayError }[]): GatewayError {
  const codes = new Set(failures.map(({ error }) => error.code));
  const [code = 'TSA_UNAVAILABLE'] = codes.size === 1 ? codes : [];
  const reasons = failures.map(({ authority, error }) => `${authority}: ${error.message}`);
  return new GatewayError(code, `No time-stamp could be had, so the level asked for was not reached and nothing was released. ${reasons.join(' | ')}`, { cause: failures.at(-1)?.error });
}
