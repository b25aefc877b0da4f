import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { parseAgencyCode } from '../domain/agency-code.ts';
import { GatewayError } from '../domain/errors.ts';
import type { PartnerId } from '../domain/ids.ts';
import { PAYLOAD_FORMS, REPEAT_RULES, SCOPES, type Partner, type PayloadForm, type RepeatRule, type Scope } from '../domain/partner.ts';
import { EVIDENCE_POLICIES, type BreakerSettings, type EvidencePolicy, type PartnerPace } from '../domain/partner-limits.ts';
import { issueApiKey, revokeApiKey, rotateApiKey } from '../usecases/administer-api-keys.ts';
import { readAcceptedVersions } from '../formats/api/message-catalogue.ts';
import { HTTP_SIGNATURE_ALGORITHMS } from '../formats/http-signatures/algorithms.ts';
import { addPartnerKey, requirePartnerSignatures, revokePartnerKey } from '../usecases/administer-partner-keys.ts';
import { acceptVersions, addPartner, changePartner, choosePayload, enablePartner, limitCalls, limitDeliveries, removeRoute, renewWebhookSecret, setEvidencePolicy, setPace, setPartnerIdentity, setRoute } from '../usecases/administer-partners.ts';
import { durationText, parseBreaker, parseDuration, parseDurations } from './durations.ts';
import { parseChoice, parseInstant, parseWhole } from './arguments.ts';
import { onboardingText } from '../formats/onboarding-text.ts';
import { EXIT } from './exit-code.ts';
import { chooseLanguage, paint, printJson, printLine, printTable } from './output.ts';
import { MOST_PARKED, readPartner } from '../usecases/read-partner.ts';
import { testPartner } from '../usecases/test-partner.ts';
import { partnerProbe } from '../wiring/dossier-partners.ts';
import { outboundAgent } from '../wiring/outbound-http.ts';
import { withStore, type DataOption } from './with-store.ts';

/** Other systems: `partners`, `routes`, `api-keys`. */

interface Common extends DataOption {
  readonly json?: boolean;
}

const done = (text: string): void => printLine(`${paint('green', '✓')} ${text}`);
const shownOnce = (name: string, secret: string): void => printLine(`  ${name} ${paint('bold', secret)}\n  ${paint('yellow', 'It is shown only now: hand it over on a safe way.')}`);

function command(name: string, description: string): Command {
  return new Command(name).description(description).option('--data <folder>', 'data folder of the gateway').option('--json', 'JSON instead of text');
}

const PAYLOAD_HELP = 'full: a push brings the message; thin: it only says that there is one, and the system fetches it (GET /v1/inbox/{messageId})';

