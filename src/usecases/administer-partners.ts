import type { AgencyCode } from '../domain/agency-code.ts';
import { GatewayError } from '../domain/errors.ts';
import type { PartnerId } from '../domain/ids.ts';
import type { AcceptedVersions, CallRate, DeliveryMode, Partner, PayloadForm, RepeatRule, Route } from '../domain/partner.ts';
import type { EvidencePolicy, PartnerLimits, PartnerPace } from '../domain/partner-limits.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { RecordSet } from '../ports/records.ts';
import type { AdministerPorts } from './administer-api-keys.ts';

export interface NewPartner {
  readonly id: PartnerId;
  readonly name: string;
  readonly mode: DeliveryMode;
  /** Where messages are pushed; needed for `push`, and only there. */
  readonly url: string | null;
  readonly repeat: RepeatRule;
}

export interface AddedPartner {
  readonly partner: Partner;
  /** `whsec_…` for Standard Webhooks, shown once; null for partners that pull. */
  readonly webhookSecret: string | null;
}

export type PartnerPorts = AdministerPorts & { readonly sealing: Sealing };

const WEBHOOK_SECRET_BYTES = 32; // Standard Webhooks 1.0.0: 24 to 64

/** Context under which a partner's webhook secret is sealed. */
export function webhookSecretContext(id: PartnerId): string {
  return `partner:${id}:webhook-secret`;
}

/** Adds a partner, and gives one that is pushed to its webhook secret. Audited. @throws PARTNER_EXISTS, REQUEST_INVALID, URL_FORBIDDEN */
export async function addPartner(ports: PartnerPorts, actor: string, request: NewPartner): Promise<AddedPartner> {
  checkUrl(request);
  const at = ports.clock.now();
  const partner: Partner = { ...request, status: 'active', createdAt: at };
  return ports.records.transaction(async (tx) => {
    await tx.partners.add(partner);
    await audit(tx, at, actor, 'add-partner', partner.id, { mode: partner.mode, repeat: partner.repeat });
    return { partner, webhookSecret: partner.mode === 'push' ? await giveSecret(ports, tx, partner.id) : null };
  });
}

export type PartnerChange = Partial<Pick<Partner, 'name' | 'url' | 'repeat' | 'status'>>;

/** Changes a partner; a suspended one is refused every call. Audited. @throws PARTNER_NOT_FOUND, REQUEST_INVALID, URL_FORBIDDEN */
export async function changePartner(ports: AdministerPorts, actor: string, id: PartnerId, change: PartnerChange): Promise<Partner> {
  const at = ports.clock.now();
  return ports.records.transaction(async (tx) => {
    const changed = { ...(await existing(tx, id)), ...change };
    checkUrl(changed);
    await tx.partners.update(id, change);
    if (change.url !== undefined) await tx.partnerStates.enable(id, at); // the address that was gone is not this one
    await audit(tx, at, actor, 'change-partner', id, { changed: Object.keys(change).join(' '), status: changed.status });
    return changed;
  });
}

/**
 * A new webhook secret in place of the old one, shown once; pushes carry a signature of both for `overlapMs`. Audited.
 * @throws PARTNER_NOT_FOUND, REQUEST_INVALID for partners that pull
 */
export async function renewWebhookSecret(ports: PartnerPorts, actor: string, id: PartnerId, overlapMs: number): Promise<string> {
  const at = ports.clock.now();
  return ports.records.transaction(async (tx) => {
    const { mode } = await existing(tx, id);
    if (mode !== 'push') throw new GatewayError('REQUEST_INVALID', `${id} pulls its messages: it has no webhook secret`);
    const previousUntil = overlapMs > 0 ? new Date(at.getTime() + overlapMs) : null;
    await audit(tx, at, actor, 'renew-webhook-secret', id, previousUntil === null ? {} : { previousUntil: previousUntil.toISOString() });
    return giveSecret(ports, tx, id, previousUntil);
  });
}

/** The name under which the identity provider knows a partner's system (RFC 9068). Audited. @throws PARTNER_NOT_FOUND, PARTNER_EXISTS, REQUEST_INVALID */
export async function setPartnerIdentity(ports: AdministerPorts, actor: string, id: PartnerId, identity: string): Promise<void> {
  if (identity.length === 0 || identity.length > 200) throw new GatewayError('REQUEST_INVALID', 'An identity has 1 to 200 characters');
  const at = ports.clock.now();
  await ports.records.transaction(async (tx) => {
    await existing(tx, id);
    await tx.partners.setIdentity(id, identity);
    await audit(tx, at, actor, 'set-identity', id, { identity });
  });
}

