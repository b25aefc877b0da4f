import { GatewayError } from '../../src/domain/errors.ts';
import type { DigestAlgorithm, SignatureScheme } from '../../src/domain/signature.ts';
import { CKR, isPinRefusal, isStale, returnValueOf } from './failure.ts';
import { ecdsaValueDer, signCall, tokenName } from './mechanism.ts';
import type { LoadedModule, Pkcs11Module } from './module.ts';
import { findKey, orderBytesOf, type KeyObject } from './objects.ts';
import type { FoundKey, OpenedToken, Results } from './protocol.ts';
import { closeQuietly, sessions, type Sessions } from './sessions.ts';
import type { KeyMatch, TokenMatch } from './uri.ts';

export interface SignOrder {
  readonly key: number;
  readonly scheme: SignatureScheme;
  readonly digest: DigestAlgorithm;
  readonly toBeSigned: Uint8Array;
  /** For keys that want it each time; the bytes are the caller's to wipe. */
  readonly pin: Uint8Array | null;
}

/** One token through one loaded module, inside the signer process. Throws errors of pkcs11js as they are; `failureOf` names them. */
export interface Token {
  readonly opened: OpenedToken;
  login(pin: Uint8Array): Results['login'];
  find(match: KeyMatch): FoundKey;
  sign(order: SignOrder): Promise<Uint8Array>;
}

const FLAG = { LOGIN_REQUIRED: 0x4, USER_PIN_FINAL_TRY: 0x20000, USER_PIN_LOCKED: 0x40000 } as const;
const USER = 1;
const CONTEXT_SPECIFIC = 2;
const USER_STATES = new Set([1, 3]); // R/O and R/W user functions
const SERIAL_SESSION = 4;

/** Finds the one token that fits. @throws SIGNER_UNAVAILABLE when it is not there; CONFIG_INVALID when several are */
export function openToken(module: LoadedModule, match: TokenMatch, maxSessions: number): Token {
  const { api } = module;
  const slot = findSlot(api, match);
  const { label, serialNumber, flags } = api.C_GetTokenInfo(slot);
  const base = api.C_OpenSession(slot, SERIAL_SESSION); // held open: a token forgets its login with the last session
  const state: State = { module, slot, base, offered: new Set(api.C_GetMechanismList(slot)), pool: sessions(api, slot, maxSessions), keys: [] };
  return {
    opened: {
      name: tokenName(label, serialNumber),
      needsLogin: (flags & FLAG.LOGIN_REQUIRED) !== 0 && !isLoggedIn(state),
      pinInDanger: (flags & (FLAG.USER_PIN_FINAL_TRY | FLAG.USER_PIN_LOCKED)) !== 0,
    },
    login: (pin) => login(state, pin),
    find(keyMatch) {
      const found = findKey(api, state.base, keyMatch);
      const key = state.keys.push({ ...found, match: keyMatch }) - 1;
      return { ...found.facts, key };
    },
    sign: (order) => signTwice(state, order),
  };
}

interface State {
  readonly module: LoadedModule;
  readonly slot: Buffer;
  base: Buffer;
  readonly offered: ReadonlySet<number>;
  readonly pool: Sessions;
  readonly keys: (KeyObject & { readonly match: KeyMatch })[];
}

function findSlot(api: Pkcs11Module, match: TokenMatch): Buffer {
  const fitting = api.C_GetSlotList(true).filter((slot) => {
    const { label, serialNumber, manufacturerID, model } = api.C_GetTokenInfo(slot);
    const wanted = [
      [match.label, label],
      [match.serial, serialNumber],
      [match.manufacturer, manufacturerID],
      [match.model, model],
    ] as const;
    return wanted.every(([want, is]) => want === undefined || want.trimEnd() === is.replace(/[\0 ]+$/, ''));
  });
  const [slot, other] = fitting;
  if (slot === undefined) throw new GatewayError('SIGNER_UNAVAILABLE', 'The key device is not there: check that it is connected and that the PKCS #11 URI names its token');
  if (other !== undefined) throw new GatewayError('CONFIG_INVALID', 'Several key devices fit the PKCS #11 URI: add token=, serial= or model=');
  return slot;
}

function login({ module: { api }, base }: State, pin: Uint8Array): Results['login'] {
  try {
    // pkcs11js takes a string only: this one copy lives until the collector takes it, in this process alone.
    api.C_Login(base, USER, Buffer.from(pin.buffer, pin.byteOffset, pin.length).toString('utf8'));
    return 'accepted';
  } catch (error) {
    if (returnValueOf(error) === CKR.USER_ALREADY_LOGGED_IN) return 'accepted';
    if (isPinRefusal(error)) return 'refused';
    throw error;
  }
}

/** A token that lost its sessions (idle time, a reset of the card) may still be good: once more with a new one, if it kept the login. */
async function signTwice(state: State, order: SignOrder): Promise<Uint8Array> {
  try {
    return await signOnce(state, order);
  } catch (error) {
    if (!isStale(error)) throw error;
    renew(state, error);
    return signOnce(state, order);
  }
}

/** @throws the error itself when the token wants a login first */
function renew(state: State, error: unknown): void {
  const { api } = state.module;
  state.pool.dropIdle();
  const stale = state.base;
  state.base = api.C_OpenSession(state.slot, SERIAL_SESSION);
  closeQuietly(api, stale);
  if (!isLoggedIn(state) && (api.C_GetTokenInfo(state.slot).flags & FLAG.LOGIN_REQUIRED) !== 0) throw error;
  for (const [index, key] of state.keys.entries()) state.keys[index] = { ...findKey(api, state.base, key.match), match: key.match };
}

function isLoggedIn({ module: { api }, base }: State): boolean {
  return USER_STATES.has(api.C_GetSessionInfo(base).state);
}

const MOST_VALUE_BYTES = 2048; // RSA of 16,384 bits

async function signOnce(state: State, { key, scheme, digest, toBeSigned, pin }: SignOrder): Promise<Uint8Array> {
  const found = state.keys[key];
  if (found === undefined) throw new Error(`There is no key ${key} in this process`);
  const { mechanism, pss, input } = signCall(state.offered, scheme, digest, toBeSigned, orderBytesOf(found.facts));
  const { api, pssParameterType } = state.module;
  const session = await state.pool.take();
  try {
    api.C_SignInit(session, pss === null ? { mechanism } : { mechanism, parameter: { type: pssParameterType, ...pss } }, found.handle);
    if (pin !== null) api.C_Login(session, CONTEXT_SPECIFIC, Buffer.from(pin).toString('utf8'));
    const value = await api.C_SignAsync(session, Buffer.from(input), Buffer.alloc(MOST_VALUE_BYTES));
    state.pool.giveBack(session);
    return scheme === 'ecdsa' ? ecdsaValueDer(value) : Buffer.from(value); // a copy: `value` is part of the whole room kept for it
  } catch (error) {
    state.pool.drop(session);
    throw error;
  }
}