export function partnersCommand(): Command {
  return new Command('partners')
    .description('other agencies’ systems')
    .addCommand(
      command('add', 'add a system that is pushed to (--url) or that pulls its messages (--pull)')
        .argument('<id>', 'lower-case letters, digits, hyphens')
        .requiredOption('--name <text>', 'its name for people')
        .option('--url <url>', 'where messages are pushed (Standard Webhooks 1.0.0)')
        .option('--pull', 'it reads GET /v1/inbox instead')
        .option('--payload <form>', PAYLOAD_HELP, parseChoice('--payload', PAYLOAD_FORMS))
        .option('--repeat <rule>', `what it does with the same message twice: ${REPEAT_RULES.join(' | ')}`, parseChoice('--repeat', REPEAT_RULES), 'key')
        .action(add),
    )
    .addCommand(command('list', 'all systems').action(list))
    .addCommand(command('show', 'one system: its routes, and how deliveries to it are doing').argument('<id>').action(show))
    .addCommand(
      command('onboard', 'what its developers need to begin: a text with calls to copy, without secrets')
        .argument('<id>')
        .option('--lang <vi|en>', 'language', parseChoice('--lang', ['vi', 'en'] as const), 'vi')
        .option('--gateway <url>', 'where they reach the gateway', 'https://gateway.example')
        .action(onboard),
    )
    .addCommand(
      command('test', 'try the line to a system, step by step: a signed ping and a forged one, or what a pulling system lacks')
        .argument('<id>')
        .option('--lang <vi|en>', 'language; default: as the terminal’s')
        .action(test),
    )
    .addCommand(
      command('limit-deliveries', 'how fast messages go to a system; without --rate as fast as they come')
        .argument('<id>')
        .option('--rate <n>', 'messages a second, over all processes', parseWhole('--rate', 1, 100_000))
        .option('--burst <n>', 'at once, after a pause', parseWhole('--burst', 1, 100_000), 1)
        .action(setDeliveryLimits),
    )
    .addCommand(
      command('set', 'how deliveries to a system go otherwise than usual; counts from the next attempt on, without a restart')
        .argument('<id>')
        .option('--concurrency <n>', 'attempts at once, in each process', parseWhole('--concurrency', 1, 1_000))
        .option('--retry <waits>', 'waits after each failed try, such as 5s,30s,2m,1h; then it is parked', parseDurations)
        .option('--longest-retry-after <wait>', 'its Retry-After is honoured up to this', parseDuration)
        .option('--breaker <n:first:longest>', 'after n failures in a row leave it alone, such as 5:10s:5m', parseBreaker)
        .option('--evidence <strict|degraded>', 'while no time-stamps can be had for evidence: deliver nothing, or deliver with an alarm', parseChoice('--evidence', EVIDENCE_POLICIES))
        .option('--usual', 'everything as usual again; evidence stays as it is set')
        .action(setOwnPace),
    )
    .addCommand(command('suspend', 'refuse every call of a system and hold what is for it').argument('<id>').action((id: string, options: Common) => setStatus(id, 'suspended', options)))
    .addCommand(command('resume', 'let a suspended system in again').argument('<id>').action((id: string, options: Common) => setStatus(id, 'active', options)))
    .addCommand(
      command('add-key', 'register a public key by which a system signs its requests (RFC 9421)')
        .argument('<id>')
        .argument('<key-id>', 'the keyid of its signatures')
        .argument('<pem>', 'file with the public key or certificate')
        .option('--algorithm <name>', `default: what such a key usually signs by; ${HTTP_SIGNATURE_ALGORITHMS.join(' | ')}`, parseChoice('--algorithm', HTTP_SIGNATURE_ALGORITHMS))
        .action(addKey),
    )
    .addCommand(command('keys', 'public keys of a system').argument('<id>').action(listPublicKeys))
    .addCommand(command('revoke-key', 'end a public key now').argument('<id>').argument('<key-id>').action(revokeKey))
    .addCommand(command('require-signatures', 'take only signed requests of a system, or unsigned ones again').argument('<id>').argument('<on|off>', '', parseChoice('on|off', ['on', 'off'])).action(requireSignatures))
    .addCommand(command('identity', 'how the identity provider names a system, in the claim of LIENTHONG_OIDC_PARTNER_CLAIM').argument('<id>').argument('<name>').action(setIdentity))
    .addCommand(
      command('limit-calls', 'how often a system may call one process of the gateway; without --rate as usual again')
        .argument('<id>')
        .option('--rate <n>', 'calls a second', parseWhole('--rate', 1, 1_000_000))
        .option('--burst <n>', 'at once, after a pause; default twice the rate', parseWhole('--burst', 1, 10_000_000))
        .action(setCallRate),
    )
    .addCommand(command('payload', PAYLOAD_HELP).argument('<id>').argument('<full|thin>', '', parseChoice('full|thin', PAYLOAD_FORMS)).action(setPayload))
    .addCommand(
      command('versions', 'which versions of a message a system takes; what is not named stays, at first version 1')
        .argument('<id>')
        .argument('<type=versions...>', 'such as dossier.fee=1,2: the catalogue is in /docs')
        .action(setVersions),
    )
    .addCommand(command('move', 'push to another address from now on').argument('<id>').argument('<url>').action(move))
    .addCommand(command('enable', 'push again to a system whose address said that it is gone (HTTP 410)').argument('<id>').action(enable))
    .addCommand(
      command('renew-secret', 'give a pushed system a new webhook secret')
        .argument('<id>')
        .option('--overlap-hours <n>', 'how long the old one signs beside it', parseWhole('--overlap-hours', 0, 8760), 24)
        .action(renewSecret),
    );
}

