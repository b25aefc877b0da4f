import { constants, createECDH, createHash, privateEncrypt, randomBytes, type KeyObject } from 'node:crypto';
import type { DigestAlgorithm, SignatureScheme } from '../../src/domain/signature.ts';
import { digestAlgorithmDer } from '../../src/formats/algorithms/digests.ts';
import { octetString, sequence, unsignedInteger } from '../../src/formats/asn1/writer.ts';

/**
 * The value over a hash as it came: all that a remote signing service ever sees, and what node:crypto has no call for. For keys that are thrown
 * away: nothing here resists timing.
 */
export function signHash(key: KeyObject, scheme: SignatureScheme, digest: DigestAlgorithm, hash: Uint8Array): Uint8Array {
  switch (scheme) {
    case 'pkcs1':
      return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, sequence(digestAlgorithmDer(digest, 'null'), octetString(hash)));
    case 'pss':
      return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encodePss(key.asymmetricKeyDetails?.modulusLength ?? 0, digest, hash));
    case 'ecdsa':
      return signEcdsa(key, hash);
  }
}

/** EMSA-PSS with a salt of the hash's length. @see RFC 8017 §9.1.1 */
function encodePss(modulusBits: number, digest: DigestAlgorithm, hash: Uint8Array): Uint8Array {
  const size = Math.ceil((modulusBits - 1) / 8);
  const salt = randomBytes(hash.length);
  const inner = createHash(digest).update(Buffer.alloc(8)).update(hash).update(salt).digest();
  const block = Buffer.concat([Buffer.alloc(size - 2 * hash.length - 2), Uint8Array.of(1), salt]);
  const mask = mgf1(digest, inner, block.length);
  const masked = block.map((byte, index) => byte ^ (mask[index] ?? 0));
  masked[0] = (masked[0] ?? 0) & (0xff >> (8 * size - (modulusBits - 1)));
  return Buffer.concat([masked, inner, Uint8Array.of(0xbc)]);
}

/** RFC 8017 §B.2.1 */
function mgf1(digest: DigestAlgorithm, seed: Uint8Array, size: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let counter = 0, have = 0; have < size; counter += 1) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    const block = createHash(digest).update(seed).update(count).digest();
    blocks.push(block);
    have += block.length;
  }
  return Buffer.concat(blocks).subarray(0, size);
}

/** Order of P-256. */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** FIPS 186-5 §6.4.1 on P-256. */
function signEcdsa(key: KeyObject, hash: Uint8Array): Uint8Array {
  const d = numberOf(Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url'));
  const e = numberOf(hash.subarray(0, 32));
  for (;;) {
    const curve = createECDH('prime256v1');
    const point = curve.generateKeys();
    const r = numberOf(point.subarray(1, 33)) % N;
    const s = (inverse(numberOf(curve.getPrivateKey())) * (e + r * d)) % N;
    if (r !== 0n && s !== 0n) return sequence(unsignedInteger(bytesOf(r)), unsignedInteger(bytesOf(s)));
  }
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function bytesOf(value: bigint): Uint8Array {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}

/** By Fermat: N is prime. */
function inverse(value: bigint): bigint {
  let result = 1n;
  for (let base = value % N, exponent = N - 2n; exponent > 0n; exponent >>= 1n, base = (base * base) % N) if ((exponent & 1n) === 1n) result = (result * base) % N;
  return result;
}
