import { isGatewayError } from '../../src/domain/errors.ts';
import type { Failure, Remedy } from './protocol.ts';

/** Return values of PKCS #11 3.0 §5.1 that mean something particular here. */
export const CKR = {
  SESSION_HANDLE_INVALID: 0xb3,
  SESSION_CLOSED: 0xb0,
  SESSION_COUNT: 0xb1,
  KEY_HANDLE_INVALID: 0x60,
  OBJECT_HANDLE_INVALID: 0x82,
  OPERATION_ACTIVE: 0x90,
  USER_NOT_LOGGED_IN: 0x101,
  USER_ALREADY_LOGGED_IN: 0x100,
  ATTRIBUTE_SENSITIVE: 0x11,
  ATTRIBUTE_TYPE_INVALID: 0x12,
  CRYPTOKI_ALREADY_INITIALIZED: 0x191,
} as const;

/** The PIN was judged, and is not the one. */
const PIN_REFUSED = new Set([0xa0 /* incorrect */, 0xa1 /* invalid */, 0xa2 /* length */, 0xa3 /* expired */, 0xa4 /* locked */]);
/** The key or the token cannot do what was asked, today or tomorrow. */
const UNSUPPORTED = new Set([0x07 /* arguments */, 0x20 /* data */, 0x21 /* its length */, 0x62 /* key size */, 0x63 /* key type */, 0x68 /* key function */, 0x70 /* mechanism */, 0x71 /* its parameters */]);
/** The session or the object is gone, and the token perhaps not. */
const STALE = new Set<number>([CKR.SESSION_HANDLE_INVALID, CKR.SESSION_CLOSED, CKR.KEY_HANDLE_INVALID, CKR.OBJECT_HANDLE_INVALID, CKR.OPERATION_ACTIVE, CKR.USER_NOT_LOGGED_IN]);

/** The return value in an error of pkcs11js, or null for any other error. */
export function returnValueOf(error: unknown): number | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && error.code !== 0 ? error.code : null;
}

export function isPinRefusal(error: unknown): boolean {
  return PIN_REFUSED.has(returnValueOf(error) ?? 0);
}

/** Whether a new session on the same token may well succeed. */
export function isStale(error: unknown): boolean {
  return STALE.has(returnValueOf(error) ?? 0);
}

/**
 * Any error of the signer process as the gateway shall see it. A return value that is not known to be harmless counts as a lost token:
 * a new process costs less than a session that is wrong in some unknown way.
 */
export function failureOf(error: unknown): Failure {
  if (isGatewayError(error)) return { code: error.code, message: error.message, remedy: error.code === 'SIGNER_UNAVAILABLE' ? 'restart' : 'keep' };
  const value = returnValueOf(error);
  if (value === null) return { code: 'SIGNER_UNAVAILABLE', message: 'The module of the key device cannot be used', remedy: 'restart' };
  const shown = nameOf(error);
  if (PIN_REFUSED.has(value)) return { code: 'HSM_LOGIN_FAILED', message: `The key device refused the PIN (${shown})`, remedy: 'keep' };
  if (UNSUPPORTED.has(value)) return { code: 'KEY_UNSUPPORTED', message: `The key device cannot make this signature with this key (${shown})`, remedy: 'keep' };
  return { code: 'SIGNER_UNAVAILABLE', message: `The key device cannot be used (${shown})`, remedy: remedyOf(value) };
}

function remedyOf(value: number): Remedy {
  if (value === CKR.SESSION_COUNT) return 'keep';
  return STALE.has(value) ? 'login' : 'restart';
}

/** `CKR_…` as pkcs11js spells it, or the number; nothing else of the module's words. */
function nameOf(error: unknown): string {
  const name = error instanceof Error ? (/^CKR_[A-Z0-9_]+/.exec(error.message)?.[0] ?? null) : null;
  return name ?? `return value 0x${(returnValueOf(error) ?? 0).toString(16)}`;
}
