import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/wiring/clock.ts';
import { PROJECT_ROOT } from '../../support/vectors.ts';

describe('systemClock', () => {
  it('tells the time of the machine', () => {
    const before = Date.now();
    const now = systemClock.now().getTime();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it('rejects with CANCELLED when its signal aborts, before or while sleeping', async () => {
    const controller = new AbortController();
    const sleeping = systemClock.sleep(60_000, controller.signal);
    controller.abort(new Error('stop'));
    await expect(sleeping).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(systemClock.sleep(60_000, controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('sleeps longer than the longest timer of Node (2^31 - 1 ms) without waking at once', async () => {
    const controller = new AbortController();
    let woke = false;
    const sleeping = systemClock.sleep(2 ** 32, controller.signal).then(() => (woke = true));
    await systemClock.sleep(20);
    expect(woke).toBe(false);
    controller.abort();
    await expect(sleeping).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('does not keep a process alive', () => {
    const code = `import { systemClock } from './src/wiring/clock.ts'; void systemClock.sleep(60_000); console.log('end');`;
    expect(execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], { cwd: PROJECT_ROOT, timeout: 20_000 }).toString()).toBe('end\n');
  });
});
