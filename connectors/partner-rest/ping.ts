import { createHash } from 'node:crypto';
import type { ProbeResult, ProbeStage } from '../../src/ports/partner-probe.ts';
import { call, type CallLimits, type CallResult } from './client.ts';
import { buildEvent, type PushKeys } from './request.ts';
import { readReceiptOf } from './response.ts';

export interface Ping {
  readonly url: URL;
  readonly keys: PushKeys;
  readonly pingId: string;
  readonly now: Date;
  readonly forged: boolean;
}

/** Nothing: a ping has no manifest, and says so by the digest of no bytes. */
const NO_MANIFEST = createHash('sha256').update('').digest('hex');

/**
 * An event that asks for the receipt of a message without being one: `type` is `gateway.ping`, and its `data` has what a receipt repeats.
 * Forged: signed for another body.
 */
export async function ping({ url, keys, pingId, now, forged }: Ping, limits: CallLimits, signal: AbortSignal): Promise<ProbeResult> {
  const payload = { type: 'gateway.ping', timestamp: now.toISOString(), data: { messageId: pingId, manifestSha256: NO_MANIFEST } };
  const request = buildEvent(url, keys, { id: pingId, payload }, now);
  const signedForOther = forged ? buildEvent(url, keys, { id: pingId, payload: { ...payload, type: 'gateway.other' } }, now) : request;
  const headers = { ...signedForOther.headers, 'content-length': request.headers['content-length'] ?? '0' };
  const started = performance.now();
  const result = await call({ ...request, headers }, limits, signal);
  const ms = Math.round(performance.now() - started);
  if (!result.answered) return { answered: false, failedAt: stageOf(result), reason: result.forbidden?.message ?? result.reason, ms };
  const receipt = readReceiptOf(result.answer);
  const isRight = receipt !== null && receipt.messageId === pingId && receipt.manifestSha256 === NO_MANIFEST;
  return { answered: true, status: result.answer.status, receipt: receipt === null ? 'none' : isRight ? 'right' : 'wrong', ms };
}

const NAME_CODES = /^(ENOTFOUND|EAI_AGAIN|ENODATA)$/;
/** OpenSSL's names for what is wrong with a certificate, and those of Node.js. */
const TLS_CODES = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|EPROTO$|HOSTNAME_MISMATCH$|INVALID_CA$|PATH_LENGTH_)/;

function stageOf({ forbidden, sent, reason }: Extract<CallResult, { answered: false }>): ProbeStage {
  if (forbidden !== null) return 'address';
  if (NAME_CODES.test(reason)) return 'name';
  if (TLS_CODES.test(reason)) return 'tls';
  return sent ? 'answer' : 'connection';
}
