import { createHash, constants, publicDecrypt, createPublicKey, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ecdsaValueDer, signCall, tokenName } from '../../../../connectors/key-pkcs11/mechanism.ts';
import { hasPkcs11 } from '../../../../connectors/key-pkcs11/module.ts';
import { testIdentity } from '../../../support/certificates.ts';
import { required } from '../../../support/tools.ts';

const data = Buffer.from('signed attributes');
const RSA_PKCS = 0x1;
const SHA256_RSA_PKCS = 0x40;

describe('PKCS #11 mechanisms', () => {
  it.each(['sha256', 'sha384', 'sha512'] as const)('pads the DigestInfo that OpenSSL pads (RFC 8017 §9.2, %s)', (digest) => {
    const { privateKey } = testIdentity();
    const inside = publicDecrypt({ key: createPublicKey(privateKey), padding: constants.RSA_PKCS1_PADDING }, sign(digest, data, privateKey));
    const call = signCall(new Set([RSA_PKCS]), 'pkcs1', digest, data, 256);
    expect(call).toMatchObject({ mechanism: RSA_PKCS, pss: null });
    expect(Buffer.from(call.input).equals(inside)).toBe(true);
  });

  it('lets the token hash where it takes the whole only', () => {
    expect(signCall(new Set([SHA256_RSA_PKCS]), 'pkcs1', 'sha256', data, 256)).toEqual({ mechanism: SHA256_RSA_PKCS, pss: null, input: data });
  });

  it('asks for no mechanism that the token does not offer, and none outside its list', () => {
    expect(() => signCall(new Set([SHA256_RSA_PKCS, 0x6, 0x9]), 'pkcs1', 'sha512', data, 256)).toThrow(expect.objectContaining({ code: 'KEY_UNSUPPORTED' }));
    expect(() => signCall(new Set([RSA_PKCS]), 'ecdsa', 'sha256', data, 32)).toThrow(expect.objectContaining({ code: 'KEY_UNSUPPORTED' }));
  });

  it('takes MGF1 of the same hash and a salt of its length (RFC 4055 §3.1)', () => {
    expect(signCall(new Set([0xd]), 'pss', 'sha384', data, 256).pss).toEqual({ hashAlg: 0x260, mgf: 3, saltLen: 48 });
  });

  it('cuts a hash to the leftmost bits of the order (FIPS 186-5 §6.4.1)', () => {
    const { input } = signCall(new Set([0x1041]), 'ecdsa', 'sha512', data, 32);
    expect(Buffer.from(input).equals(createHash('sha512').update(data).digest().subarray(0, 32))).toBe(true);
  });

  it('writes r and s as the shortest positive INTEGERs (RFC 3279 §2.2.3)', () => {
    const raw = Buffer.alloc(64);
    raw[31] = 0x80;
    raw[63] = 0x01;
    expect(Buffer.from(ecdsaValueDer(raw)).toString('hex')).toBe('300702020080020101');
    expect(() => ecdsaValueDer(Buffer.alloc(63))).toThrow(expect.objectContaining({ code: 'SIGNER_UNAVAILABLE' }));
  });

  it('names a token by label and serial number, printable and short', () => {
    expect(tokenName('Sở Tư pháp      ', '5828e7  ')).toBe('Sở Tư pháp#5828e7');
    expect(tokenName('a\nb', '1')).toBe('a?b#1');
  });
});

describe('pkcs11js', () => {
  it('has been built wherever CI runs, where nothing may vanish unseen', () => {
    expect(required(hasPkcs11(), 'pkcs11js, which npm leaves out when it cannot be compiled')).toBe(hasPkcs11());
  });
});
