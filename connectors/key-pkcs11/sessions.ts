import { CKR, returnValueOf } from './failure.ts';
import type { Pkcs11Module } from './module.ts';

export interface Sessions {
  /** A session for one operation at a time; waits when all that the token gives are in use. */
  take(): Promise<Buffer>;
  giveBack(session: Buffer): void;
  /** For one that failed: it may be in the middle of an operation. */
  drop(session: Buffer): void;
  /** Closes those that nobody uses. */
  dropIdle(): void;
}

const SERIAL_SESSION = 4;

/** At most `maxSessions` sessions on a slot, opened when needed; fewer when the token says that there are no more. */
export function sessions(api: Pkcs11Module, slot: Buffer, maxSessions: number): Sessions {
  const idle: Buffer[] = [];
  const waiting: { readonly resolve: (session: Buffer) => void; readonly reject: (error: unknown) => void }[] = [];
  let open = 0;

  const openOne = (): Buffer | null => {
    if (open >= maxSessions) return null;
    try {
      const session = api.C_OpenSession(slot, SERIAL_SESSION);
      open += 1;
      return session;
    } catch (error) {
      if (returnValueOf(error) === CKR.SESSION_COUNT && open > 0) return null;
      throw error;
    }
  };
  const close = (session: Buffer): void => {
    open -= 1;
    closeQuietly(api, session);
  };
  return {
    async take() {
      const session = idle.pop() ?? openOne();
      return session ?? new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    giveBack(session) {
      const next = waiting.shift();
      if (next === undefined) idle.push(session);
      else next.resolve(session);
    },
    drop(session) {
      close(session);
      const next = waiting.shift();
      if (next === undefined) return;
      try {
        const fresh = openOne();
        if (fresh === null) waiting.unshift(next);
        else next.resolve(fresh);
      } catch (error) {
        next.reject(error);
      }
    },
    dropIdle() {
      for (const session of idle.splice(0)) close(session);
    },
  };
}

/** A session that the token has closed already cannot be closed again, and need not be. */
export function closeQuietly(api: Pkcs11Module, session: Buffer): boolean {
  try {
    api.C_CloseSession(session);
    return true;
  } catch {
    return false;
  }
}
