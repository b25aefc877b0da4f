import { createPublicKey, generateKeyPairSync, verify, constants } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createFileSigner } from '../../connectors/key-file/index.ts';
import { readAlgorithmIdentifierDer } from '../../src/formats/algorithms/identifier.ts';
import { signatureAlgorithmDer } from '../../src/formats/algorithms/schemes.ts';
import { verifyValue } from '../../src/formats/algorithms/verify.ts';
import type { SignatureScheme } from '../../src/domain/signature.ts';
import { newKey, testIdentity, type TestIdentity } from '../support/certificates.ts';

const rsa = testIdentity();
const ec = testIdentity({ key: 'p256' });
const data = Buffer.from('signed attributes');

const signerOf = (identity: TestIdentity, scheme?: SignatureScheme): ReturnType<typeof createFileSigner> =>
  createFileSigner({ keyId: 'test', privateKeyPkcs8Der: identity.privateKeyPkcs8Der, chainDer: [identity.certificateDer], ...(scheme === undefined ? {} : { scheme }) });

describe('key-file', () => {
  it.each([
    ['pkcs1', rsa, 'sha256'],
    ['pkcs1', rsa, 'sha512'],
    ['pss', rsa, 'sha384'],
    ['ecdsa', ec, 'sha256'],
    ['pkcs1', rsa, 'sha3-256'],
  ] as const)('signs with %s so that the value is right under the identifier we write (RFC 8017, FIPS 186-5)', async (scheme, identity, digest) => {
    const signature = await signerOf(identity, scheme).sign(data, digest);
    const spkiDer = createPublicKey(identity.privateKey).export({ type: 'spki', format: 'der' });
    const result = verifyValue({ algorithm: readAlgorithmIdentifierDer(signatureAlgorithmDer(scheme, digest)), spkiDer, data, signature });
    expect(result).toMatchObject({ valid: true, weak: null });
  });

  it('takes the scheme from the key: PKCS#1 v1.5 for RSA, ECDSA for EC', async () => {
    expect(signerOf(rsa).scheme).toBe('pkcs1');
    expect(signerOf(ec).scheme).toBe('ecdsa');
    const value = await signerOf(rsa).sign(data, 'sha256');
    expect(verify('sha256', data, { key: createPublicKey(rsa.privateKey), padding: constants.RSA_PKCS1_PADDING }, value)).toBe(true);
  });

  it('signs many at once, each its own bytes', async () => {
    const signer = signerOf(ec);
    const inputs = Array.from({ length: 50 }, (_, index) => Buffer.from(`attributes ${index}`));
    const values = await Promise.all(inputs.map((input) => signer.sign(input, 'sha256')));
    expect(values.every((value, index) => verify('sha256', inputs[index] ?? data, createPublicKey(ec.privateKey), value))).toBe(true);
  });

  it('answers CANCELLED to an aborted signal, before and while it signs', async () => {
    await expect(signerOf(rsa).sign(data, 'sha256', AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' });
    const controller = new AbortController();
    const pending = signerOf(rsa).sign(data, 'sha256', controller.signal);
    controller.abort();
    await expect(pending).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it.each([
    ['an RSA key of 1024 bits', () => signerOf(testIdentity({ privateKey: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey })), 'KEY_UNSUPPORTED'],
    ['an EC key asked for PSS', () => signerOf(ec, 'pss'), 'KEY_UNSUPPORTED'],
    ['an RSA key asked for ECDSA', () => signerOf(rsa, 'ecdsa'), 'KEY_UNSUPPORTED'],
    ['bytes that are no key', () => signerOf({ ...ec, privateKeyPkcs8Der: Buffer.from('none') }), 'KEY_UNSUPPORTED'],
    ['another key’s certificate', () => signerOf({ ...ec, privateKeyPkcs8Der: newKey('p256').export({ type: 'pkcs8', format: 'der' }) }), 'KEY_MISMATCH'],
    ['bytes that are no certificate', () => signerOf({ ...ec, certificateDer: Buffer.from('none') }), 'CERTIFICATE_MALFORMED'],
  ])('refuses %s', (_, create, code) => {
    expect(create).toThrow(expect.objectContaining({ code }));
  });

});
