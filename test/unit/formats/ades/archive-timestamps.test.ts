import { beforeAll, describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../../certs/policy/load-policy.ts';
import { readMaterial } from '../../../../src/formats/ades/context.ts';
import { validationPolicy } from '../../../../src/formats/ades/policy.ts';
import { context, octetString, sequence } from '../../../../src/formats/asn1/writer.ts';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import { attribute, buildSignatureTimestampAttribute } from '../../../../src/formats/cms/build-attributes.ts';
import { addUnsignedAttribute } from '../../../../src/formats/cms/build-signed-data.ts';
import { ATTRIBUTE } from '../../../../src/formats/cms/oids.ts';
import { verifyDocument } from '../../../../src/usecases/verify-document.ts';
import { archiveStamp, withValidationData } from '../../../support/archive-stamp.ts';
import { testIdentity } from '../../../support/certificates.ts';
import { frozenClock } from '../../../support/clock.ts';
import { signForTest } from '../../../support/cms.ts';
import { pastCa, pastCrl, pastTsa, tokenFor } from '../../../support/past-pki.ts';

const day = (text: string): Date => new Date(`${text}T00:00:00Z`);
const NOW = day('2026-06-01');
const SIGNED = day('2020-03-01');
const CONTENT = Buffer.from('Quyết định số 12/QĐ-UBND');

/** The authority of the signer ended in 2024, the first time-stamping authority in 2023. */
const root = pastCa('Gốc', day('2015-01-01'), day('2045-01-01'));
const issuing = pastCa('Cấp chứng thư', day('2016-01-01'), day('2024-01-01'), root);
const signer = testIdentity({ issuer: issuing, notBefore: day('2019-01-01'), notAfter: day('2021-01-01') });
const firstTsa = pastTsa(root, 'Dấu thời gian đến 2023', day('2019-01-01'), day('2023-01-01'));
const tsa = pastTsa(root, 'Dấu thời gian đến 2040', day('2019-01-01'), day('2040-01-01'));
const lists2020 = [root, issuing].map((issuer) => pastCrl(issuer, day('2020-03-02'), day('2020-06-01')));
const rootList2022 = pastCrl(root, day('2022-02-01'), day('2022-06-01'));
const rootListNow = pastCrl(root, day('2026-05-25'), day('2026-09-01'));

const policy = validationPolicy(loadPolicy('default'));

async function verify(cms: Uint8Array, content: Uint8Array | null = CONTENT) {
  const ports = { trustStore: { anchors: () => Promise.resolve([{ certificateDer: root.certificateDer, set: 'test' }]) }, clock: frozenClock(NOW) };
  const { signatures, timestamps } = await verifyDocument(ports, { file: 'a.p7s', source: bytesSource(cms), ...(content === null ? {} : { detached: bytesSource(content) }), policy, revocation: readMaterial('given', [rootListNow], []) });
  const [signature] = signatures;
  return {
    verdict: signature?.subIndication ?? signature?.indication,
    level: signature?.level,
    archive: timestamps.filter(({ type }) => type === 'archive').map(({ indication, subIndication }) => subIndication ?? indication),
    details: timestamps.flatMap(({ checks }) => checks.filter(({ name }) => name === 'archive-hash-index').map(({ detail }) => detail)),
  };
}

const OPEN = { verdict: 'REVOCATION_OUT_OF_BOUNDS_NO_POE' };
const sign = (stampedBy = tsa, encapsulated = false): Uint8Array => signForTest({ content: CONTENT, identity: signer, attributes: { signingTime: SIGNED }, encapsulated, unsigned: (value) => [buildSignatureTimestampAttribute(tokenFor(stampedBy, value, SIGNED))] });

let longTerm: Uint8Array;
beforeAll(() => {
  longTerm = withValidationData(sign(), [issuing.certificateDer, tsa.certificateDer], lists2020);
});
const stamp = (cms: Uint8Array, more: Partial<Parameters<typeof archiveStamp>[1]> = {}): Uint8Array => archiveStamp(cms, { content: CONTENT, tsa, at: day('2020-03-03'), ...more });

describe('archive-time-stamp-v3 (EN 319 122-1 §5.5.3)', () => {
  it('proves what it covers, and makes B-LT a B-LTA', async () => {
    expect(await verify(longTerm)).toMatchObject({ ...OPEN, archive: [] });
    expect(await verify(stamp(longTerm))).toMatchObject({ verdict: 'TOTAL-PASSED', level: 'B-LTA', archive: ['PASSED'], details: ['6 pieces of validation data and attributes are covered'] });
  });

  it('covers content inside the CMS as well', async () => {
    const inside = withValidationData(sign(tsa, true), [issuing.certificateDer], lists2020);
    expect(await verify(stamp(inside), null)).toMatchObject({ verdict: 'TOTAL-PASSED', level: 'B-LTA' });
  });

  it('covers what certificate-values and revocation-values hold (§A.1.1.2, §A.1.2.2)', async () => {
    const values = [attribute(ATTRIBUTE.certificateValues, sequence(issuing.certificateDer)), attribute(ATTRIBUTE.revocationValues, sequence(context(0, sequence(...lists2020))))];
    const cms = values.reduce((before, value) => addUnsignedAttribute(before, value), sign());
    expect(await verify(cms)).toMatchObject(OPEN);
    expect(await verify(stamp(cms))).toMatchObject({ verdict: 'TOTAL-PASSED', level: 'B-LTA' });
  });

  it('proves nothing of what is not in its hash index, so of nothing added later (§5.5.2)', async () => {
    const early = stamp(sign());
    expect(await verify(withValidationData(early, [issuing.certificateDer], lists2020))).toMatchObject({ ...OPEN, archive: ['PASSED'] });
    expect(await verify(stamp(longTerm, { uncovered: (kind) => kind === 'crl' }))).toMatchObject({ ...OPEN, archive: ['PASSED'] });
  });

  it('is no proof when it came after the issuer’s end', async () => {
    expect(await verify(stamp(longTerm, { at: day('2025-01-01') }))).toMatchObject({ ...OPEN, archive: ['PASSED'] });
  });

  it('goes along a chain, each proven by the next before its own authority ended', async () => {
    const first = stamp(withValidationData(sign(firstTsa), [issuing.certificateDer, tsa.certificateDer], lists2020), { tsa: firstTsa });
    expect((await verify(first)).verdict, 'its authority has ended').not.toBe('TOTAL-PASSED');
    const kept = withValidationData(first, [firstTsa.certificateDer], [rootList2022]);
    expect(await verify(stamp(kept, { at: day('2022-02-02') }))).toMatchObject({ verdict: 'TOTAL-PASSED', level: 'B-LTA', archive: ['PASSED', 'PASSED'] });
    expect((await verify(stamp(kept, { at: day('2023-02-02') }))).verdict).not.toBe('TOTAL-PASSED');
  });

  it('is out of order when it is older than what it covers (EN 319 102-1 §5.5.4)', async () => {
    expect(await verify(stamp(longTerm, { at: day('2020-02-20') }))).toMatchObject({ verdict: 'TIMESTAMP_ORDER_FAILURE' });
  });

  it.each<[string, (cms: Uint8Array) => Uint8Array, string, RegExp]>([
    ['over other content', (cms) => stamp(cms, { content: Buffer.from('khác') }), 'HASH_FAILURE', /covered/],
    ['with an index changed afterwards', (cms) => stamp(cms, { index: { attached: (der) => sequence(...emptyLists(der)) } }), 'HASH_FAILURE', /covered/],
    ['whose index names what is not there', (cms) => stamp(cms, { index: { stamped: (der) => sequence(...emptyLists(der, octetString(Buffer.alloc(32)))) } }), 'NO_POE', /names what is not in the signature/],
    ['whose index is malformed', (cms) => stamp(cms, { index: { stamped: () => sequence() } }), 'NO_POE', /malformed/],
    ['of version 2', (cms) => addUnsignedAttribute(cms, attribute(ATTRIBUTE.archiveTimestampV2, tokenFor(tsa, CONTENT, day('2020-03-03')))), 'NO_POE', /version 2/],
    ['without an index', (cms) => addUnsignedAttribute(cms, attribute(ATTRIBUTE.archiveTimestampV3, tokenFor(tsa, CONTENT, day('2020-03-03')))), 'NO_POE', /no ats-hash-index-v3/],
    ['that is no token', (cms) => addUnsignedAttribute(cms, attribute(ATTRIBUTE.archiveTimestampV3, sequence())), 'NO_POE', /cannot be read/],
  ])('proves nothing %s', async (_, change, archive, detail) => {
    const judged = await verify(change(longTerm));
    expect(judged).toMatchObject({ ...OPEN, archive: [archive] });
    expect(judged.details[0]).toMatch(detail);
  });

  it('judges twenty of them, each digest of what they cover made once', async () => {
    let cms = longTerm;
    for (let count = 0; count < 25; count++) cms = stamp(cms, { at: new Date(day('2020-03-03').getTime() + count * 1000) });
    expect((await verify(cms)).archive).toHaveLength(20);
  });

  it('does not turn a changed document into an unchanged one', async () => {
    expect(await verify(stamp(longTerm), Buffer.from('khác'))).toMatchObject({ verdict: 'HASH_FAILURE', archive: ['HASH_FAILURE'] });
  });
});

/** The algorithm, and lists that are empty but for what is given for the first. */
function emptyLists(der: Uint8Array, ...certificates: readonly Uint8Array[]): Uint8Array[] {
  const algorithmBytes = 2 + (der[der[1] === 0x82 ? 5 : der[1] === 0x81 ? 4 : 3] ?? 0);
  const start = der[1] === 0x82 ? 4 : der[1] === 0x81 ? 3 : 2;
  return [der.subarray(start, start + algorithmBytes), sequence(...certificates), sequence(), sequence()];
}
