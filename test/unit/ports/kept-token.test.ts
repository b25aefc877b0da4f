import { describe, expect, it } from 'vitest';
import { keptToken, tokenBefore, type FetchedToken } from '../../../src/ports/kept-token.ts';
import { frozenClock } from '../../support/clock.ts';

const clock = (): ReturnType<typeof frozenClock> => frozenClock('2026-11-24T02:00:00Z');

/** Hands out numbered tokens when told to, and counts. */
function mint(expiresInMs = 3_600_000): { fetchToken: () => Promise<FetchedToken>; release: () => void; readonly asked: number } {
  let asked = 0;
  const waiting: (() => void)[] = [];
  return {
    fetchToken: () => {
      asked += 1;
      const authorization = `Bearer ${asked}`;
      return new Promise((resolve) => waiting.push(() => resolve({ authorization, expiresInMs })));
    },
    release: () => waiting.splice(0).forEach((go) => go()),
    get asked() {
      return asked;
    },
  };
}

describe('the access token', () => {
  it('is asked for once by many callers at a time, and kept until shortly before its end', async () => {
    const time = clock();
    const source = mint();
    const tokens = keptToken(source.fetchToken, time);
    const all = Promise.all([tokens.get(), tokens.get(), tokens.get()]);
    source.release();
    expect(await all).toEqual(['Bearer 1', 'Bearer 1', 'Bearer 1']);
    time.advance(3_569_000);
    expect(await tokens.get()).toBe('Bearer 1');
    time.advance(1_000);
    const next = tokens.get();
    source.release();
    expect(await next).toBe('Bearer 2');
    expect(source.asked).toBe(2);
  });

  it('of a short life is used for half of it', async () => {
    const time = clock();
    const source = mint(10_000);
    const tokens = keptToken(source.fetchToken, time);
    const first = tokens.get();
    source.release();
    await first;
    time.advance(4_999);
    expect(await tokens.get()).toBe('Bearer 1');
    time.advance(1);
    const second = tokens.get();
    source.release();
    expect(await second).toBe('Bearer 2');
  });

  it('is dropped by whoever saw it refused, but not its successor', async () => {
    const source = mint();
    const tokens = keptToken(source.fetchToken, clock());
    const first = tokens.get();
    source.release();
    tokens.drop(await first);
    const second = tokens.get();
    source.release();
    expect(await second).toBe('Bearer 2');
    tokens.drop('Bearer 1');
    expect(await tokens.get()).toBe('Bearer 2');
  });

  it('that could not be had is asked for again by the next caller', async () => {
    let calls = 0;
    const tokens = keptToken(() => {
      calls += 1;
      return calls === 1 ? Promise.reject(new Error('down')) : Promise.resolve({ authorization: 'Bearer ok', expiresInMs: 60_000 });
    }, clock());
    await expect(tokens.get()).rejects.toThrow('down');
    expect(await tokens.get()).toBe('Bearer ok');
  });

  it('is waited for no longer than the caller wants, while the others go on waiting', async () => {
    const source = mint();
    const tokens = keptToken(source.fetchToken, clock());
    const patient = tokens.get();
    const stop = new AbortController();
    const impatient = tokenBefore(tokens, stop.signal);
    stop.abort();
    await expect(impatient).rejects.toMatchObject({ code: 'CANCELLED' });
    source.release();
    expect(await patient).toBe('Bearer 1');
    await expect(tokenBefore(tokens, stop.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await tokenBefore(tokens, new AbortController().signal)).toBe('Bearer 1');
  });
});