async function add(id: string, options: Common & { name: string; url?: string; pull?: boolean; payload?: PayloadForm; repeat: RepeatRule }): Promise<void> {
  if ((options.url === undefined) === (options.pull !== true)) throw new GatewayError('REQUEST_INVALID', 'Say how it gets its messages: either --url URL or --pull');
  if (options.pull === true && options.payload !== undefined) throw new GatewayError('REQUEST_INVALID', '--payload is for systems that are pushed to');
  const added = await withStore(options, async (ports) => {
    const made = await addPartner(ports, ports.actor, { id: parseId(id), name: options.name, mode: options.pull === true ? 'pull' : 'push', url: options.url ?? null, repeat: options.repeat });
    if (options.payload !== undefined) await choosePayload(ports, ports.actor, made.partner.id, options.payload);
    return made;
  });
  if (options.json === true) return printJson({ id, mode: added.partner.mode, webhookSecret: added.webhookSecret });
  done(`${id} added (${added.partner.mode})`);
  if (added.webhookSecret !== null) shownOnce('webhook secret', added.webhookSecret);
  printLine(paint('dim', `  Next: lienthong api-keys add ${id} --scopes …   and   lienthong routes set AGENCY-CODE ${id}`));
}

async function list(options: Common): Promise<void> {
  const partners = await withStore(options, ({ records }) => records.partners.list());
  if (options.json === true) return printJson(partners);
  printTable(['ID', 'MODE', 'STATUS', 'REPEAT', 'URL', 'NAME'], partners.map((one) => [one.id, one.mode, one.status, one.repeat, one.url ?? '–', one.name]));
}

async function show(id: string, options: Common): Promise<void> {
  const shown = await withStore(options, async (ports) => {
    const { partner, standing, ...rest } = await readPartner(ports, parseId(id));
    const { limits, pace, failures, openUntil, disabledAt } = standing;
    return { ...partner, agencyCodes: rest.agencyCodes, circuit: rest.circuit, openUntil, disabledAt, failures, limits, pace, parked: rest.parked };
  });
  if (options.json === true) return printJson(shown);
  const { name, mode, status, url, repeat, accepts, payload = 'full', agencyCodes, circuit, openUntil, failures, limits, pace, parked } = shown;
  printLine(`${paint('bold', id)}  ${name}  ${mode} ${status}${url === null ? '' : `  ${url}`}  repeat: ${repeat}${mode === 'push' ? `  payload: ${payload}` : ''}`);
  printLine(`  serves     ${agencyCodes.join(', ') || 'no agency: lienthong routes set'}`);
  printLine(`  versions   ${accepts === undefined ? '' : `${versionList(accepts)}; else `}version 1 of every message`);
  printLine(`  circuit    ${circuit}${circuit === 'open' && openUntil !== null ? ` until ${openUntil.toISOString()}` : ''}, ${failures} failures in a row`);
  printLine(`  deliveries ${limits.ratePerSecond === null ? 'as fast as they come' : `${limits.ratePerSecond} a second, ${limits.burst} at once`}`);
  if (pace !== undefined) printLine(`  own pace   ${paceText(pace)}`);
  printLine(`  parked     ${parked === 0 ? 'nothing' : `${parked === MOST_PARKED ? `${MOST_PARKED} or more` : parked}: lienthong messages stuck --partner ${id}`}`);
}

async function onboard(id: string, options: Common & { lang: 'vi' | 'en'; gateway: string }): Promise<void> {
  if (!/^https?:\/\/[\w.:[\]-]+$/.test(options.gateway)) throw new GatewayError('REQUEST_INVALID', '--gateway: write the address like https://gateway.example, without a path');
  const text = await withStore(options, async (ports) => {
    const { partner, agencyCodes } = await readPartner(ports, parseId(id));
    return onboardingText({ partner, agencyCodes, gatewayUrl: options.gateway, language: options.lang });
  });
  if (options.json === true) return printJson({ id, language: options.lang, text });
  printLine(text);
}

const TEST_DEADLINE_MS = 60_000;
const MARKS = { passed: ['green', '✓'], failed: ['red', '✗'], warning: ['yellow', '!'], skipped: ['dim', '–'] } as const;

async function test(id: string, options: Common & { lang?: string }): Promise<void> {
  const result = await withStore(options, async (ports) => {
    const dispatcher = outboundAgent({ allow: ports.config.LIENTHONG_OUTBOUND_ALLOW });
    try {
      return await testPartner({ ...ports, probe: partnerProbe({ ...ports, dispatcher }) }, ports.actor, parseId(id), AbortSignal.timeout(TEST_DEADLINE_MS));
    } finally {
      await dispatcher.destroy();
    }
  });
  if (!result.ok) process.exitCode = EXIT.no;
  if (options.json === true) return printJson(result);
  const language = chooseLanguage(options.lang, process.env);
  for (const { step, status, detail } of result.steps) {
    const [colour, mark] = MARKS[status];
    printLine(`${paint(colour, mark)} ${step.padEnd(10)} ${detail[language]}`);
  }
}

