import { GatewayError, type ErrorCode } from '../domain/errors.ts';

/** 0 done; 1 the answer is "no"; 2 the call or its input is wrong; 3 the outside world failed. */
export const EXIT = { done: 0, no: 1, usage: 2, world: 3 } as const;

const WORLD: readonly ErrorCode[] = [
  'RATE_LIMITED',
  'CANCELLED',
  'REVOCATION_UNAVAILABLE',
  'TRUSTED_LIST_UNAVAILABLE',
  'TSA_UNAVAILABLE',
  'TSA_ANSWER_INVALID',
  'TSA_REFUSED',
  'TSA_TOKEN_INVALID',
  'SIGNATURE_CHECK_FAILED',
  'SIGNER_UNAVAILABLE',
  'HSM_LOGIN_FAILED',
  'PARTNER_UNAVAILABLE',
  'PARTNER_REFUSED',
  'PARTNER_GONE',
  'PARTNER_ANSWER_INVALID',
  'RECEIPT_INVALID',
  'CARRIER_UNAVAILABLE',
  'CARRIER_REFUSED',
  'CARRIER_ANSWER_INVALID',
  'ISSUER_UNAVAILABLE',
  'DATABASE_UNAVAILABLE',
  'QUEUE_UNAVAILABLE',
  'STORAGE_FAILED',
  'STORAGE_FULL',
  'SEALED_DATA_UNREADABLE',
  'EVIDENCE_UNAVAILABLE',
  'LOG_FORKED',
  'POSTGRES_UNSUPPORTED',
  'POSTGRES_START_FAILED',
  'PLACEHOLDER_TOO_SMALL',
  'OVERLOADED',
  'SHUTTING_DOWN',
  'INTERNAL',
];

export function exitCodeOf(error: unknown): number {
  return error instanceof GatewayError && !WORLD.includes(error.code) ? EXIT.usage : EXIT.world;
}
