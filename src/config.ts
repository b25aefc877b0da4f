import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { GatewayError } from './domain/errors.ts';

/**
 * Settings of one process, read once from its environment. Each may also be given as `NAME_FILE`, a file that holds the value;
 * secrets should be. An unknown `LIENTHONG_` name is an error, so that a misspelt one is not silently ignored.
 */
const list = z.string().transform((value) => value.split(/[\s,]+/).filter((item) => item !== ''));
const whole = (min: number, max: number) => z.string().regex(/^\d+$/, 'a whole number').transform(Number).pipe(z.number().min(min).max(max));

const schema = z.object({
  /** Records; none: the embedded PostgreSQL in the data folder. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  /** Queues; none: BullMQ's PostgreSQL backend. Several hosts separated by commas: a Redis Cluster. */
  REDIS_URL: z.string().regex(/^rediss?(\+sentinel)?:\/\//, 'a redis:// or rediss:// URL').optional(),
  /** Key that seals server keys and encrypted fields; default: made in the data folder, mode 0600. */
  MASTER_KEY_FILE: z.string().optional(),

  LIENTHONG_DATA: z.string().default('lienthong-data'),
  LIENTHONG_HOST: z.string().default('127.0.0.1'),
  LIENTHONG_PORT: whole(0, 65_535).default(8080),
  /** A further port with nothing but /metrics, for workers and for scrapers without a key; none: not opened. */
  LIENTHONG_METRICS_PORT: whole(0, 65_535).optional(),
  LIENTHONG_METRICS_HOST: z.string().default('127.0.0.1'),
  /** Base address of an OTLP/HTTP collector of traces; none: nothing is traced. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_SERVICE_NAME: z.string().default('lienthong'),
  LIENTHONG_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** Time-stamping authorities, tried in this order. */
  LIENTHONG_TSA_URLS: list.default([]),
  LIENTHONG_TSA_TIMEOUT_MS: whole(1_000, 600_000).default(30_000),
  /** Folder or PEM file of trust anchors: for signers, and for time-stamping authorities. */
  LIENTHONG_TRUST: z.string().optional(),
  LIENTHONG_TRUST_TSA: z.string().optional(),
  LIENTHONG_POLICY: z.string().default('default'),
  /** What the evidence log is called (the origin of its checkpoints), once and for ever; default: the gateway's host and /log. */
  LIENTHONG_LOG_NAME: z.string().regex(/^[^\s+]{1,200}$/, 'without spaces and “+”').optional(),
  /** How often it gets a checkpoint when there is something new. */
  LIENTHONG_LOG_EVERY_SECONDS: whole(1, 60).default(20),
  /** After so long without a time-stamp nothing is delivered to partners that ask for evidence (`strict`). */
  LIENTHONG_EVIDENCE_SILENT_HOURS: whole(1, 168).default(4),
  LIENTHONG_MAX_DOCUMENT_BYTES: whole(1, 4_294_967_296).default(500 * 1024 * 1024),
  /** Scheme and host under which other systems call the gateway: what their signatures (RFC 9421) are about. */
  LIENTHONG_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Identity provider whose access tokens (RFC 9068) are taken beside API keys, as its tokens' `iss` says it; none: API keys alone. */
  LIENTHONG_OIDC_ISSUER: z.url({ protocol: /^https?$/ }).optional(),
  /** What `aud` of its tokens has to hold. */
  LIENTHONG_OIDC_AUDIENCE: z.string().optional(),
  /** Where its keys are; default: as its /.well-known/openid-configuration says. */
  LIENTHONG_OIDC_JWKS_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Claim that names the calling system: `lienthong partners identity`, or the partner's id. */
  LIENTHONG_OIDC_PARTNER_CLAIM: z.string().default('client_id'),
  /** What our scopes begin with at the provider. */
  LIENTHONG_OIDC_SCOPE_PREFIX: z.string().default(''),
  /** `typ` of its tokens; `any` for a provider that gives them none of their own. */
  LIENTHONG_OIDC_TOKEN_TYPE: z.string().default('at+jwt'),
  /** Field in which a trusted proxy writes the caller's certificate (RFC 9440 `Client-Cert`, or PEM), for tokens bound to one (RFC 8705). */
  LIENTHONG_CLIENT_CERT_HEADER: z.string().regex(/^[\w-]+$/).optional(),
  /** Addresses or networks of proxies whose fields are believed. */
  LIENTHONG_TRUSTED_PROXIES: list.default([]),
  /** Calls a second that one partner may make of one process; `lienthong partners limit-calls` sets another for one. */
  LIENTHONG_CALLS_PER_SECOND: whole(1, 1_000_000).default(1_000),
  /** How long an unfinished upload may be taken up again. */
  LIENTHONG_UPLOAD_HOURS: whole(1, 720).default(24),
  /** What the unfinished uploads of one partner may come to. */
  LIENTHONG_UPLOAD_QUOTA_BYTES: whole(1, 1_099_511_627_776).default(4 * 1024 * 1024 * 1024),
  /** How long one look at a caller's document may take. */
  LIENTHONG_DOCUMENT_TIMEOUT_MS: whole(100, 600_000).default(30_000),
  /** Hosts, or host:port, that may be called although their address is private or loopback. */
  LIENTHONG_OUTBOUND_ALLOW: list.default([]),
  LIENTHONG_DELIVERY_CONCURRENCY: whole(1, 1_000).default(16),
  /** Documents of jobs that one worker signs at once. */
  LIENTHONG_JOB_CONCURRENCY: whole(1, 100).default(4),
  /** Environment variables of this process that PKCS #11 modules are given beside the usual ones: see src/wiring/module-environment.ts. */
  LIENTHONG_PKCS11_ENV: list.default([]),
  /** JSON file that changes how deliveries are paced: see src/wiring/delivery-settings.ts. */
  LIENTHONG_DELIVERY_FILE: z.string().optional(),
  /** Where alarms are told: a receiver of Standard Webhooks, and its secret (`whsec_…`, by file). */
  LIENTHONG_ALARM_WEBHOOK_URL: z.url({ protocol: /^https?$/ }).optional(),
  LIENTHONG_ALARM_WEBHOOK_SECRET: z.string().optional(),
  /** Mail server for alarms, such as smtps://user:password@mail.example.gov.vn (by file), and who writes to whom. */
  LIENTHONG_ALARM_SMTP_URL: z.string().optional(),
  LIENTHONG_ALARM_MAIL_FROM: z.string().optional(),
  LIENTHONG_ALARM_MAIL_TO: list.default([]),
  /** JSON file that changes from when on something is an alarm: see src/wiring/alarm-settings.ts. */
  LIENTHONG_ALARMS_FILE: z.string().optional(),
  /** JSON file with the post's accounts: see connectors/post-vnpost-hcc/README.md. */
  LIENTHONG_POSTAL_FILE: z.string().optional(),
  /** JSON file with the post's time limits, holidays and list of places: see src/wiring/postal-rules.ts. */
  LIENTHONG_POSTAL_RULES_FILE: z.string().optional(),
});

export type Config = Readonly<z.output<typeof schema>> & { readonly dataDir: string };

const NAMES = Object.keys(schema.shape);

/** @throws CONFIG_INVALID naming every setting that is wrong and where it came from, never its value. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given: Record<string, string> = {};
  for (const name of NAMES) {
    const value = environment[name] ?? fromFile(name, environment[`${name}_FILE`]);
    if (value !== undefined && value !== '') given[name] = value;
  }
  const known = new Set(NAMES.flatMap((name) => [name, `${name}_FILE`]));
  const unknown = Object.keys(environment).filter((name) => name.startsWith('LIENTHONG_') && !known.has(name));
  const parsed = schema.safeParse(given);
  if (!parsed.success || unknown.length > 0) {
    const faults = (parsed.error?.issues ?? []).map((issue) => ({ pointer: `/${issue.path.join('/')}`, detail: issue.message }));
    const all = [...faults, ...unknown.map((name) => ({ pointer: `/${name}`, detail: 'no such setting' }))];
    throw new GatewayError('CONFIG_INVALID', `Settings are wrong: ${all.map((fault) => `${fault.pointer.slice(1)} (${fault.detail})`).join(', ')}`);
  }
  return { ...parsed.data, dataDir: resolve(parsed.data.LIENTHONG_DATA) };
}

function fromFile(name: string, path: string | undefined): string | undefined {
  // MASTER_KEY_FILE is itself a path and has no value form.
  if (path === undefined || name === 'MASTER_KEY_FILE') return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `${name}_FILE names a file that cannot be read`, { cause });
  }
}