async function setDeliveryLimits(id: string, options: Common & { rate?: number; burst: number }): Promise<void> {
  const limits = { ratePerSecond: options.rate ?? null, burst: options.burst };
  await withStore(options, (ports) => limitDeliveries(ports, ports.actor, parseId(id), limits));
  if (options.json === true) return printJson({ id, limits });
  done(limits.ratePerSecond === null ? `messages go to ${id} as fast as they come` : `${limits.ratePerSecond} messages a second go to ${id}, ${limits.burst} at once`);
}

type PaceOptions = Common & { concurrency?: number; retry?: readonly number[]; longestRetryAfter?: number; breaker?: BreakerSettings; evidence?: EvidencePolicy; usual?: boolean };

async function setOwnPace(id: string, { concurrency, retry, longestRetryAfter, breaker, evidence, usual, ...options }: PaceOptions): Promise<void> {
  const change: PartnerPace = {
    ...(concurrency !== undefined && { concurrency }),
    ...(retry !== undefined && { retryDelaysMs: retry }),
    ...(longestRetryAfter !== undefined && { longestRetryAfterMs: longestRetryAfter }),
    ...(breaker !== undefined && { breaker }),
  };
  const isPaced = Object.keys(change).length > 0;
  if (isPaced ? usual === true : usual !== true && evidence === undefined) throw new GatewayError('REQUEST_INVALID', 'Say what changes, or --usual: lienthong partners set --help');
  if (evidence !== undefined) {
    await withStore(options, (ports) => setEvidencePolicy(ports, ports.actor, parseId(id), evidence));
    if (options.json !== true) done(`deliveries to ${id} without time-stamps for evidence: ${evidence === 'strict' ? 'wait' : 'go on, with an alarm'}`);
    if (!isPaced && usual !== true) return options.json === true ? printJson({ id, evidence }) : undefined;
  }
  const pace = await withStore(options, (ports) => setPace(ports, ports.actor, parseId(id), usual === true ? null : change));
  if (options.json === true) return printJson({ id, pace });
  done(usual === true ? `deliveries to ${id} go as usual` : `deliveries to ${id}: ${paceText(pace)}`);
}

function paceText({ concurrency, retryDelaysMs, longestRetryAfterMs, breaker }: PartnerPace): string {
  const parts = [
    ...(concurrency === undefined ? [] : [`${concurrency} at once`]),
    ...(retryDelaysMs === undefined ? [] : [`tried again after ${retryDelaysMs.map(durationText).join(', ')}`]),
    ...(longestRetryAfterMs === undefined ? [] : [`Retry-After up to ${durationText(longestRetryAfterMs)}`]),
    ...(breaker === undefined ? [] : [`left alone after ${breaker.failures} failures for ${durationText(breaker.firstOpenMs)} to ${durationText(breaker.longestOpenMs)}`]),
  ];
  return parts.join('; ');
}

async function setStatus(id: string, status: 'active' | 'suspended', options: Common): Promise<void> {
  await withStore(options, (ports) => changePartner(ports, ports.actor, parseId(id), { status }));
  if (options.json === true) return printJson({ id, status });
  done(`${id} is ${status}`);
}

async function setIdentity(id: string, identity: string, options: Common): Promise<void> {
  await withStore(options, (ports) => setPartnerIdentity(ports, ports.actor, parseId(id), identity));
  if (options.json === true) return printJson({ id, identity });
  done(`access tokens of “${identity}” are ${id}’s`);
}

async function setCallRate(id: string, options: Common & { rate?: number; burst?: number }): Promise<void> {
  const rate = options.rate === undefined ? null : { perSecond: options.rate, burst: options.burst ?? options.rate * 2 };
  await withStore(options, (ports) => limitCalls(ports, ports.actor, parseId(id), rate));
  if (options.json === true) return printJson({ id, callRate: rate });
  done(rate === null ? `${id} may call as usual` : `${id} may call ${rate.perSecond} times a second, ${rate.burst} at once`);
}

