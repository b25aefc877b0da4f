import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSignerInfo, type SignatureProfile, type SignerInfoResult } from '../../../../src/formats/cms/check-signer-info.ts';
import { readSignedData } from '../../../../src/formats/cms/signed-data.ts';
import { pemOf } from '../../../../src/formats/x509/pem.ts';
import { testCa, testIdentity, type TestIdentity } from '../../../support/certificates.ts';
import { signForTest } from '../../../support/cms.ts';
import { opensslFolder, type OpensslFolder } from '../../../support/openssl.ts';
import { requireTool } from '../../../support/tools.ts';

const content = Buffer.from('Giấy chứng nhận quyền sử dụng đất\n'.repeat(30), 'utf8');

describe.skipIf(!requireTool('openssl'))('CMS and openssl', () => {
  let folder: OpensslFolder;
  const ca = testCa();
  const rsa = testIdentity({ issuer: ca });
  const ecdsa = testIdentity({ issuer: ca, key: 'p256' });

  beforeAll(() => {
    folder = opensslFolder();
    folder.write('ca.pem', pemOf('CERTIFICATE', ca.certificateDer));
    folder.write('content.bin', content);
    for (const [name, identity] of [['rsa', rsa], ['ecdsa', ecdsa]] as const) {
      folder.write(`${name}.pem`, pemOf('CERTIFICATE', identity.certificateDer));
      folder.write(`${name}.key`, identity.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    }
  });
  afterAll(() => folder.remove());

  it.each<[string, TestIdentity]>([
    ['RSA PKCS#1 v1.5', rsa],
    ['RSA-PSS', { ...rsa, signer: testIdentity({ privateKey: rsa.privateKey, scheme: 'pss' }).signer }],
    ['ECDSA P-256', ecdsa],
  ])('openssl cms -verify -cades accepts our detached signature with %s', (name, identity) => {
    const attributes = { signingTime: new Date(), scheme: identity.signer.scheme, mimeType: 'application/pdf' };
    const file = folder.write(`${name.replaceAll(/\W/g, '')}.p7s`, signForTest({ content, identity, attributes }));
    const verify = ['cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', file, '-CAfile', 'ca.pem', '-purpose', 'any', '-out', 'verified'];
    expect(folder.judge(...verify, '-content', 'content.bin').said).toContain('CAdES Verification successful');
    folder.write('changed.bin', Buffer.concat([content, Buffer.from(' ')]));
    expect(folder.judge(...verify, '-content', 'changed.bin').accepted).toBe(false);
  });

  it('openssl accepts our signature with the content inside', () => {
    const file = folder.write('inside.p7m', signForTest({ content, identity: ecdsa, encapsulated: true }));
    expect(folder.judge('cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', file, '-CAfile', 'ca.pem', '-purpose', 'any', '-out', 'inside.out').accepted).toBe(true);
    expect(readFileSync(folder.path('inside.out'))).toEqual(content);
  });

  it.each<[string, readonly string[], string, SignatureProfile]>([
    ['-cades, RSA', ['-cades', '-signer', 'rsa.pem', '-inkey', 'rsa.key'], 'RSASSA-PKCS1-v1_5', 'cades'],
    ['-cades, PSS', ['-cades', '-signer', 'rsa.pem', '-inkey', 'rsa.key', '-keyopt', 'rsa_padding_mode:pss'], 'RSASSA-PSS', 'cades'],
    ['-cades, ECDSA, SHA-384', ['-cades', '-md', 'sha384', '-signer', 'ecdsa.pem', '-inkey', 'ecdsa.key'], 'ECDSA', 'cades'],
    ['-keyid, no signing-certificate', ['-keyid', '-signer', 'ecdsa.pem', '-inkey', 'ecdsa.key'], 'ECDSA', 'cms'],
  ])('reads and passes what openssl cms -sign makes: %s', (_, options, scheme, profile) => {
    folder.run('cms', '-sign', '-binary', '-in', 'content.bin', '-outform', 'DER', '-out', 'theirs.p7s', ...options);
    const bytes = readFileSync(folder.path('theirs.p7s'));
    expect(judge(bytes, profile, content)).toMatchObject({ integrity: 'intact', subIndication: null, algorithms: { signature: scheme } });
    expect(judge(bytes, profile, Buffer.from('other'))).toMatchObject({ integrity: 'broken', subIndication: 'HASH_FAILURE' });
  });

  it('reads BER: content streamed in indefinite lengths and split strings (RFC 5652 §5.1)', () => {
    folder.run('cms', '-sign', '-cades', '-binary', '-stream', '-nodetach', '-in', 'content.bin', '-outform', 'DER', '-out', 'streamed.p7m', '-signer', 'rsa.pem', '-inkey', 'rsa.key');
    const signedData = readSignedData(readFileSync(folder.path('streamed.p7m')));
    expect(Buffer.from(signedData.encapsulatedContent ?? [])).toEqual(content);
    const [signerInfo] = signedData.signerInfos;
    expect(signerInfo === undefined ? null : checkSignerInfo({ signedData, signerInfo, profile: 'cades' })).toMatchObject({ integrity: 'intact', subIndication: null });
  });

  it('requires the signing-certificate attribute of CAdES (EN 319 122-1 §6.3)', () => {
    folder.run('cms', '-sign', '-binary', '-in', 'content.bin', '-outform', 'DER', '-out', 'plain.p7s', '-signer', 'ecdsa.pem', '-inkey', 'ecdsa.key');
    expect(judge(readFileSync(folder.path('plain.p7s')), 'cades', content)).toMatchObject({ integrity: 'intact', subIndication: 'SIG_CONSTRAINTS_FAILURE' });
  });
});

function judge(bytes: Uint8Array, profile: SignatureProfile, content: Uint8Array): SignerInfoResult {
  const signedData = readSignedData(bytes);
  const [signerInfo] = signedData.signerInfos;
  if (signerInfo === undefined) throw new Error('no signer');
  return checkSignerInfo({ signedData, signerInfo, profile, contentDigest: (digest) => createHash(digest).update(content).digest() });
}
