import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../../certs/policy/load-policy.ts';
import { NO_MATERIAL, type ValidationContext } from '../../../../src/formats/ades/context.ts';
import { validationPolicy } from '../../../../src/formats/ades/policy.ts';
import { context as explicit, nullValue } from '../../../../src/formats/asn1/writer.ts';
import { attribute } from '../../../../src/formats/cms/build-attributes.ts';
import { addUnsignedAttribute } from '../../../../src/formats/cms/build-signed-data.ts';
import { ATTRIBUTE } from '../../../../src/formats/cms/oids.ts';
import { readSignedData } from '../../../../src/formats/cms/signed-data.ts';
import { readCertificate } from '../../../../src/formats/x509/certificate.ts';
import { judgeCms } from '../../../../src/formats/ades/judge-cms.ts';
import { attributesWithout, CONTENT, craft, signedData, signerInfo } from '../../../conformance/cms-forgery/craft.ts';
import { testCa, testIdentity } from '../../../support/certificates.ts';

const ca = testCa();
const signer = testIdentity({ issuer: ca, key: 'p256' });
const counterSigner = testIdentity({ issuer: ca, key: 'p256', name: [['C', 'VN'], ['CN', 'Người ký đối ứng']] });
const anchors = [{ certificate: readCertificate(ca.certificateDer), set: 'test' }];
const context: ValidationContext = {
  policy: validationPolicy(loadPolicy('default')),
  at: new Date(),
  anchors: { signature: anchors, timestamp: anchors },
  certificates: [],
  revocation: NO_MATERIAL,
};

const verify = (cms: Uint8Array, content: Uint8Array = CONTENT, given = context): ReturnType<typeof judgeCms> => judgeCms(cms, (digest) => createHash(digest).update(content).digest(), given);

/** A SignerInfo over the signature value of `cms`, as the value of a counter-signature attribute. */
function counterSignature(cms: Uint8Array, over = readSignedData(cms).signerInfos[0]?.signature ?? new Uint8Array()): Uint8Array {
  const input = { identity: counterSigner, content: over };
  return attribute(ATTRIBUTE.counterSignature, signerInfo({ ...input, attributes: attributesWithout(input, ATTRIBUTE.contentType) }));
}

describe('judgeCms', () => {
  it('judges each of several signers on its own (RFC 5652 §5.1)', () => {
    const two = signedData({ identity: signer, certificates: [signer.certificateDer, counterSigner.certificateDer] }, [signerInfo({ identity: signer }), signerInfo({ identity: counterSigner, content: Buffer.from('other') })]);
    const { signatures } = verify(two);
    expect(signatures.map(({ id, integrity, subIndication }) => ({ id, integrity, subIndication }))).toEqual([
      { id: 'Signature1', integrity: 'intact', subIndication: 'CERTIFICATE_CHAIN_GENERAL_FAILURE' },
      { id: 'Signature2', integrity: 'broken', subIndication: 'HASH_FAILURE' },
    ]);
  });

  it('reports a counter-signature beside what it signs (RFC 5652 §11.4)', () => {
    const cms = craft({ identity: signer, certificates: [signer.certificateDer, counterSigner.certificateDer] });
    const { signatures } = verify(addUnsignedAttribute(cms, counterSignature(cms)));
    expect(signatures).toMatchObject([
      { id: 'Signature1', kind: 'signature', integrity: 'intact' },
      { id: 'Signature1/counter-1', kind: 'counter-signature', integrity: 'intact', indication: 'INDETERMINATE' },
    ]);
    expect(signatures[1]?.signer?.subject).toContain('Người ký đối ứng');
  });

  it('fails a counter-signature over another signature, and lists one that cannot be read', () => {
    const cms = craft({ identity: signer, certificates: [signer.certificateDer, counterSigner.certificateDer] });
    const foreign = addUnsignedAttribute(cms, counterSignature(cms, Buffer.from('another value')));
    expect(verify(foreign).signatures[1]).toMatchObject({ integrity: 'broken', indication: 'TOTAL-FAILED', subIndication: 'HASH_FAILURE' });
    const garbage = addUnsignedAttribute(cms, attribute(ATTRIBUTE.counterSignature, nullValue()));
    expect(verify(garbage).signatures[1]).toMatchObject({ kind: 'counter-signature', integrity: 'unknown', indication: 'TOTAL-FAILED', subIndication: 'FORMAT_FAILURE' });
  });

  it('judges twenty counter-signatures and says that there are more', () => {
    let cms = craft({ identity: signer, certificates: [signer.certificateDer, counterSigner.certificateDer] });
    const value = counterSignature(cms);
    for (let count = 0; count < 25; count++) cms = addUnsignedAttribute(cms, value);
    const { signatures } = verify(cms);
    expect(signatures).toHaveLength(1 + 21);
    expect(signatures.at(-1)?.checks.at(-1)?.detail).toContain('only 20 counter-signatures');
  });

  it('finds the signer’s certificate among those given (EN 319 102-1 §5.2.3)', () => {
    const bare = craft({ identity: signer, certificates: [] });
    expect(verify(bare).signatures[0]).toMatchObject({ signer: null, integrity: 'unknown', indication: 'INDETERMINATE', subIndication: 'NO_SIGNING_CERTIFICATE_FOUND' });
    expect(verify(bare, CONTENT, { ...context, certificates: [readCertificate(signer.certificateDer)] }).signatures[0]).toMatchObject({ integrity: 'intact', chain: [{ anchor: false }, { anchor: true }] });
  });

  it('does not take the anchors of one purpose for the other', () => {
    const apart = { ...context, anchors: { signature: [], timestamp: anchors } };
    expect(verify(craft({ identity: signer }), CONTENT, apart).signatures[0]).toMatchObject({ indication: 'INDETERMINATE', subIndication: 'NO_CERTIFICATE_CHAIN_FOUND' });
  });

  it('refuses what is no CMS', () => {
    expect(() => verify(explicit(0))).toThrow(expect.objectContaining({ code: 'CMS_MALFORMED' }));
  });
});
