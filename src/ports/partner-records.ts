import type { AgencyCode } from '../domain/agency-code.ts';
import type { PartnerId } from '../domain/ids.ts';
import type { PartnerStanding } from '../domain/partner-limits.ts';
import type { AcceptedVersions, CallRate, Partner, PayloadForm, Route, Scope } from '../domain/partner.ts';

export interface ApiKeyRecord {
  readonly id: string;
  readonly partnerId: PartnerId;
  readonly label: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** To the minute; null: never. */
  readonly lastUsedAt: Date | null;
}

/** What an attempt needs to know of its recipient, as it stands at that moment. */
export interface Recipient {
  readonly partner: Partner;
  readonly standing: PartnerStanding;
  /** As `webhookSecretsSealed`. */
  readonly webhookSecretsSealed: readonly Uint8Array[];
}

export interface PartnerRecords {
  /** @throws PARTNER_EXISTS */
  add(partner: Partner): Promise<void>;
  find(id: PartnerId): Promise<Partner | null>;
  /** Partner, standing and secrets read at once: what an operator changed counts from the next attempt on. */
  recipient(id: PartnerId, at: Date): Promise<Recipient | null>;
  /** By the name the identity provider gives it; without one set, that is its id. */
  findByIdentity(identity: string): Promise<Partner | null>;
  /** @throws PARTNER_EXISTS when another partner has it */
  setIdentity(id: PartnerId, identity: string): Promise<void>;
  setCallRate(id: PartnerId, rate: CallRate | null): Promise<void>;
  setPayload(id: PartnerId, form: PayloadForm): Promise<void>;
  setAccepts(id: PartnerId, versions: AcceptedVersions): Promise<void>;
  list(): Promise<readonly Partner[]>;
  update(id: PartnerId, change: Partial<Pick<Partner, 'name' | 'url' | 'repeat' | 'status'>>): Promise<void>;
  /** In place of the one before, which still signs beside it until `previousUntil`; null: it ends now. */
  setWebhookSecret(id: PartnerId, secretSealed: Uint8Array, previousUntil?: Date | null): Promise<void>;
  /** Those that sign at `at`, the newest first; none for a partner that pulls. */
  webhookSecretsSealed(id: PartnerId, at: Date): Promise<readonly Uint8Array[]>;

  /** Sets or moves the route of an agency. @throws PARTNER_NOT_FOUND */
  setRoute(route: Route, at: Date): Promise<void>;
  removeRoute(agencyCode: AgencyCode): Promise<boolean>;
  routes(): Promise<readonly Route[]>;
  /** Every route that could serve `code`: the code itself and each prefix of it. */
  routesFor(code: AgencyCode): Promise<readonly Route[]>;
  /** The same for several codes at once, each route with the system it leads to. */
  waysTo(codes: readonly AgencyCode[]): Promise<readonly { readonly route: Route; readonly partner: Partner }[]>;

  addApiKey(key: ApiKeyRecord, secretSha256: Uint8Array): Promise<void>;
  /** With the partner it belongs to. */
  findApiKey(secretSha256: Uint8Array): Promise<{ readonly key: ApiKeyRecord; readonly partner: Partner } | null>;
  apiKeys(partnerId: PartnerId): Promise<readonly ApiKeyRecord[]>;
  /** From `at` on, which may lie ahead. False when there is no such key, or it ends by then anyway. */
  revokeApiKey(id: string, at: Date): Promise<boolean>;
  /** Best effort, at most once a minute per key. */
  touchApiKey(id: string, at: Date): Promise<void>;
}