/** How often a partner may call, in each process of the gateway; null: as usual. Audited. @throws PARTNER_NOT_FOUND, REQUEST_INVALID */
export async function limitCalls(ports: AdministerPorts, actor: string, id: PartnerId, rate: CallRate | null): Promise<void> {
  if (rate !== null && (rate.perSecond < 1 || rate.burst < 1)) throw new GatewayError('REQUEST_INVALID', 'Rate and burst are at least 1');
  const at = ports.clock.now();
  await ports.records.transaction(async (tx) => {
    await existing(tx, id);
    await tx.partners.setCallRate(id, rate);
    await audit(tx, at, actor, 'limit-calls', id, rate === null ? {} : { perSecond: String(rate.perSecond), burst: String(rate.burst) });
  });
}

/** Whether a push brings the message or only says that there is one. Audited. @throws PARTNER_NOT_FOUND, REQUEST_INVALID for partners that pull */
export async function choosePayload(ports: AdministerPorts, actor: string, id: PartnerId, form: PayloadForm): Promise<void> {
  const at = ports.clock.now();
  await ports.records.transaction(async (tx) => {
    if ((await existing(tx, id)).mode !== 'push') throw new GatewayError('REQUEST_INVALID', `${id} pulls its messages: nothing is pushed to it`);
    await tx.partners.setPayload(id, form);
    await audit(tx, at, actor, 'choose-payload', id, { form });
  });
}

/** Adds to, or changes, the versions of messages that a partner takes; what is on its way already goes on. Audited. @throws PARTNER_NOT_FOUND */
export async function acceptVersions(ports: AdministerPorts, actor: string, id: PartnerId, change: AcceptedVersions): Promise<AcceptedVersions> {
  const at = ports.clock.now();
  return ports.records.transaction(async (tx) => {
    const accepts = { ...(await existing(tx, id)).accepts, ...change };
    await tx.partners.setAccepts(id, accepts);
    await audit(tx, at, actor, 'accept-versions', id, Object.fromEntries(Object.entries(change).map(([type, versions]) => [type, versions.join(' ')])));
    return accepts;
  });
}

/** How fast messages go to a partner, over all processes. Audited. @throws PARTNER_NOT_FOUND, REQUEST_INVALID */
export async function limitDeliveries(ports: AdministerPorts, actor: string, id: PartnerId, limits: PartnerLimits): Promise<void> {
  if (limits.burst < 1 || (limits.ratePerSecond !== null && limits.ratePerSecond <= 0)) throw new GatewayError('REQUEST_INVALID', 'The rate is above 0, the burst at least 1');
  const at = ports.clock.now();
  await ports.records.transaction(async (tx) => {
    await existing(tx, id);
    await tx.partnerStates.setLimits(id, limits);
    await audit(tx, at, actor, 'limit-deliveries', id, { perSecond: limits.ratePerSecond === null ? 'none' : String(limits.ratePerSecond), burst: String(limits.burst) });
  });
}

/**
 * How deliveries to a partner go otherwise than usual, from the next attempt on; null: as usual. Each member given replaces that one. Audited.
 * @throws PARTNER_NOT_FOUND, REQUEST_INVALID
 */
export async function setPace(ports: AdministerPorts, actor: string, id: PartnerId, change: PartnerPace | null): Promise<PartnerPace> {
  const at = ports.clock.now();
  return ports.records.transaction(async (tx) => {
    await existing(tx, id);
    const { pace: before } = await tx.partnerStates.find(id);
    const pace = change === null ? {} : { ...before, ...change };
    checkPace(pace);
    await tx.partnerStates.setPace(id, change === null ? null : pace);
    await audit(tx, at, actor, 'set-pace', id, { pace: change === null ? 'usual' : JSON.stringify(change) });
    return pace;
  });
}

/** Whether deliveries to a partner wait for evidence while no time-stamps can be had. Audited. @throws PARTNER_NOT_FOUND */
export async function setEvidencePolicy(ports: AdministerPorts, actor: string, id: PartnerId, policy: EvidencePolicy): Promise<void> {
  const at = ports.clock.now();
  await ports.records.transaction(async (tx) => {
    await existing(tx, id);
    await tx.partnerStates.setEvidence(id, policy);
    await audit(tx, at, actor, 'set-evidence-policy', id, { policy });
  });
}

const WEEK_MS = 7 * 24 * 3_600_000;

