import { beforeAll, describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../../certs/policy/load-policy.ts';
import { readMaterial } from '../../../../src/formats/ades/context.ts';
import { validationPolicy, type PolicySettings, type ValidationPolicy } from '../../../../src/formats/ades/policy.ts';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import { verifyDocument } from '../../../../src/usecases/verify-document.ts';
import { testIdentity } from '../../../support/certificates.ts';
import { frozenClock } from '../../../support/clock.ts';
import { pastCa, pastCrl, pastTsa, signPast, stampPast, withStore } from '../../../support/past-pki.ts';
import { onePagePdf } from '../../../support/pdf.ts';

const day = (text: string): Date => new Date(`${text}T00:00:00Z`);
const later = (time: Date, seconds: number): Date => new Date(time.getTime() + seconds * 1000);
const NOW = day('2026-06-01');
const SIGNED = day('2020-03-01');
const UPPER_SERIAL = Uint8Array.of(0x42, 1);

/** Root and time-stamping authority use ECDSA; those who vouch for the signer use RSA, which one of the policies below gives up in 2022. */
const root = pastCa('Gốc', day('2015-01-01'), day('2045-01-01'), undefined, { key: 'p256' });
const upper = pastCa('Cấp trên', day('2016-01-01'), day('2040-01-01'), root, { serialNumber: UPPER_SERIAL });
const lower = pastCa('Cấp dưới', day('2016-01-01'), day('2040-01-01'), upper);
const signer = testIdentity({ issuer: lower, notBefore: day('2019-01-01'), notAfter: day('2025-01-01') });
const lastingSigner = testIdentity({ issuer: lower, notBefore: day('2019-01-01'), notAfter: day('2035-01-01') });
const tsa = pastTsa(root, 'Dấu thời gian', day('2019-01-01'), day('2040-01-01'), 'p256');

const listsOf = (thisUpdate: Date): Uint8Array[] => [upper, lower].map((issuer) => pastCrl(issuer, thisUpdate, day('2020-06-01')));
const rootCrl = (revokedAt?: Date): Uint8Array =>
  pastCrl(root, day('2026-05-25'), day('2026-09-01'), revokedAt === undefined ? [] : [{ serialNumber: UPPER_SERIAL, at: revokedAt, reason: 'cACompromise' }]);
const REVOKED_2022 = rootCrl(day('2022-01-01'));

const settings = loadPolicy('default');
const withSettings = (changed: Partial<PolicySettings>): ValidationPolicy => validationPolicy({ ...settings, ...changed });
const policy = withSettings({});
const asIssued = withSettings({ revocation: { ...settings.revocation, slidesTo: 'thisUpdate' } });
const keys = settings.algorithms.keys.map((rule) => (rule.type === 'RSA' ? { ...rule, until: '2022-01-01' } : rule));
const algorithms = { ...settings.algorithms, keys };
const withoutRsa = withSettings({ algorithms, revocation: { ...settings.revocation, algorithms } });

async function verify(pdf: Uint8Array, given: Uint8Array = rootCrl(), under = policy) {
  const ports = { trustStore: { anchors: () => Promise.resolve([{ certificateDer: root.certificateDer, set: 'test' }]) }, clock: frozenClock(NOW) };
  const { signatures } = await verifyDocument(ports, { file: 'a.pdf', source: bytesSource(pdf), policy: under, revocation: readMaterial('given', [given], []) });
  const [signature] = signatures;
  return { indication: signature?.indication, subIndication: signature?.subIndication, control: signature?.checks.find(({ name }) => name === 'control-time')?.detail };
}

const PASSED = { indication: 'TOTAL-PASSED', subIndication: null };
const open = (subIndication: string): object => ({ indication: 'INDETERMINATE', subIndication });
const sign = (at?: Date, identity = signer): Promise<Buffer> => signPast(onePagePdf(), { identity, chainDer: [lower.certificateDer, upper.certificateDer], signingTime: SIGNED, ...(at === undefined ? {} : { stamp: { tsa, at } }) });

let bare: Buffer;
let stored: Buffer;
let archived: Buffer;
let archivedLate: Buffer;
beforeAll(async () => {
  bare = await sign(SIGNED);
  stored = withStore(bare, [lower.certificateDer, upper.certificateDer], listsOf(day('2020-03-02')));
  archived = await stampPast(stored, tsa, day('2020-03-03'));
  archivedLate = await stampPast(stored, tsa, day('2023-03-03'));
});

describe('the control time slides down the chain (EN 319 102-1 §5.6.2.2)', () => {
  it('to the last moment for which old revocation information speaks, what is below being proven older', async () => {
    expect(await verify(archived)).toMatchObject({ ...PASSED, control: `everything up to ${day('2020-06-01').toISOString()} may be believed` });
    expect(await verify(stored), 'nothing proves that the lists are of before').toMatchObject(open('REVOCATION_OUT_OF_BOUNDS_NO_POE'));
    expect(await verify(archivedLate)).toMatchObject(open('REVOCATION_OUT_OF_BOUNDS_NO_POE'));
  });

  it('not at all while nothing of the chain has ended: its information need only be fresh at the proven time (§5.5.4 step 6)', async () => {
    const lasting = (lists: Uint8Array[], at?: Date) => sign(at, lastingSigner).then((pdf) => withStore(pdf, [lower.certificateDer, upper.certificateDer], lists));
    expect(await verify(await lasting(listsOf(day('2020-03-02')), SIGNED))).toMatchObject({ ...PASSED, control: undefined });
    const ofLongAgo = [upper, lower].map((issuer) => pastCrl(issuer, day('2019-03-01'), day('2019-06-01')));
    expect(await verify(await lasting(ofLongAgo, SIGNED)), 'not fresh when it was signed').toMatchObject(open('TRY_LATER'));
    expect(await verify(await lasting(listsOf(day('2020-03-02')))), 'nothing proves when it was signed').toMatchObject(open('TRY_LATER'));
  });

  it('to the issuance of that information, where the policy takes the standard by the letter', async () => {
    expect(await verify(archived, rootCrl(), asIssued), 'stamped a day after the lists').toMatchObject(open('REVOCATION_OUT_OF_BOUNDS_NO_POE'));
    const sameDay = await stampPast(stored, tsa, day('2020-03-02'));
    expect(await verify(sameDay, rootCrl(), asIssued)).toMatchObject({ ...PASSED, control: `everything up to ${day('2020-03-02').toISOString()} may be believed` });
    const before = await stampPast(withStore(bare, [lower.certificateDer, upper.certificateDer], listsOf(day('2020-02-20'))), tsa, SIGNED);
    expect(await verify(before), 'taken at its word until its nextUpdate').toMatchObject(PASSED);
    expect((await verify(before, rootCrl(), asIssued)).indication).toBe('INDETERMINATE');
  });

  it('to the revocation of an authority: what it issued must be proven to be older', async () => {
    expect(await verify(archived, REVOKED_2022)).toMatchObject(PASSED);
    expect(await verify(bare, REVOKED_2022)).toMatchObject(open('CERTIFICATE_CHAIN_GENERAL_FAILURE'));
    expect(await verify(stored, REVOKED_2022), 'the certificate could have been issued after it').toMatchObject(open('NO_POE'));
    expect(await verify(archivedLate, REVOKED_2022)).toMatchObject(open('NO_POE'));
  });

  it('and leaves open what is proven only after an authority’s revocation', async () => {
    const late = withStore(await sign(day('2022-03-01')), [lower.certificateDer, upper.certificateDer], [upper, lower].map((issuer) => pastCrl(issuer, day('2022-03-02'), day('2022-06-01'))));
    expect(await verify(await stampPast(late, tsa, day('2022-03-03')), REVOKED_2022)).toMatchObject(open('REVOKED_CA_NO_POE'));
  });

  it('to the end of an algorithm, certificate by certificate and list by list', async () => {
    expect(await verify(archived, rootCrl(), withoutRsa)).toMatchObject(PASSED);
    expect(await verify(archivedLate, rootCrl(), withoutRsa), 'the certificate itself could have been made since').toMatchObject({ ...open('NO_POE'), control: expect.stringContaining('2022-01-01') as unknown });
    expect(await verify(await sign(), rootCrl(), withoutRsa)).toMatchObject(open('CRYPTO_CONSTRAINTS_FAILURE_NO_POE'));
    expect(await verify(await sign(day('2023-01-01')), rootCrl(), withoutRsa)).toMatchObject(open('CRYPTO_CONSTRAINTS_FAILURE_NO_POE'));
  });
});

describe('the order of time-stamps (EN 319 102-1 §5.5.4, RFC 3161 §2.4.2)', () => {
  const direct = testIdentity({ issuer: root, notBefore: day('2019-01-01'), notAfter: day('2035-01-01') });
  const signDirect = (contentAt: Date, accuracySeconds?: number): Promise<Buffer> => {
    const accuracy = accuracySeconds === undefined ? {} : { accuracySeconds };
    return signPast(onePagePdf(), { identity: direct, chainDer: [], signingTime: SIGNED, stamp: { tsa, at: SIGNED, ...accuracy }, contentStamp: { tsa, at: contentAt, ...accuracy } });
  };

  it('is judged with the accuracies that the authorities state', async () => {
    expect(await verify(await signDirect(later(SIGNED, 2)))).toMatchObject(open('TIMESTAMP_ORDER_FAILURE'));
    expect(await verify(await signDirect(later(SIGNED, 2), 5))).toMatchObject(PASSED);
    expect(await verify(await signDirect(later(SIGNED, 11), 5))).toMatchObject(open('TIMESTAMP_ORDER_FAILURE'));
  });

  it('is broken by a document time-stamp that is older than what it covers', async () => {
    const pdf = await signDirect(SIGNED);
    expect(await verify(await stampPast(pdf, tsa, SIGNED))).toMatchObject(PASSED);
    expect(await verify(await stampPast(pdf, tsa, later(SIGNED, -60)))).toMatchObject(open('TIMESTAMP_ORDER_FAILURE'));
  });
});
