import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectedByPostVnd, DEFAULT_ORDER_NUMBER, orderNumberOf, POSTAL_LEGS } from '../../../src/domain/postal-order.ts';
import { levelsOf } from '../../../src/domain/postal-address.ts';

const parts = { dossierCode: 'H57.12.03-261124-0001', leg: 'DELIVER_RESULT', revision: 1 } as const;

describe('the order number', () => {
  it('is made of dossier, leg and revision', () => {
    expect(orderNumberOf(DEFAULT_ORDER_NUMBER, parts)).toBe('H57.12.03-261124-0001-KQ1');
    expect(orderNumberOf('HUE_{leg}_{revision}_{dossierCode}', { ...parts, leg: 'COLLECT_DOSSIER', revision: 12 })).toBe('HUE_TN_12_H57.12.03-261124-0001');
  });

  it('differs whenever dossier, leg or revision differ, and is the same when they are', () => {
    const anyParts = fc.record({
      dossierCode: fc.constantFrom('H57.12.03-261124-0001', 'H57.12.03-261124-0011', 'H57.12-261124-0001'),
      leg: fc.constantFrom(...POSTAL_LEGS),
      revision: fc.integer({ min: 1, max: 99 }),
    });
    fc.assert(fc.property(anyParts, anyParts, (a, b) => (orderNumberOf(DEFAULT_ORDER_NUMBER, a) === orderNumberOf(DEFAULT_ORDER_NUMBER, b)) === (JSON.stringify(a) === JSON.stringify(b))));
  });

  it.each(['{dossierCode}-{leg}', '{dossierCode}{revision}', '{leg}{revision}', 'fixed', '{dossierCode}-{leg}{revision}{revision}'])('refuses the template %s, with which two orders could share a number', (template) => {
    expect(() => orderNumberOf(template, parts)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
  });

  it.each(['{dossierCode}/{leg}{revision}', '{dossierCode} {leg}{revision}', '{dossierCode}-{leg}{revision}-{unknown}', 'ĐH{dossierCode}{leg}{revision}', `${'x'.repeat(40)}{dossierCode}{leg}{revision}`])(
    'refuses the template %s, whose number a carrier could not take',
    (template) => {
      expect(() => orderNumberOf(template, parts)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
    },
  );
});

describe('money and addresses of an order', () => {
  it('lets the postal worker collect only what the post is to collect', () => {
    const fee = { purpose: 'ADMIN_FEE', payer: 'recipient', amountVnd: 50_000, collectBy: 'POST' } as const;
    expect(collectedByPostVnd([fee, { ...fee, amountVnd: 20_000, collectBy: 'ONLINE' }, { ...fee, purpose: 'POSTAGE', amountVnd: 31_000 }])).toBe(81_000);
    expect(collectedByPostVnd([])).toBe(0);
  });

  it('knows addresses of two and of three levels', () => {
    const address = { line: '12 Đường Thử', provinceCode: '46', communeCode: '19777', districtCode: null };
    expect(levelsOf(address)).toBe(2);
    expect(levelsOf({ ...address, districtCode: '474' })).toBe(3);
  });
});
