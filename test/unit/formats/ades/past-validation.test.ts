import { beforeAll, describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../../certs/policy/load-policy.ts';
import { readMaterial } from '../../../../src/formats/ades/context.ts';
import { documentJudge, type JudgedDocument } from '../../../../src/formats/ades/judge-document.ts';
import { validationPolicy } from '../../../../src/formats/ades/policy.ts';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import { readCertificate } from '../../../../src/formats/x509/certificate.ts';
import { testIdentity, type TestIdentity } from '../../../support/certificates.ts';
import { pastCa, pastCrl, pastTsa, signPast, stampPast, withStore } from '../../../support/past-pki.ts';
import { onePagePdf } from '../../../support/pdf.ts';

const day = (text: string): Date => new Date(`${text}T00:00:00Z`);
const NOW = day('2026-06-01');
const SIGNED = new Date('2020-03-01T08:00:00Z');

/** Root until 2045; the authority that issued the signer's certificate ended in 2024, the certificate in 2021. */
const root = pastCa('Gốc', day('2015-01-01'), day('2045-01-01'));
const issuing = pastCa('Cấp chứng thư', day('2016-01-01'), day('2024-01-01'), root);
const SIGNER_SERIAL = Uint8Array.of(0x41, 1);
const signer = testIdentity({ issuer: issuing, serialNumber: SIGNER_SERIAL, notBefore: day('2019-01-01'), notAfter: day('2021-01-01') });
const earlyTsa = pastTsa(root, 'Dấu thời gian đến 2023', day('2019-01-01'), day('2023-01-01'));
const lateTsa = pastTsa(root, 'Dấu thời gian đến 2040', day('2019-01-01'), day('2040-01-01'));

const rootCrl2020 = pastCrl(root, day('2020-03-02'), day('2020-06-01'));
const issuingCrl2020 = pastCrl(issuing, day('2020-03-02'), day('2020-06-01'));
/** What the root says today, of the authorities that are still alive. */
const rootCrlNow = pastCrl(root, day('2026-05-25'), day('2026-09-01'));

const policy = validationPolicy(loadPolicy('default'));
function judge(pdf: Uint8Array, crlsDer: readonly Uint8Array[] = [rootCrlNow]): JudgedDocument {
  const anchors = [{ certificate: readCertificate(root.certificateDer), set: 'test' }];
  return documentJudge(bytesSource(pdf))({ policy, at: NOW, anchors: { signature: anchors, timestamp: anchors }, certificates: [], revocation: readMaterial('given', crlsDer, []) });
}
const verdict = ({ signatures: [signature] }: JudgedDocument) => ({ indication: signature?.indication, subIndication: signature?.subIndication, source: signature?.signingTime.source });

let stamped: Buffer;
let longTerm: Buffer;
const sign = (tsa: TestIdentity): Promise<Buffer> => signPast(onePagePdf(), { identity: signer, chainDer: [issuing.certificateDer], signingTime: SIGNED, stamp: { tsa, at: SIGNED } });
beforeAll(async () => {
  stamped = await sign(lateTsa);
  longTerm = withStore(stamped, [issuing.certificateDer], [rootCrl2020, issuingCrl2020]);
});

describe('validation years later (EN 319 102-1 §5.6)', () => {
  it('leaves B-LT open once the issuer has ended: its CRL could have been made since', () => {
    const judged = judge(longTerm);
    expect(verdict(judged)).toEqual({ indication: 'INDETERMINATE', subIndication: 'REVOCATION_OUT_OF_BOUNDS_NO_POE', source: 'timestamp' });
    expect(judged.signatures[0]?.checks.find(({ name }) => name === 'control-time')).toMatchObject({ status: 'failed', detail: expect.stringContaining('2020-06-01') as unknown });
  });

  it('passes when a document time-stamp over the store is older than the issuer’s end', async () => {
    const judged = judge(await stampPast(longTerm, lateTsa, day('2020-03-03')));
    expect(verdict(judged)).toEqual({ indication: 'TOTAL-PASSED', subIndication: null, source: 'timestamp' });
    expect(judged.signatures[0]?.level).toBe('B-LTA');
  });

  it('sets newer information aside that nothing proves, where older information is proven', async () => {
    const stamped = await stampPast(longTerm, lateTsa, day('2020-03-03'));
    const unproven = pastCrl(issuing, day('2023-05-01'), day('2023-08-01'));
    expect(verdict(judge(stamped, [rootCrlNow, unproven]))).toMatchObject({ indication: 'TOTAL-PASSED' });
    const revoking = pastCrl(issuing, day('2023-05-01'), day('2023-08-01'), [{ serialNumber: SIGNER_SERIAL, at: day('2020-02-01'), reason: 'keyCompromise' }]);
    expect(verdict(judge(stamped, [rootCrlNow, revoking])), 'but never what speaks of a revocation').toMatchObject({ indication: 'INDETERMINATE', subIndication: 'REVOKED_NO_POE' });
  });

  it('does not take a list of after a certificate’s end for good news of it (RFC 5280 §3.3)', async () => {
    const without = withStore(stamped, [issuing.certificateDer], [issuingCrl2020]);
    expect(verdict(judge(await stampPast(without, lateTsa, day('2020-03-03'))))).toMatchObject({ subIndication: 'CERTIFICATE_CHAIN_GENERAL_FAILURE' });
  });

  it('does not take a document time-stamp that came after the issuer’s end for a proof', async () => {
    expect(verdict(judge(await stampPast(longTerm, lateTsa, day('2025-01-01'))))).toMatchObject({ subIndication: 'REVOCATION_OUT_OF_BOUNDS_NO_POE' });
  });

  it('does not take one for a proof of what was stored only after it', async () => {
    const early = await stampPast(stamped, lateTsa, day('2020-03-03'));
    expect(verdict(judge(withStore(early, [issuing.certificateDer], [rootCrl2020, issuingCrl2020])))).toMatchObject({ subIndication: 'REVOCATION_OUT_OF_BOUNDS_NO_POE' });
  });

  it('goes along a chain of document time-stamps, each proven by the next before its own authority ended', async () => {
    const first = await stampPast(withStore(await sign(earlyTsa), [issuing.certificateDer], [rootCrl2020, issuingCrl2020]), earlyTsa, day('2020-03-03'));
    expect(verdict(judge(first)), 'the authority has ended, nothing proves its stamps').toMatchObject({ indication: 'INDETERMINATE' });
    const rootCrl2022 = pastCrl(root, day('2022-02-01'), day('2022-06-01'));
    const kept = withStore(first, [issuing.certificateDer], [rootCrl2020, issuingCrl2020, rootCrl2022]);
    const judged = judge(await stampPast(kept, lateTsa, day('2022-02-02')));
    expect(judged.timestamps.map(({ indication }) => indication)).toEqual(['PASSED', 'PASSED', 'PASSED']);
    expect(verdict(judged)).toEqual({ indication: 'TOTAL-PASSED', subIndication: null, source: 'timestamp' });
    const tooLate = judge(await stampPast(kept, lateTsa, day('2023-02-02')));
    expect(verdict(tooLate)).toMatchObject({ indication: 'INDETERMINATE' });
  });

  it('leaves a signature without any proof open: its certificate has ended (§5.2.6.4)', async () => {
    const bare = await signPast(onePagePdf(), { identity: signer, chainDer: [issuing.certificateDer], signingTime: SIGNED });
    expect(verdict(judge(bare, [rootCrlNow, issuingCrl2020]))).toEqual({ indication: 'INDETERMINATE', subIndication: 'OUT_OF_BOUNDS_NO_POE', source: 'validation-time' });
  });
});

describe('revocation and proven times (EN 319 102-1 §5.5.4)', () => {
  const alive = testIdentity({ issuer: root, serialNumber: Uint8Array.of(0x41, 7), notBefore: day('2019-01-01'), notAfter: day('2030-01-01') });
  const signAlive = (): Promise<Buffer> => signPast(onePagePdf(), { identity: alive, chainDer: [], signingTime: SIGNED, stamp: { tsa: lateTsa, at: SIGNED } });
  const crlWith = (at: Date): Uint8Array => pastCrl(root, day('2026-05-25'), day('2026-09-01'), [{ serialNumber: Uint8Array.of(0x41, 7), at, reason: 'keyCompromise' }]);

  it('passes what is proven to have existed before the certificate was revoked', async () => {
    expect(verdict(judge(await signAlive(), [crlWith(day('2020-03-02'))]))).toEqual({ indication: 'TOTAL-PASSED', subIndication: null, source: 'timestamp' });
  });

  it('leaves open what is proven only for a time after the revocation', async () => {
    expect(verdict(judge(await signAlive(), [crlWith(day('2020-02-28'))]))).toEqual({ indication: 'INDETERMINATE', subIndication: 'REVOKED_NO_POE', source: 'timestamp' });
  });

  it('fails what a content time-stamp proves to have been made after the revocation, or after the certificate’s end (§5.3.4)', async () => {
    const contentStamp = { tsa: lateTsa, at: day('2022-03-01') };
    const after = await signPast(onePagePdf(), { identity: alive, chainDer: [], signingTime: SIGNED, contentStamp });
    const judged = judge(after, [crlWith(day('2022-02-28'))]);
    expect(judged.timestamps).toMatchObject([{ type: 'content', indication: 'PASSED' }]);
    expect(verdict(judged)).toMatchObject({ indication: 'TOTAL-FAILED', subIndication: 'REVOKED' });
    expect(verdict(judge(after, [crlWith(day('2022-03-02'))])), 'revoked after it').toMatchObject({ indication: 'INDETERMINATE', subIndication: 'REVOKED_NO_POE' });
    const ended = await signPast(onePagePdf(), { identity: signer, chainDer: [issuing.certificateDer], signingTime: SIGNED, contentStamp });
    expect(verdict(judge(ended, [rootCrlNow, issuingCrl2020]))).toMatchObject({ indication: 'TOTAL-FAILED', subIndication: 'EXPIRED' });
  });

  it('leaves open what has a content time-stamp later than its signature time-stamp (§5.5.4)', async () => {
    const odd = await signPast(onePagePdf(), { identity: alive, chainDer: [], signingTime: SIGNED, stamp: { tsa: lateTsa, at: SIGNED }, contentStamp: { tsa: lateTsa, at: day('2020-03-05') } });
    expect(verdict(judge(odd))).toMatchObject({ indication: 'INDETERMINATE', subIndication: 'TIMESTAMP_ORDER_FAILURE' });
  });
});
