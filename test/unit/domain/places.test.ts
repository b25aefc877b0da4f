import { describe, expect, it } from 'vitest';
import { addressInWords, NO_PLACES, placeFaults, type Places } from '../../../src/domain/places.ts';
import type { PostalAddress } from '../../../src/domain/postal-address.ts';

const places: Places = {
  version: 'mẫu 1',
  provinces: [
    { code: '46', name: 'Thành phố Huế', validFrom: '2025-01-01', validTo: null },
    { code: '49', name: 'Tỉnh Quảng Nam', validFrom: '2004-01-01', validTo: '2025-06-30' },
  ],
  communes: [{ code: '19777', name: 'Phường Mẫu', provinceCode: '46', validFrom: '2025-07-01', validTo: null }],
};
const address = (change: Partial<PostalAddress> = {}): PostalAddress => ({ line: '1 Đường Thử Nghiệm', provinceCode: '46', communeCode: '19777', districtCode: null, ...change });

describe('the official list of places', () => {
  it.each([
    ['a place of today', address(), '2026-11-24', []],
    ['no commune', address({ communeCode: null }), '2026-11-24', []],
    ['a province that was', address({ provinceCode: '49', communeCode: null }), '2025-06-30', []],
    ['a province that is no more', address({ provinceCode: '49' }), '2025-07-01', [{ field: 'provinceCode', detail: 'was the code of Tỉnh Quảng Nam from 2004-01-01 to 2025-06-30, not on 2025-07-01, of the list of places mẫu 1' }]],
    ['a code that is none', address({ provinceCode: 'HUE' }), '2026-11-24', [{ field: 'provinceCode', detail: 'is no code of the list of places mẫu 1' }]],
    ['a commune that is not yet', address(), '2025-06-30', [{ field: 'communeCode', detail: expect.stringContaining('from 2025-07-01 to today') as string }]],
    ['a commune of another province', address({ provinceCode: '49' }), '2025-06-30', [{ field: 'communeCode', detail: expect.stringContaining('not on 2025-06-30') as string }]],
  ])('says of %s what is wrong', (_what, given, day, faults) => {
    expect(placeFaults(given, places, day)).toEqual(faults);
  });

  it('checks nothing where there is no list', () => {
    expect(placeFaults(address({ provinceCode: 'HUE' }), NO_PLACES, '2026-11-24')).toEqual([]);
  });

  it('writes an address as on an envelope, and no name twice', () => {
    expect(addressInWords(address(), places, '2026-11-24')).toBe('1 Đường Thử Nghiệm, Phường Mẫu, Thành phố Huế');
    expect(addressInWords(address({ line: '1 Đường Thử Nghiệm, phường Mẫu' }), places, '2026-11-24')).toBe('1 Đường Thử Nghiệm, phường Mẫu, Thành phố Huế');
    expect(addressInWords(address(), NO_PLACES, '2026-11-24')).toBe('1 Đường Thử Nghiệm');
  });
});
