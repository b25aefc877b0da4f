import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openKeptTrust, type KeptTrust, type NewAnchor } from '../../../certs/trust-store/open.ts';
import { readCertificate } from '../../../src/formats/x509/certificate.ts';
import { pemOf } from '../../../src/formats/x509/pem.ts';
import { testCa, testIdentity, type TestIdentity } from '../../support/certificates.ts';

const AT = new Date('2026-11-24T02:00:00.000Z');

let neac: TestIdentity;
let official: TestIdentity;
let folder: string;
let trust: KeptTrust;

beforeAll(() => {
  neac = testCa([['C', 'VN'], ['CN', 'Gốc công cộng (mẫu)']]);
  official = testCa([['C', 'VN'], ['CN', 'Gốc chuyên dùng công vụ (mẫu)']]);
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lienthong-trust-'));
  trust = openKeptTrust(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sha256 = ({ certificateDer }: TestIdentity): string => readCertificate(certificateDer).sha256Hex;
const anchor = (identity: TestIdentity, over: Partial<NewAnchor> = {}): NewAnchor => ({ purpose: 'signature', set: 'neac', certificateDer: identity.certificateDer, source: 'giao tận tay', addedAt: AT, ...over });
const file = (purpose: string, set: string, identity: TestIdentity): string => join(folder, purpose, set, `${sha256(identity)}.pem`);

describe('the trust anchors kept in a data folder', () => {
  it('are none at first', async () => {
    expect(trust.list()).toEqual([]);
    expect(await trust.anchors('signature')).toEqual([]);
  });

  it('keep purposes and sets apart, with subject, digest, source and time', async () => {
    trust.add(anchor(neac));
    trust.add(anchor(official, { set: 'official-use' }));
    trust.add(anchor(official, { purpose: 'timestamp', set: 'official-use' }));
    expect((await trust.anchors('signature')).map(({ set }) => set)).toEqual(['neac', 'official-use']);
    expect((await trust.anchors('timestamp')).map(({ set, certificateDer }) => [set, readCertificate(certificateDer).sha256Hex])).toEqual([['official-use', sha256(official)]]);
    expect(trust.list({ set: 'neac' })).toEqual([{ purpose: 'signature', set: 'neac', sha256: sha256(neac), subject: readCertificate(neac.certificateDer).subject, source: 'giao tận tay', addedAt: AT }]);
    expect(openKeptTrust(folder).list()).toHaveLength(3);
  });

  it('count as soon as another process changes them', async () => {
    expect(await trust.anchors('signature')).toEqual([]);
    const other = openKeptTrust(folder);
    other.add(anchor(neac));
    expect(await trust.anchors('signature')).toHaveLength(1);
    other.add(anchor(official));
    expect(await trust.anchors('signature')).toHaveLength(2);
    other.remove({ sha256: sha256(neac) });
    expect((await trust.anchors('signature')).map(({ certificateDer }) => Buffer.from(certificateDer).equals(official.certificateDer))).toEqual([true]);
  });

  it('change nothing when added again', () => {
    expect(trust.add(anchor(neac)).isNew).toBe(true);
    expect(trust.add(anchor(neac, { source: 'elsewhere', addedAt: new Date() }))).toMatchObject({ isNew: false, anchor: { source: 'giao tận tay', addedAt: AT } });
  });

  it('are removed from one set or purpose, or from all', () => {
    for (const purpose of ['signature', 'timestamp'] as const) trust.add(anchor(neac, { purpose }));
    expect(trust.remove({ sha256: sha256(neac), purpose: 'timestamp' })).toHaveLength(1);
    expect(trust.list().map(({ purpose }) => purpose)).toEqual(['signature']);
    expect(trust.remove({ sha256: sha256(official) })).toEqual([]);
    expect(trust.remove({ sha256: sha256(neac) })).toHaveLength(1);
    expect(readdirSync(join(folder, 'signature', 'neac'))).toEqual(['manifest.json']);
  });

  it('do not count when only the file lies there, without the manifest', async () => {
    trust.add(anchor(neac));
    writeFileSync(file('signature', 'neac', official), pemOf('CERTIFICATE', official.certificateDer));
    expect(await openKeptTrust(folder).anchors('signature')).toHaveLength(1);
  });

  it.each<[string, (path: string) => void]>([
    ['exchanged', (path) => writeFileSync(path, pemOf('CERTIFICATE', official.certificateDer))],
    ['gone', (path) => rmSync(path)],
    ['garbage', (path) => writeFileSync(path, 'x')],
  ])('decide nothing when a listed file is %s', async (_, tamper) => {
    trust.add(anchor(neac));
    tamper(file('signature', 'neac', neac));
    await expect(openKeptTrust(folder).anchors('signature')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('decide nothing when the manifest is damaged', async () => {
    trust.add(anchor(neac));
    const path = join(folder, 'signature', 'neac', 'manifest.json');
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -20));
    await expect(openKeptTrust(folder).anchors('signature')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('are authorities only: a signer would vouch for itself (RFC 5280 §4.2.1.9)', () => {
    expect(() => trust.add(anchor(testIdentity({ key: 'p256' })))).toThrow(expect.objectContaining({ code: 'CERTIFICATE_USAGE' }));
  });

  it.each(['', '..', '../x', 'a/b', 'NEAC', '-a', 'a-', 'a'.repeat(65), 'a\u0000'])('lie in no set named %j', (set) => {
    expect(() => trust.add(anchor(neac, { set }))).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
    expect(readdirSync(folder)).toEqual([]);
  });
});
