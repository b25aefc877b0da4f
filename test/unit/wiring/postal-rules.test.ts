import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { POSTAL_LIMITS } from '../../../src/domain/postal-limits.ts';
import { readPostalRules } from '../../../src/wiring/postal-rules.ts';

const throwing = (code: string): Error => expect.objectContaining({ code }) as Error;

const folder = mkdtempSync(join(tmpdir(), 'lienthong-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: unknown): string => {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return join(folder, name);
};

const holiday = { date: '2027-01-01', name: 'Tết Dương lịch', legalBasis: 'Bộ luật Lao động 2019 Điều 112' };
const limits = { legalBasis: 'mẫu', validFrom: '2030-01-01', deliverWithinDays: 1, deliverWithAppointmentDays: 3, attemptsBeforeReturn: 2, daysBetweenAttempts: 2 };

describe('the rules of the post from a file', () => {
  it('are those of the law as we know it where there is no file', () => {
    expect(readPostalRules(undefined)).toMatchObject({ limits: POSTAL_LIMITS, places: { provinces: [] } });
  });

  it('are limits and holidays with their legal basis, and a list of places beside it', () => {
    file('places.json', { version: 'mẫu', provinces: [{ code: '46', name: 'Thành phố Huế', validFrom: '2025-01-01' }] });
    const rules = readPostalRules(file('rules.json', { limits: [limits], holidays: [holiday], placesFile: 'places.json' }));
    expect(rules).toEqual({ limits: [{ ...limits, validTo: null }], holidays: new Set(['2027-01-01']), places: { version: 'mẫu', provinces: [{ code: '46', name: 'Thành phố Huế', validFrom: '2025-01-01', validTo: null }], communes: [] } });
  });

  it.each([
    ['no JSON', '{'],
    ['a day that is none', { holidays: [{ ...holiday, date: '2027-02-30' }] }],
    ['a holiday without legal basis', { holidays: [{ date: '2027-01-01', name: 'x' }] }],
    ['a setting that is misspelt', { holiday: [holiday] }],
    ['a list of places that is not there', { placesFile: 'none.json' }],
  ])('refuse %s', (_what, content) => {
    expect(() => readPostalRules(file('wrong.json', content))).toThrow(throwing('CONFIG_INVALID'));
  });
});
