import { describe, expect, it } from 'vitest';
import { stepAlarms, type Alarm, type Condition } from '../../../src/domain/alarm.ts';

const T0 = new Date('2026-11-25T01:00:00.000Z');
const at = (minutes: number): Date => new Date(T0.getTime() + minutes * 60_000);
const LIMITS = { remindMs: 60 * 60_000 };
const parked: Condition = { kind: 'delivery.parked', severity: 'warning', subject: 'one-stop', figures: { count: 1 }, forMs: 0 };
const unreachable: Condition = { kind: 'partner.unreachable', severity: 'warning', subject: 'one-stop', figures: {}, forMs: 15 * 60_000 };

/** Looks one after the other, as the database would keep them between. */
function looks(...all: readonly (readonly [minutes: number, found: readonly Condition[], change?: Partial<Alarm>])[]): readonly string[] {
  const open = new Map<string, Alarm>();
  let serial = 0;
  return all.flatMap(([minutes, found, change]) => {
    if (change !== undefined) for (const [id, alarm] of open) open.set(id, { ...alarm, ...change });
    const { changed, forgotten, news } = stepAlarms([...open.values()], found, at(minutes), LIMITS, () => `alarm-${(serial += 1)}`);
    for (const alarm of changed) open.set(alarm.id, alarm);
    for (const id of [...forgotten, ...changed.filter(({ resolvedAt }) => resolvedAt !== null).map(({ id }) => id)]) open.delete(id);
    return news.map(({ event, alarm }) => `${minutes} ${event} ${alarm.id} ${JSON.stringify(alarm.figures)}`);
  });
}

describe('an alarm', () => {
  it('is told once, with what is seen, and once when it is over', () => {
    const more = { ...parked, figures: { count: 2 } };
    expect(looks([0, [parked]], [1, [more]], [2, [more]], [3, []], [4, []])).toEqual(['0 raised alarm-1 {"count":1}', '3 resolved alarm-1 {"count":2}']);
  });

  it('that comes back is another one', () => {
    expect(looks([0, [parked]], [1, []], [2, [parked]])).toEqual(['0 raised alarm-1 {"count":1}', '1 resolved alarm-1 {"count":1}', '2 raised alarm-2 {"count":1}']);
  });

  it('is told of again after the time of reminders, and not once somebody acknowledged it', () => {
    expect(looks([0, [parked]], [59, [parked]], [60, [parked]], [119, [parked]], [120, [parked]], [180, [parked], { acknowledgedAt: at(130) }], [500, [parked]], [501, []]).map((line) => line.split(' {')[0])).toEqual([
      '0 raised alarm-1',
      '60 reminder alarm-1',
      '120 reminder alarm-1',
      '501 resolved alarm-1',
    ]);
  });

  it('that gets worse is told of although it was acknowledged', () => {
    const critical: Condition = { ...parked, severity: 'critical' };
    expect(looks([0, [parked]], [1, [critical], { acknowledgedAt: at(0) }], [61, [critical]], [62, [parked]]).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['0 raised', '1 worse', '61 reminder']);
  });

  it('waits for what has to last, and forgets what did not', () => {
    expect(looks([0, [unreachable]], [14, [unreachable]], [15, [unreachable]], [16, []])).toEqual(['15 raised alarm-1 {}', '16 resolved alarm-1 {}']);
    expect(looks([0, [unreachable]], [14, []], [15, [unreachable]], [29, [unreachable]])).toEqual([]);
  });

  it('is one for each kind and subject, however often it is seen at one look', () => {
    expect(looks([0, [parked, parked, { ...parked, subject: 'land' }, { ...unreachable, forMs: 0 }]])).toHaveLength(3);
  });
});
