import type { AgencyCode } from './agency-code.ts';
import type { PartnerId } from './ids.ts';
import type { MessageType } from './message.ts';

/** Another system: an agency's own software, a shared platform. */

export const SCOPES = [
  'documents:write',
  'documents:read',
  'dossiers:write',
  'dossiers:read',
  'messages:write',
  'messages:read',
  'inbox:read',
  'signatures:write',
  'verifications:write',
  'keys:read',
  'postal:write',
  'postal:read',
  'admin',
] as const;
export type Scope = (typeof SCOPES)[number];

/** What a partner does with the same message sent twice, as it declares itself; decides what may follow an unknown outcome. */
export const REPEAT_RULES = ['key', 'lookup', 'upsert', 'unsafe'] as const;
export type RepeatRule = (typeof REPEAT_RULES)[number];

/** `push`: we call its URL (Standard Webhooks); `pull`: it reads its inbox. */
export type DeliveryMode = 'push' | 'pull';

export interface Partner {
  readonly id: PartnerId;
  readonly name: string;
  readonly mode: DeliveryMode;
  /** Where messages are pushed; null for `pull`. */
  readonly url: string | null;
  readonly repeat: RepeatRule;
  readonly status: 'active' | 'suspended';
  readonly createdAt: Date;
  /** Every request has to be signed (RFC 9421). */
  readonly requiresSignature?: boolean;
  /** How often it may call; missing: as usual. */
  readonly callRate?: CallRate;
  /** Whether a push brings the message, or only says that there is one. Missing: full. */
  readonly payload?: PayloadForm;
  /** Versions it takes of a message; of those not named here, version 1: what was added after it was connected does not reach it unasked. */
  readonly accepts?: AcceptedVersions;
}

export const PAYLOAD_FORMS = ['full', 'thin'] as const;
export type PayloadForm = (typeof PAYLOAD_FORMS)[number];

export type AcceptedVersions = Readonly<Partial<Record<MessageType, readonly number[]>>>;

/** The versions of a message that a partner takes. */
export function acceptedVersions({ accepts }: Pick<Partner, 'accepts'>, type: MessageType): readonly number[] {
  return accepts?.[type] ?? [1];
}

/** One process counts for itself. */
export interface CallRate {
  readonly perSecond: number;
  /** At once, after a pause. */
  readonly burst: number;
}

/** Which partner's system serves an agency; agencies below it in the tree follow unless they have a route of their own. */
export interface Route {
  readonly agencyCode: AgencyCode;
  readonly partnerId: PartnerId;
}

/** Who is calling, once the API key was checked. */
export interface Caller {
  readonly partnerId: PartnerId;
  readonly keyId: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Its partner has to sign every request. */
  readonly requiresSignature?: boolean;
  readonly callRate?: CallRate;
}
