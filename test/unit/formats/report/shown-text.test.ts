import { describe, expect, it } from 'vitest';
import { namePartsOf } from '../../../../src/formats/report/distinguished-name.ts';
import { shownHex, shownName, shownText, shownTime } from '../../../../src/formats/report/shown-text.ts';

describe('shownText', () => {
  it('is composed (NFC), without controls and marks that turn or hide writing', () => {
    expect(shownText('Hue\u0302\u0301\u202e\u200b\u0007')).toBe('Huế\ufffd\ufffd\ufffd');
  });

  it('is cut between characters', () => {
    expect(Array.from(shownText('😀'.repeat(700)))).toHaveLength(601);
  });
});

describe('shownTime', () => {
  it('is in Vietnam’s zone and says so (Decree 30/2020/NĐ-CP Annex I)', () => {
    expect(shownTime('2026-11-24T17:30:15.250Z')).toBe('2026-11-25 00:30:15 +07:00');
  });

  it('keeps what is no instant', () => {
    expect(shownTime('never')).toBe('never');
  });
});

it('shownHex groups digits so that two digests can be compared by eye', () => {
  expect(shownHex('0123456789abcdef')).toBe('01234567 89abcdef');
});

describe('namePartsOf', () => {
  it('finds name, position and organisation, most specific first (RFC 4514 §2)', () => {
    expect(namePartsOf('CN=Nguyễn Văn Ấn,title=Chủ tịch,OU=Văn phòng,O=UBND xã Phú Mậu,C=VN')).toEqual({ name: 'Nguyễn Văn Ấn', title: 'Chủ tịch', organisation: ['Văn phòng', 'UBND xã Phú Mậu'] });
  });

  it('reads escaped characters and bytes, and several attributes in one RDN (RFC 4514 §2.4)', () => {
    expect(namePartsOf('CN=Hu\\C3\\AA\\, Inc.+serialNumber=1,O=A\\+B')).toEqual({ name: 'Huê, Inc.', title: null, organisation: ['A+B'] });
  });

  it('shows a name without a common name by its organisation, else whole', () => {
    expect(namePartsOf('O=Sở Tư pháp,C=VN').name).toBe('Sở Tư pháp');
    expect(namePartsOf('DC=example').name).toBe('DC=example');
    expect(namePartsOf('').name).toBe('—');
  });
});

it('shownName gives room between RDNs, not within values', () => {
  expect(shownName('CN=A\\,B,O=C')).toBe('CN=A\\,B, O=C');
});
