/**
 * The one internal error type. `code` comes from a closed union; the tables below and in `http/problem.ts` (status, titles)
 * and `cli/exit-code.ts` do not compile until a new code has been decided in each.
 */

/** Who has to act: the caller, this gateway's operator, another agency's system, or the carrier. */
export type ErrorOrigin = 'caller' | 'gateway' | 'partner' | 'carrier';

interface ErrorFacts {
  readonly origin: ErrorOrigin;
  /** Whether the same call may succeed later without being changed. */
  readonly retryable: boolean;
}

const caller = { origin: 'caller', retryable: false } as const;
const callerLater = { origin: 'caller', retryable: true } as const;
const gateway = { origin: 'gateway', retryable: false } as const;
const gatewayLater = { origin: 'gateway', retryable: true } as const;
const partner = { origin: 'partner', retryable: false } as const;
const partnerLater = { origin: 'partner', retryable: true } as const;
const carrier = { origin: 'carrier', retryable: false } as const;
const carrierLater = { origin: 'carrier', retryable: true } as const;

export const ERROR_FACTS = {
  // the call itself
  REQUEST_MALFORMED: caller,
  REQUEST_INVALID: caller,
  BODY_TOO_LARGE: caller,
  MEDIA_TYPE_UNSUPPORTED: caller,
  ROUTE_NOT_FOUND: caller,
  METHOD_NOT_ALLOWED: caller,
  UNAUTHENTICATED: caller,
  SCOPE_MISSING: caller,
  REQUEST_SIGNATURE_REQUIRED: caller,
  REQUEST_SIGNATURE_INVALID: caller,
  RATE_LIMITED: callerLater,
  IDEMPOTENCY_KEY_REUSED: caller,
  IDEMPOTENCY_IN_PROGRESS: callerLater,
  STATE_CONFLICT: caller,
  PROTOCOL_UNSUPPORTED: caller,
  PRECONDITION_FAILED: caller,
  CANCELLED: callerLater,

  // things that are not there, or not yours
  DOCUMENT_NOT_FOUND: caller,
  UPLOAD_NOT_FOUND: caller,
  DOSSIER_NOT_FOUND: caller,
  DOSSIER_EXISTS: caller,
  MESSAGE_NOT_FOUND: caller,
  POSTAL_ORDER_NOT_FOUND: caller,
  POSTAL_ORDER_EXISTS: caller,
  PARTNER_NOT_FOUND: caller,
  PARTNER_EXISTS: caller,
  KEY_NOT_FOUND: caller,
  KEY_EXISTS: caller,
  KEY_NOT_GRANTED: caller,
  JOB_NOT_FOUND: caller,
  ALARM_NOT_FOUND: caller,

  // addressing
  AGENCY_CODE_INVALID: caller,
  AGENCY_UNKNOWN: caller,
  AGENCY_AMBIGUOUS: caller,
  MESSAGE_VERSION_NOT_TAKEN: caller,
  DOSSIER_CODE_INVALID: caller,

  // documents
  DOCUMENT_EMPTY: caller,
  PDF_NOT_PDF: caller,
  PDF_BROKEN: caller,
  PDF_ENCRYPTED: caller,
  PDF_LIMIT: caller,
  PDF_CHANGE_FORBIDDEN: caller,
  PDF_FIELD_NOT_FOUND: caller,
  PDF_FIELD_SIGNED: caller,
  PDF_PAGE_NOT_FOUND: caller,
  PDF_TEXT_NOT_FOUND: caller,
  PDF_TEXT_AMBIGUOUS: caller,
  APPEARANCE_INVALID: caller,
  ASN1_MALFORMED: caller,
  ASN1_LIMIT: caller,
  CMS_MALFORMED: caller,
  CERTIFICATE_MALFORMED: caller,
  XML_MALFORMED: caller,
  XML_LIMIT: caller,
  TRUSTED_LIST_INVALID: caller,
  EVIDENCE_MALFORMED: caller,
  EVIDENCE_FORGED: caller,
  EVIDENCE_NOT_KEPT: caller,
  EVIDENCE_PENDING: gatewayLater,
  EXCHANGE_KEY_MISSING: gateway,
  EVIDENCE_UNAVAILABLE: gatewayLater,
  LOG_FORKED: gateway,
  LOG_PROOF_NOT_FOUND: callerLater,
  TRUSTED_LIST_UNAVAILABLE: gatewayLater,
  BUDGET_EXCEEDED: caller,

  // keys and signing
  P12_MALFORMED: caller,
  P12_LIMIT: caller,
  P12_UNSUPPORTED: caller,
  P12_PASSPHRASE_WRONG: caller,
  KEY_MISMATCH: caller,
  KEY_UNSUPPORTED: caller,
  CERTIFICATE_EXPIRED: caller,
  CERTIFICATE_NOT_YET_VALID: caller,
  CERTIFICATE_USAGE: caller,
  CERTIFICATE_CHAIN: caller,
  CERTIFICATE_REVOKED: caller,
  REVOCATION_UNAVAILABLE: gatewayLater,
  ALGORITHM_UNSUPPORTED: caller,
  LEVEL_UNSUPPORTED: caller,
  NOT_SIGNED: caller,
  SIGNATURE_INVALID: caller,
  TRUST_NOT_CONFIGURED: gateway,
  TSA_NOT_CONFIGURED: gateway,
  TSA_UNAVAILABLE: gatewayLater,
  TSA_ANSWER_INVALID: gatewayLater,
  TSA_REFUSED: gatewayLater,
  TSA_TOKEN_INVALID: gatewayLater,
  PLACEHOLDER_TOO_SMALL: gateway,
  SIGNATURE_CHECK_FAILED: gateway,
  SIGNER_UNAVAILABLE: gatewayLater,
  HSM_LOGIN_FAILED: gateway,
  OTP_REQUIRED: caller,
  OTP_WRONG: caller,
  CONSENT_REQUIRED: caller,
  CONSENT_REFUSED: caller,
  PREPARED_SIGNATURE_NOT_FOUND: caller,
  PREPARED_SIGNATURE_EXPIRED: caller,
  PREPARED_SIGNATURE_USED: caller,
  SIGNATURE_VALUE_WRONG: caller,

  // other systems
  URL_FORBIDDEN: caller,
  PARTNER_UNAVAILABLE: partnerLater,
  PARTNER_REFUSED: partner,
  PARTNER_GONE: partner,
  PARTNER_ANSWER_INVALID: partnerLater,
  RECEIPT_INVALID: partner,
  CARRIER_UNAVAILABLE: carrierLater,
  CARRIER_REFUSED: carrier,
  CARRIER_ANSWER_INVALID: carrier,
  CARRIER_UNKNOWN: caller,
  CARRIER_NOT_OFFERED: caller,

  // this gateway
  ISSUER_UNAVAILABLE: gatewayLater,
  DATABASE_UNAVAILABLE: gatewayLater,
  DATABASE_INCOMPATIBLE: gateway,
  BACKUP_DAMAGED: caller,
  QUEUE_UNAVAILABLE: gatewayLater,
  STORAGE_FAILED: gatewayLater,
  STORAGE_FULL: gatewayLater,
  DATA_FOLDER_IN_USE: gateway,
  POSTGRES_UNSUPPORTED: gateway,
  POSTGRES_START_FAILED: gateway,
  MASTER_KEY_UNREADABLE: gateway,
  SEALED_DATA_UNREADABLE: gateway,
  CONFIG_INVALID: gateway,
  PORT_IN_USE: gateway,
  FILE_NOT_READABLE: caller,
  OVERLOADED: gatewayLater,
  SHUTTING_DOWN: gatewayLater,
  INTERNAL: gateway,
} as const satisfies Record<string, ErrorFacts>;

export type ErrorCode = keyof typeof ERROR_FACTS;

/** One thing wrong with the input; `pointer` is an RFC 6901 JSON pointer into the request. */
export interface InputFault {
  readonly pointer: string;
  readonly detail: string;
}

export interface GatewayErrorOptions {
  readonly cause?: unknown;
  readonly faults?: readonly InputFault[];
  /** Earliest useful time to try again, in milliseconds from now. */
  readonly retryAfterMs?: number;
}

/**
 * The world failed, or the input cannot be used. `message` is shown to callers and logged: English, one sentence on what
 * happened and what to do next; never a secret, token, PIN, personal datum or document byte.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly faults: readonly InputFault[];
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.faults = options.faults ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }

  get origin(): ErrorOrigin {
    return ERROR_FACTS[this.code].origin;
  }

  get retryable(): boolean {
    return ERROR_FACTS[this.code].retryable;
  }
}

/** Whether `error` is ours with one of the given codes (any, when none is given). */
export function isGatewayError(error: unknown, ...codes: readonly ErrorCode[]): error is GatewayError {
  return error instanceof GatewayError && (codes.length === 0 || codes.includes(error.code));
}