async function setPayload(id: string, form: PayloadForm, options: Common): Promise<void> {
  await withStore(options, (ports) => choosePayload(ports, ports.actor, parseId(id), form));
  if (options.json === true) return printJson({ id, payload: form });
  done(form === 'thin' ? `pushes only tell ${id} that there is a message` : `pushes bring ${id} the whole message`);
}

async function setVersions(id: string, texts: readonly string[], options: Common): Promise<void> {
  const change = Object.fromEntries(texts.map(readAcceptedVersions));
  const accepts = await withStore(options, (ports) => acceptVersions(ports, ports.actor, parseId(id), change));
  if (options.json === true) return printJson({ id, accepts });
  done(`${id} takes ${versionList(accepts)}; of every other message version 1`);
}

function versionList(accepts: Partner['accepts'] = {}): string {
  return Object.entries(accepts).map(([type, versions]) => `${type} ${versions.join(' and ')}`).join(', ');
}

async function addKey(id: string, keyId: string, path: string, options: Common & { algorithm?: string }): Promise<void> {
  const pem = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new GatewayError('FILE_NOT_READABLE', `${path} cannot be read`, { cause });
  });
  const key = await withStore(options, (ports) => addPartnerKey(ports, ports.actor, { partnerId: parseId(id), keyId, pem, algorithm: options.algorithm ?? null }));
  if (options.json === true) return printJson({ id, keyId, algorithm: key.algorithm });
  done(`${id} signs by ${keyId} (${key.algorithm}); lienthong partners require-signatures ${id} on   takes nothing unsigned any more`);
}

async function listPublicKeys(id: string, options: Common): Promise<void> {
  const keys = await withStore(options, ({ records }) => records.partnerKeys.list(parseId(id)));
  if (options.json === true) return printJson(keys.map(({ spkiDer, ...key }) => ({ ...key, spki: Buffer.from(spkiDer).toString('base64') })));
  printTable(['KEY', 'ALGORITHM', 'ADDED', 'REVOKED'], keys.map((key) => [key.keyId, key.algorithm, key.createdAt.toISOString().slice(0, 16), key.revokedAt?.toISOString().slice(0, 16) ?? '–']));
}

async function revokeKey(id: string, keyId: string, options: Common): Promise<void> {
  await withStore(options, (ports) => revokePartnerKey(ports, ports.actor, parseId(id), keyId));
  if (options.json === true) return printJson({ id, keyId, revoked: true });
  done(`${keyId} of ${id} is revoked`);
}

async function requireSignatures(id: string, state: 'on' | 'off', options: Common): Promise<void> {
  await withStore(options, (ports) => requirePartnerSignatures(ports, ports.actor, parseId(id), state === 'on'));
  if (options.json === true) return printJson({ id, requiresSignature: state === 'on' });
  done(`${id} ${state === 'on' ? 'has to sign every request' : 'may send unsigned requests'}`);
}

async function move(id: string, url: string, options: Common): Promise<void> {
  await withStore(options, (ports) => changePartner(ports, ports.actor, parseId(id), { url }));
  if (options.json === true) return printJson({ id, url });
  done(`${id} is pushed to at its new address`);
}

async function enable(id: string, options: Common): Promise<void> {
  await withStore(options, (ports) => enablePartner(ports, ports.actor, parseId(id)));
  if (options.json === true) return printJson({ id, enabled: true });
  done(`${id} is pushed to again; what was parked stays so: lienthong messages replay-since`);
}

async function renewSecret(id: string, options: Common & { overlapHours: number }): Promise<void> {
  const webhookSecret = await withStore(options, (ports) => renewWebhookSecret(ports, ports.actor, parseId(id), options.overlapHours * 3_600_000));
  if (options.json === true) return printJson({ id, webhookSecret });
  done(`${id} has a new webhook secret; the old one ${options.overlapHours === 0 ? 'signs nothing any more' : `signs beside it for ${options.overlapHours} h`}`);
  shownOnce('webhook secret', webhookSecret);
}

export function routesCommand(): Command {
  return new Command('routes')
    .description('which system serves which agency')
    .addCommand(command('set', 'let a system serve an agency, and those below it that have no route of their own').argument('<agency-code>').argument('<partner>').action(route))
    .addCommand(command('remove', 'remove an agency’s route').argument('<agency-code>').action(unroute))
    .addCommand(command('list', 'all routes').action(listRoutes));
}

