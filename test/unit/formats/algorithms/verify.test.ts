import { execFileSync } from 'node:child_process';
import { constants, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/domain/errors.ts';
import { digestAlgorithmDer, digestNameOf } from '../../../../src/formats/algorithms/digests.ts';
import { readAlgorithmIdentifierDer } from '../../../../src/formats/algorithms/identifier.ts';
import { algorithmFault } from '../../../../src/formats/algorithms/policy.ts';
import { pssParametersDer, readPssParameters } from '../../../../src/formats/algorithms/pss.ts';
import { readPublicKeyInfo } from '../../../../src/formats/algorithms/public-key.ts';
import { KEY_OID, signatureAlgorithmDer } from '../../../../src/formats/algorithms/schemes.ts';
import { verifyValue } from '../../../../src/formats/algorithms/verify.ts';
import { bitString, integer, oid, sequence } from '../../../../src/formats/asn1/writer.ts';
import { loadPolicy } from '../../../../certs/policy/load-policy.ts';
import { requireTool } from '../../../support/tools.ts';

const DATA = Buffer.from('Quyết định số 1234/QĐ-UBND');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsaSpki = rsa.publicKey.export({ type: 'spki', format: 'der' });
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const ecSpki = ec.publicKey.export({ type: 'spki', format: 'der' });

/** The types want the salt's length as text, Node wants a number: hence the detour over an object they do not look into. */
const PSS_RESTRICTIONS = { modulusLength: 2048, hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256', saltLength: 32 };
const RESTRICTED: { readonly modulusLength: number } = PSS_RESTRICTIONS;

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
  return 'none';
}

describe('verifyValue', () => {
  it.each(['sha256', 'sha384', 'sha512', 'sha3-256', 'sha3-384', 'sha3-512'] as const)('accepts what node:crypto signed with %s in all three schemes, and says which', (digest) => {
    const pss = { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    const cases = [
      ['pkcs1', rsaSpki, sign(digest, DATA, rsa.privateKey), 'RSASSA-PKCS1-v1_5', 2048],
      ['pss', rsaSpki, sign(digest, DATA, pss), 'RSASSA-PSS', 2048],
      ['ecdsa', ecSpki, sign(digest, DATA, ec.privateKey), 'ECDSA', 256],
    ] as const;
    for (const [scheme, spkiDer, signature, name, keyBits] of cases) {
      const algorithm = readAlgorithmIdentifierDer(signatureAlgorithmDer(scheme, digest));
      expect(verifyValue({ algorithm, spkiDer, data: DATA, signature })).toEqual({ valid: true, scheme: name, digest, keyBits, weak: null });
      expect(verifyValue({ algorithm, spkiDer, data: Buffer.from('other'), signature }).valid).toBe(false);
    }
  });

  it('takes the hash from the signature algorithm, and from digestAlgorithm only where that names none (RFC 5652 §5.3)', () => {
    const signature = sign('sha256', DATA, rsa.privateKey);
    const bare = { oid: KEY_OID.RSA, parametersDer: Buffer.from('0500', 'hex') };
    expect(verifyValue({ algorithm: bare, digestAlgorithm: 'sha256', spkiDer: rsaSpki, data: DATA, signature }).valid).toBe(true);
    expect(verifyValue({ algorithm: bare, digestAlgorithm: 'sha384', spkiDer: rsaSpki, data: DATA, signature }).valid).toBe(false);
    const named = readAlgorithmIdentifierDer(signatureAlgorithmDer('pkcs1', 'sha384'));
    expect(verifyValue({ algorithm: named, digestAlgorithm: 'sha256', spkiDer: rsaSpki, data: DATA, signature }).valid).toBe(false);
    expect(codeOf(() => verifyValue({ algorithm: bare, spkiDer: rsaSpki, data: DATA, signature }))).toBe('ALGORITHM_UNSUPPORTED');
  });

  it('holds a key restricted to PSS parameters to them (RFC 4055 §3.3)', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa-pss', RESTRICTED);
    const spkiDer = publicKey.export({ type: 'spki', format: 'der' });
    const signature = sign('sha256', DATA, privateKey);
    const pss = (digest: 'sha256' | 'sha384', saltBytes: number): { oid: string; parametersDer: Uint8Array } => ({ oid: KEY_OID.RSA_PSS, parametersDer: pssParametersDer({ digest, mgfDigest: digest, saltBytes }) });
    expect(verifyValue({ algorithm: pss('sha256', 32), spkiDer, data: DATA, signature }).valid).toBe(true);
    expect(verifyValue({ algorithm: pss('sha256', 20), spkiDer, data: DATA, signature }).valid).toBe(false);
    expect(verifyValue({ algorithm: pss('sha384', 48), spkiDer, data: DATA, signature }).valid).toBe(false);
    const pkcs1 = readAlgorithmIdentifierDer(signatureAlgorithmDer('pkcs1', 'sha256'));
    expect(verifyValue({ algorithm: pkcs1, spkiDer, data: DATA, signature }).valid).toBe(false);
  });

  it('wants PSS parameters to be there, and their trailer to be 1 (RFC 4055 §3.1)', () => {
    const missing = { oid: KEY_OID.RSA_PSS, parametersDer: null };
    expect(codeOf(() => verifyValue({ algorithm: missing, spkiDer: rsaSpki, data: DATA, signature: DATA }))).toBe('ALGORITHM_UNSUPPORTED');
    expect(readPssParameters(sequence())).toEqual({ digest: 'sha1', mgfDigest: 'sha1', saltBytes: 20 });
    expect(codeOf(() => readPssParameters(Buffer.from('3005a303020102', 'hex')))).toBe('ASN1_MALFORMED');
  });

  it('answers, and does not throw, when the key is of another type than the algorithm', () => {
    const algorithm = readAlgorithmIdentifierDer(signatureAlgorithmDer('pkcs1', 'sha256'));
    expect(verifyValue({ algorithm, spkiDer: ecSpki, data: DATA, signature: sign('sha256', DATA, ec.privateKey) }).valid).toBe(false);
  });

  it.each(['ed25519', 'ed448'] as const)('checks %s (RFC 8032)', (type) => {
    const { publicKey, privateKey } = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ed448');
    const algorithm = { oid: type === 'ed25519' ? KEY_OID.ED25519 : KEY_OID.ED448, parametersDer: null };
    const spkiDer = publicKey.export({ type: 'spki', format: 'der' });
    expect(verifyValue({ algorithm, spkiDer, data: DATA, signature: sign(null, DATA, privateKey) })).toMatchObject({ valid: true, digest: null, weak: null });
    expect(verifyValue({ algorithm, spkiDer, data: DATA, signature: Buffer.alloc(64) }).valid).toBe(false);
  });

  it.each([
    ['exponent 1', (n: bigint) => [n, 1n] as const],
    ['even modulus', (n: bigint) => [n - 1n, 65537n] as const],
    ['negative modulus', (n: bigint) => [-n, 65537n] as const],
  ])('refuses RSA keys with %s as unusable', (_, change) => {
    const n = BigInt(`0x${Buffer.from(createPublicKey(rsa.publicKey.export({ type: 'spki', format: 'pem' })).export({ format: 'jwk' }).n ?? '', 'base64url').toString('hex')}`);
    const [modulus, exponent] = change(n);
    const spkiDer = sequence(sequence(oid(KEY_OID.RSA), Buffer.from('0500', 'hex')), bitString(sequence(integer(modulus), integer(exponent))));
    const algorithm = readAlgorithmIdentifierDer(signatureAlgorithmDer('pkcs1', 'sha256'));
    expect(codeOf(() => verifyValue({ algorithm, spkiDer, data: DATA, signature: DATA }))).toBe('ALGORITHM_UNSUPPORTED');
  });

  it('does not take a signature algorithm for a digest', () => {
    expect(digestNameOf(readAlgorithmIdentifierDer(digestAlgorithmDer('sha512')))).toBe('sha512');
    expect(codeOf(() => digestNameOf(readAlgorithmIdentifierDer(signatureAlgorithmDer('pkcs1', 'sha256'))))).toBe('ALGORITHM_UNSUPPORTED');
  });
});

describe.skipIf(!requireTool('openssl'))('keys made by openssl', () => {
  it('refuses a curve given by its parameters although the numbers are P-256 (CVE-2020-0601, RFC 5480 §2.1.1)', () => {
    const pem = execFileSync('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-param_enc', 'explicit'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const spkiDer = execFileSync('openssl', ['ec', '-pubout', '-outform', 'DER'], { input: pem, stdio: ['pipe', 'pipe', 'ignore'] });
    expect(codeOf(() => readPublicKeyInfo(spkiDer))).toBe('ASN1_MALFORMED');
  });
});

describe('the policies that come with the gateway', () => {
  const use = { digest: 'sha1', keyType: 'RSA', keyBits: 1024 } as const;

  it('accept SHA-1 and 1024 bits up to the end of 2013 and not a day longer (NIST SP 800-131A)', () => {
    const { algorithms } = loadPolicy('default');
    expect(algorithmFault(algorithms, use, new Date('2013-12-31T23:59:59Z'))).toBeNull();
    expect(algorithmFault(algorithms, use, new Date('2014-01-01T00:00:00Z'))).toBe('digest sha1 is not accepted since 2014-01-01');
    expect(algorithmFault(algorithms, { ...use, digest: 'sha256' }, new Date('2014-01-01T00:00:00Z'))).toBe('RSA key of 1024 bits is not accepted since 2014-01-01');
    expect(algorithmFault(algorithms, { ...use, digest: 'md5' }, new Date('2000-01-01T00:00:00Z'))).toBe('digest md5 is not accepted');
  });

  it('want RSA of 2048 and ECDSA of 256 bits at least (Circular 15/2025/TT-BKHCN)', () => {
    const { algorithms } = loadPolicy('vietnam');
    const now = new Date('2026-11-24T00:00:00Z');
    expect(algorithmFault(algorithms, { digest: 'sha256', keyType: 'RSA', keyBits: 2048 }, now)).toBeNull();
    expect(algorithmFault(algorithms, { digest: 'sha256', keyType: 'RSA', keyBits: 2047 }, now)).not.toBeNull();
    expect(algorithmFault(algorithms, { digest: 'sha256', keyType: 'EC', keyBits: 256 }, now)).toBeNull();
    expect(algorithmFault(algorithms, { digest: 'sha256', keyType: 'EC', keyBits: 224 }, now)).not.toBeNull();
  });
});
