import { GatewayError } from '../../src/domain/errors.ts';
import type { DigestAlgorithm, SignatureScheme } from '../../src/domain/signature.ts';
import type { LoginOutcome, PinGuard } from '../../src/ports/pin-guard.ts';
import type { Log } from '../../src/ports/telemetry.ts';
import { checkPinSize, type PinSource } from './pin.ts';
import { cancelled, type Places } from './places.ts';
import type { Failure, FoundKey, OpenedToken } from './protocol.ts';
import { startSignerProcess, type SignerProcess, type Told } from './signer-process.ts';
import type { KeyMatch, TokenMatch } from './uri.ts';

export interface LinkSettings {
  readonly modulePath: string;
  readonly token: TokenMatch;
  readonly pin: PinSource;
  readonly pinGuard: PinGuard;
  readonly environment: Readonly<Record<string, string>>;
  readonly maxSessions: number;
  readonly places: Places;
  readonly openTimeoutMs: number;
  readonly signTimeoutMs: number;
  /** A new process is not started sooner than this after one that came to nothing. */
  readonly restartPauseMs: number;
  readonly log: Log;
}

export interface SignRequest {
  readonly match: KeyMatch;
  readonly scheme: SignatureScheme;
  readonly digest: DigestAlgorithm;
  readonly toBeSigned: Uint8Array;
}