function checkPace({ concurrency = 1, retryDelaysMs = [1], longestRetryAfterMs = 1, breaker }: PartnerPace): void {
  const isWhole = (value: number, most: number): boolean => Number.isInteger(value) && value >= 1 && value <= most;
  const faults = [
    ...(isWhole(concurrency, 1_000) ? [] : ['the concurrency is 1 to 1,000']),
    ...(retryDelaysMs.length >= 1 && retryDelaysMs.length <= 100 && retryDelaysMs.every((each) => isWhole(each, WEEK_MS)) ? [] : ['there are 1 to 100 waits, each up to a week']),
    ...(isWhole(longestRetryAfterMs, WEEK_MS) ? [] : ['the longest Retry-After is up to a week']),
    ...(breaker === undefined || (isWhole(breaker.failures, 1_000) && isWhole(breaker.firstOpenMs, WEEK_MS) && isWhole(breaker.longestOpenMs, WEEK_MS) && breaker.firstOpenMs <= breaker.longestOpenMs) ? [] : ['the circuit breaker opens after 1 to 1,000 failures, for a first time not longer than the longest, which is up to a week']),
  ];
  if (faults.length > 0) throw new GatewayError('REQUEST_INVALID', `This pace cannot be: ${faults.join('; ')}`);
}

/** Lets deliveries go again to a partner whose address had said that it is gone (HTTP 410). Audited. @throws PARTNER_NOT_FOUND; STATE_CONFLICT when it had not */
export async function enablePartner(ports: AdministerPorts, actor: string, id: PartnerId): Promise<void> {
  const at = ports.clock.now();
  await ports.records.transaction(async (tx) => {
    await existing(tx, id);
    if (!(await tx.partnerStates.enable(id, at))) throw new GatewayError('STATE_CONFLICT', `Deliveries to ${id} are not disabled`);
    await audit(tx, at, actor, 'enable-partner', id, {});
  });
}

/** Sets or moves the route of an agency, so that messages to it and to agencies below it reach the partner. Audited. @throws PARTNER_NOT_FOUND */
export async function setRoute(ports: AdministerPorts, actor: string, route: Route): Promise<void> {
  const at = ports.clock.now();
  await ports.records.transaction(async (tx) => {
    await tx.partners.setRoute(route, at);
    await audit(tx, at, actor, 'set-route', route.partnerId, { agencyCode: route.agencyCode });
  });
}

/** False when there was no such route. Audited. */
export async function removeRoute(ports: AdministerPorts, actor: string, agencyCode: AgencyCode): Promise<boolean> {
  const at = ports.clock.now();
  return ports.records.transaction(async (tx) => {
    const removed = await tx.partners.removeRoute(agencyCode);
    if (removed) await tx.audit.add({ at, actor, action: 'remove-route', subject: `route:${agencyCode}`, detail: {} });
    return removed;
  });
}

/** Where the address leads is checked when it is called: names change what they point at. */
function checkUrl({ mode, url }: Pick<Partner, 'mode' | 'url'>): void {
  if ((mode === 'push') !== (url !== null)) throw new GatewayError('REQUEST_INVALID', mode === 'push' ? 'A partner that is pushed to needs a URL' : 'A partner that pulls has no URL');
  if (url === null) return;
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const plain = parsed !== null && (parsed.protocol === 'https:' || parsed.protocol === 'http:') && parsed.username === '' && parsed.password === '';
  if (!plain) throw new GatewayError('URL_FORBIDDEN', 'The URL of a partner is an http or https address without user name and password');
}

async function giveSecret({ chance, sealing }: PartnerPorts, tx: RecordSet, id: PartnerId, previousUntil: Date | null = null): Promise<string> {
  const secret = `whsec_${Buffer.from(chance.bytes(WEBHOOK_SECRET_BYTES)).toString('base64')}`;
  await tx.partners.setWebhookSecret(id, sealing.seal(new TextEncoder().encode(secret), webhookSecretContext(id)), previousUntil);
  return secret;
}

async function existing(tx: RecordSet, id: PartnerId): Promise<Partner> {
  const partner = await tx.partners.find(id);
  if (partner === null) throw new GatewayError('PARTNER_NOT_FOUND', `There is no partner named ${id}`);
  return partner;
}

function audit(tx: RecordSet, at: Date, actor: string, action: string, id: PartnerId, detail: Readonly<Record<string, string>>): Promise<void> {
  return tx.audit.add({ at, actor, action, subject: `partner:${id}`, detail });
}
