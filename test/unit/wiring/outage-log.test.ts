import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/domain/errors.ts';
import { outageLog } from '../../../src/wiring/outage-log.ts';
import { frozenClock } from '../../support/clock.ts';
import { keptLog } from '../../support/log.ts';

const DOWN = new GatewayError('CARRIER_UNAVAILABLE', 'down');
const heard = () => {
  const clock = frozenClock('2026-11-24T02:00:00Z');
  const log = keptLog();
  return { clock, outage: outageLog({ clock, log }, 'post.feed-failed', {}), said: () => log.lines.map(({ level, event }) => `${level} ${event}`) };
};

describe('what is said of an outage', () => {
  it('is a warning when it begins and every ten minutes, and a word when it is over', () => {
    const { clock, outage, said } = heard();
    outage.worked();
    for (let minute = 0; minute < 12; minute++) {
      outage.failed(DOWN);
      clock.advance(60_000);
    }
    outage.worked();
    outage.worked();
    outage.failed(DOWN);
    expect(said()).toEqual(['warn post.feed-failed', 'warn post.feed-failed', 'info post.feed-failed.over', 'warn post.feed-failed']);
  });

  it('is an error each time where the operator has to act', () => {
    const { outage, said } = heard();
    for (const error of [new GatewayError('CARRIER_REFUSED', 'keys'), new Error('ours'), DOWN]) outage.failed(error);
    expect(said()).toEqual(['error post.feed-failed', 'error post.feed-failed', 'warn post.feed-failed']);
  });
});