/** One token, whatever becomes of the process that holds it: a call that finds none starts one. */
export interface TokenLink {
  find(match: KeyMatch): Promise<FoundKey>;
  sign(request: SignRequest, signal: AbortSignal | undefined): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A process with its token open. */
interface Live {
  readonly process: SignerProcess;
  readonly opened: OpenedToken;
  readonly keys: Map<string, Promise<FoundKey>>;
  login: Promise<void> | null;
}

export function tokenLink(settings: LinkSettings): TokenLink {
  const holder: Holder = { live: null, starting: null, pausedUntil: 0, closed: false };
  return {
    find: async (match) => keyOf(settings, holder, await ready(settings, holder), match),
    async sign(request, signal) {
      const giveBack = await settings.places.take(signal);
      const work = signTwice(settings, holder, request).finally(giveBack);
      return signal === undefined ? work : orCancelled(work, signal);
    },
    async close() {
      holder.closed = true;
      await holder.starting?.catch(() => null);
      holder.live?.process.kill();
      await holder.live?.process.exited;
    },
  };
}

interface Holder {
  live: Live | null;
  starting: Promise<Live> | null;
  /** Milliseconds of the monotonic clock. */
  pausedUntil: number;
  closed: boolean;
}

/** Once more when the token says that it has forgotten the login: nothing was signed. */
async function signTwice(settings: LinkSettings, holder: Holder, request: SignRequest): Promise<Uint8Array> {
  const first = await signOnce(settings, holder, request);
  if (!('failure' in first)) return first.value;
  if (first.failure.remedy !== 'login') throw errorOf(first.failure);
  const second = await signOnce(settings, holder, request);
  if ('failure' in second) throw errorOf(second.failure);
  return second.value;
}

async function signOnce(settings: LinkSettings, holder: Holder, { match, scheme, digest, toBeSigned }: SignRequest): Promise<Told<'sign'>> {
  const live = await ready(settings, holder);
  const { key, alwaysAuthenticate } = await keyOf(settings, holder, live, match);
  const order = { kind: 'sign', key, scheme, digest, toBeSigned } as const;
  const answer = alwaysAuthenticate
    ? await withPin<'sign'>(settings, live, (pinBytes) => live.process.ask<'sign'>({ ...order, pinBytes }, settings.signTimeoutMs))
    : await live.process.ask<'sign'>({ ...order, pinBytes: 0 }, settings.signTimeoutMs);
  if ('failure' in answer) mend(holder, live, answer.failure);
  return answer;
}

/** The open process with the token logged in. @throws SIGNER_UNAVAILABLE, HSM_LOGIN_FAILED, KEY_UNSUPPORTED, CONFIG_INVALID */
async function ready(settings: LinkSettings, holder: Holder): Promise<Live> {
  const live = await connected(settings, holder);
  if (live.opened.needsLogin) {
    live.login ??= login(settings, holder, live);
    await live.login;
  }
  return live;
}

async function connected(settings: LinkSettings, holder: Holder): Promise<Live> {
  if (holder.closed) throw new GatewayError('SHUTTING_DOWN', 'The gateway is shutting down: try again');
  if (holder.live?.process.isAlive() === true) return holder.live;
  holder.live = null;
  holder.starting ??= start(settings, holder).finally(() => (holder.starting = null));
  return holder.starting;
}

async function start(settings: LinkSettings, holder: Holder): Promise<Live> {
  const pauseMs = Math.ceil(holder.pausedUntil - performance.now());
  const process = pauseMs > 0 ? null : startSignerProcess({ environment: settings.environment, threads: Math.max(4, settings.maxSessions) });
  try {
    if (process === null) throw new GatewayError('SIGNER_UNAVAILABLE', 'The key device could not be used a moment ago', { retryAfterMs: pauseMs });
    const { modulePath, token, maxSessions } = settings;
    const answer = await process.ask<'open'>({ kind: 'open', modulePath, token, maxSessions }, settings.openTimeoutMs);
    if ('failure' in answer) throw errorOf(answer.failure);
    settings.log.info('signer.opened', { token: answer.value.name, pid: process.pid ?? null });
    holder.live = { process, opened: answer.value, keys: new Map(), login: null };
    return holder.live;
  } catch (error) {
    process?.kill();
    if (process !== null) holder.pausedUntil = performance.now() + settings.restartPauseMs;
    throw error;
  }
}

async function login(settings: LinkSettings, holder: Holder, live: Live): Promise<void> {
  try {
    const answer = await withPin<'login'>(settings, live, (pinBytes) => live.process.ask<'login'>({ kind: 'login', pinBytes }, settings.signTimeoutMs));
    if ('failure' in answer) {
      mend(holder, live, answer.failure);
      throw errorOf(answer.failure);
    }
  } catch (error) {
    live.login = null;
    throw error;
  }
}

/**
 * Reads the PIN, hands it to the process under the guard, wipes it.
 * @throws HSM_LOGIN_FAILED when the token refuses the PIN, warns of its last try, or the guard lets nobody in
 */
async function withPin<Kind extends 'login' | 'sign'>(settings: LinkSettings, live: Live, ask: (pinBytes: number) => Promise<Told<Kind>>): Promise<Told<Kind>> {
  const { name, pinInDanger } = live.opened;
  if (pinInDanger) throw new GatewayError('HSM_LOGIN_FAILED', `The key device ${name} has locked its PIN, or will at the next wrong one: a person has to log in first`);
  const pin = await settings.pin();
  let answer: Told<Kind> | null = null;
  try {
    checkPinSize(pin.length);
    const outcome = await settings.pinGuard.attempt(name, async () => {
      await live.process.sendPin(pin);
      answer = await ask(pin.length);
      return outcomeOf(answer);
    });
    if (outcome === 'refused') throw refused(settings, live);
  } finally {
    pin.fill(0);
  }
  if (answer === null) throw new Error('The PIN guard accepted a login that it did not run');
  return answer;
}

function outcomeOf(answer: Told<'login' | 'sign'>): LoginOutcome {
  if ('failure' in answer) return answer.failure.code === 'HSM_LOGIN_FAILED' ? 'refused' : 'untried';
  return answer.value === 'refused' || answer.value === 'untried' ? answer.value : 'accepted';
}

/** The process is ended, so that the next one reads again whether the token warns of its last try. */
function refused({ log }: LinkSettings, { process, opened }: Live): GatewayError {
  process.kill();
  log.warn('signer.pin-refused', { token: opened.name });
  return new GatewayError('HSM_LOGIN_FAILED', `The key device ${opened.name} refused its PIN: correct it; a second refusal stops every process until an operator resets the count`);
}

function keyOf(settings: LinkSettings, holder: Holder, live: Live, match: KeyMatch): Promise<FoundKey> {
  const name = JSON.stringify([match.label ?? null, match.id === undefined ? null : Buffer.from(match.id).toString('hex')]);
  let found = live.keys.get(name);
  if (found === undefined) {
    found = findKey(settings, holder, live, match);
    live.keys.set(name, found);
    found.catch(() => live.keys.delete(name));
  }
  return found;
}

async function findKey(settings: LinkSettings, holder: Holder, live: Live, match: KeyMatch): Promise<FoundKey> {
  const answer = await live.process.ask<'find'>({ kind: 'find', match }, settings.signTimeoutMs);
  if (!('failure' in answer)) return answer.value;
  mend(holder, live, answer.failure);
  throw errorOf(answer.failure);
}

function mend(holder: Holder, live: Live, { remedy }: Failure): void {
  if (remedy === 'login') live.login = null;
  if (remedy === 'restart') forget(holder, live);
}

/** Ends the process; what else was under way in it fails as unavailable. */
function forget(holder: Holder, live: Live): void {
  live.process.kill();
  if (holder.live === live) holder.live = null;
}

function errorOf({ code, message }: Failure): GatewayError {
  return new GatewayError(code, message);
}

/** The operation itself cannot be stopped: it is finished and thrown away, and keeps its place until then. */
async function orCancelled(work: Promise<Uint8Array>, signal: AbortSignal): Promise<Uint8Array> {
  let leave: (() => void) | undefined;
  const abort = new Promise<never>((_resolve, reject) => {
    leave = () => reject(cancelled(signal));
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([work, abort]);
  } finally {
    if (leave !== undefined) signal.removeEventListener('abort', leave);
    work.catch(() => undefined);
  }
}