async function route(code: string, partner: string, options: Common): Promise<void> {
  await withStore(options, (ports) => setRoute(ports, ports.actor, { agencyCode: parseAgencyCode(code), partnerId: parseId(partner) }));
  if (options.json === true) return printJson({ agencyCode: code, partnerId: partner });
  done(`${code} → ${partner}`);
}

async function unroute(code: string, options: Common): Promise<void> {
  const removed = await withStore(options, (ports) => removeRoute(ports, ports.actor, parseAgencyCode(code)));
  if (options.json === true) return printJson({ agencyCode: code, removed });
  done(removed ? `${code} has no route any more` : `${code} had no route`);
}

async function listRoutes(options: Common): Promise<void> {
  const routes = await withStore(options, ({ records }) => records.partners.routes());
  if (options.json === true) return printJson(routes);
  printTable(['AGENCY', 'SYSTEM'], routes.map((one) => [one.agencyCode, one.partnerId]));
}

export function apiKeysCommand(): Command {
  return new Command('api-keys')
    .description('how systems identify themselves')
    .addCommand(
      command('add', 'issue a key')
        .argument('<partner>')
        .requiredOption('--scopes <list>', `comma-separated: ${SCOPES.join(', ')}`, parseScopes)
        .option('--label <text>', 'what it is for', 'api key')
        .option('--expires <time>', 'when it ends, ISO 8601', parseInstant)
        .action(issue),
    )
    .addCommand(command('list', 'a system’s keys').argument('<partner>').action(listKeys))
    .addCommand(command('rotate', 'issue a successor; the old key ends later').argument('<partner>').argument('<key-id>').option('--overlap-hours <n>', 'how long both are valid', parseWhole('--overlap-hours', 0, 8760), 24).action(rotate))
    .addCommand(command('revoke', 'end a key now').argument('<key-id>').action(revoke));
}

async function issue(partner: string, options: Common & { scopes: Scope[]; label: string; expires?: Date }): Promise<void> {
  const issued = await withStore(options, (ports) => issueApiKey(ports, ports.actor, { partnerId: parseId(partner), label: options.label, scopes: options.scopes, expiresAt: options.expires ?? null }));
  if (options.json === true) return printJson({ id: issued.key.id, partnerId: partner, scopes: issued.key.scopes, token: issued.token });
  done(`key ${issued.key.id} of ${partner}`);
  shownOnce('Authorization: Bearer', issued.token);
}

async function rotate(partner: string, id: string, options: Common & { overlapHours: number }): Promise<void> {
  const issued = await withStore(options, (ports) => rotateApiKey(ports, ports.actor, parseId(partner), id, options.overlapHours * 3_600_000));
  if (options.json === true) return printJson({ id: issued.key.id, replaces: id, token: issued.token });
  done(`key ${issued.key.id} replaces ${id}, which ends in ${options.overlapHours} h`);
  shownOnce('Authorization: Bearer', issued.token);
}

async function listKeys(partner: string, options: Common): Promise<void> {
  const keys = await withStore(options, ({ records }) => records.partners.apiKeys(parseId(partner)));
  if (options.json === true) return printJson(keys);
  const day = (time: Date | null): string => time?.toISOString().slice(0, 16) ?? '–';
  printTable(['ID', 'LABEL', 'CREATED', 'EXPIRES', 'REVOKED', 'SCOPES'], keys.map((key) => [key.id, key.label, day(key.createdAt), day(key.expiresAt), day(key.revokedAt), key.scopes.join(' ')]));
}

async function revoke(id: string, options: Common): Promise<void> {
  await withStore(options, (ports) => revokeApiKey(ports, ports.actor, id));
  if (options.json === true) return printJson({ id, revoked: true });
  done(`key ${id} is revoked`);
}

function parseId(text: string): PartnerId {
  if (!/^[a-z0-9][a-z0-9-]{1,62}$/.test(text)) throw new GatewayError('REQUEST_INVALID', `${text} cannot name a system: use 2 to 63 lower-case letters, digits and hyphens`);
  return text as PartnerId;
}

function parseScopes(text: string): Scope[] {
  const parse = parseChoice('--scopes', SCOPES);
  return text.split(',').map((scope) => parse(scope.trim()));
}
