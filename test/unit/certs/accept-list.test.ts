import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../certs/policy/load-policy.ts';
import { acceptList } from '../../../certs/trust-store/accept-list.ts';
import type { KeptList } from '../../../certs/trust-store/kept-list.ts';
import { openKeptTrust, type KeptTrust } from '../../../certs/trust-store/open.ts';
import { readCertificate } from '../../../src/formats/x509/certificate.ts';
import { testCa, testIdentity, type TestIdentity } from '../../support/certificates.ts';
import { listXml, signXml, type ListDraft } from '../../support/trusted-list.ts';

const NOW = new Date('2026-11-24T02:00:00Z');
const day = (text: string): Date => new Date(`${text}T00:00:00Z`);

let operator: TestIdentity;
let ca: TestIdentity;
let unit: TestIdentity;
let folder: string;
let trust: KeptTrust;

beforeAll(() => {
  operator = testIdentity({ key: 'p256', notBefore: day('2020-01-01'), notAfter: day('2036-01-01') });
  ca = testCa([['C', 'VN'], ['CN', 'CA mẫu']]);
  unit = testIdentity({ name: [['C', 'VN'], ['CN', 'TSU mẫu']], issuer: ca });
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lienthong-kept-list-'));
  trust = openKeptTrust(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sha256 = ({ certificateDer }: TestIdentity): string => readCertificate(certificateDer).sha256Hex;

function accept(over: Partial<ListDraft> = {}, known: KeptList | null = null, purposes: KeptList['purposes'] = ['signature', 'timestamp']): KeptList {
  const services = [{ certificateDer: ca.certificateDer }, { certificateDer: unit.certificateDer, type: 'TSA/QTST', name: 'TSA' }, { certificateDer: unit.certificateDer, type: 'CA/QC', name: 'no CA' }, { certificateDer: ca.certificateDer, type: 'unspecified', name: 'other' }];
  const bytes = Buffer.from(signXml(listXml({ sequenceNumber: 5, issuedAt: day('2026-11-01'), services, ...over }), operator));
  return acceptList({ set: 'neac', source: '/x.xml', bytes, purposes, signers: [{ sha256: sha256(operator), certificate: null }], algorithms: loadPolicy('default').algorithms, now: NOW, known });
}

describe('acceptList', () => {
  it('takes CAs for signatures, units for time-stamps, and shows the rest without trusting it', () => {
    const { anchors, untrusted } = accept();
    expect(anchors).toMatchObject([{ purpose: 'signature', sha256: sha256(ca), direct: false }, { purpose: 'timestamp', sha256: sha256(unit), direct: true }]);
    expect(untrusted.map(({ service }) => service)).toEqual(['no CA', 'other']);
    expect(accept({}, null, ['timestamp']).anchors.map(({ purpose }) => purpose)).toEqual(['timestamp']);
  });

  it('refuses a list that is older than the kept one, by number or by time, or another of the same number', () => {
    const known = accept();
    expect(() => accept({ sequenceNumber: 4 }, known)).toThrow('number 4 is older than 5');
    expect(() => accept({ sequenceNumber: 6, issuedAt: day('2026-10-01') }, known)).toThrow('before the one that is kept');
    expect(() => accept({ services: [] }, known)).toThrow('another list with the number 5');
    expect(accept({ sequenceNumber: 6 }, known).sequenceNumber).toBe(6);
  });
});

describe('a kept list', () => {
  it('gives its anchors with their windows, and counts as soon as it changes', async () => {
    expect(await trust.anchors('signature')).toEqual([]);
    openKeptTrust(folder).keepList(accept());
    expect(await trust.anchors('signature')).toMatchObject([{ set: 'neac', windows: [{ from: day('2020-01-01'), until: null }], direct: false }]);
    expect(await trust.anchors('timestamp')).toMatchObject([{ direct: true }]);
    expect(trust.removeList('neac')).toBe(true);
    expect(await trust.anchors('signature')).toEqual([]);
  });

  it('decides nothing once somebody has changed it', async () => {
    trust.keepList(accept());
    const path = join(folder, 'lists', 'neac.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(Buffer.from(ca.certificateDer).toString('base64'), Buffer.from(unit.certificateDer).toString('base64')));
    await expect(trust.anchors('signature')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('takes no set whose name leads elsewhere', () => {
    expect(() => trust.listOf('../x')).toThrow('Not a name for a set');
  });
});
