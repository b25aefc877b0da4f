import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/domain/errors.ts';
import { rememberAnswers, type Answer, type RememberedAnswers } from '../../../src/usecases/remembered-answers.ts';
import { frozenClock, type FrozenClock } from '../../support/clock.ts';

const NOW = new Date('2026-11-24T02:00:00Z');
const limits = { maxBytes: 100, maxEntries: 3, failureMs: 30_000 };

function setUp(): { clock: FrozenClock; memory: RememberedAnswers<number>; ask: (sizeBytes?: number) => (previous: number | null) => Promise<Answer<number>>; asked: (number | null)[] } {
  const clock = frozenClock(NOW);
  const asked: (number | null)[] = [];
  const ask = (sizeBytes = 1) => (previous: number | null): Promise<Answer<number>> => {
    asked.push(previous);
    return Promise.resolve({ value: asked.length, until: new Date(clock.now().getTime() + 60_000), sizeBytes });
  };
  return { clock, memory: rememberAnswers<number>(clock, limits), ask, asked };
}

describe('answers remembered', () => {
  it('hold until their time, then are asked for again with the last one at hand', async () => {
    const { clock, memory, ask, asked } = setUp();
    expect(await memory.recall('a', ask())).toBe(1);
    clock.advance(59_999);
    expect(await memory.recall('a', ask())).toBe(1);
    clock.advance(1);
    expect(await memory.recall('a', ask())).toBe(2);
    expect(asked).toEqual([null, 1]);
  });

  it('are asked for once by all who ask at the same time', async () => {
    const { memory, ask, asked } = setUp();
    expect(await Promise.all([1, 2, 3].map(() => memory.recall('a', ask())))).toEqual([1, 1, 1]);
    expect(asked).toHaveLength(1);
  });

  it('that failed are remembered for a short time, and do not lose the last good one', async () => {
    const { clock, memory, ask, asked } = setUp();
    await memory.recall('a', ask());
    clock.advance(60_000);
    const fail = (): Promise<Answer<number>> => Promise.reject(new GatewayError('REVOCATION_UNAVAILABLE', 'down'));
    await expect(memory.recall('a', fail)).rejects.toMatchObject({ code: 'REVOCATION_UNAVAILABLE' });
    await expect(memory.recall('a', ask())).rejects.toMatchObject({ code: 'REVOCATION_UNAVAILABLE' });
    clock.advance(30_000);
    expect(await memory.recall('a', ask())).toBe(2);
    expect(asked).toEqual([null, 1]);
  });

  it('are forgotten by bytes, the least used first', async () => {
    const { memory, ask, asked } = setUp();
    await memory.recall('a', ask(40));
    await memory.recall('b', ask(40));
    await memory.recall('a', ask(40));
    await memory.recall('c', ask(40));
    await memory.recall('d', ask(1)); // forgets when it is next asked, since sizes are known only then: b, used least
    expect(asked).toHaveLength(4);
    await memory.recall('a', ask(40));
    expect(asked).toHaveLength(4);
    await memory.recall('b', ask(40));
    expect(asked).toHaveLength(5);
  });

  it('are forgotten by number', async () => {
    const { memory, ask, asked } = setUp();
    for (const key of ['a', 'b', 'c', 'd', 'e']) await memory.recall(key, ask());
    await memory.recall('e', ask());
    expect(asked).toHaveLength(5);
    await memory.recall('a', ask());
    expect(asked).toHaveLength(6);
  });
});
