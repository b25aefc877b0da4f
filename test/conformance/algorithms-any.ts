import type { AlgorithmPolicy } from '../../src/formats/algorithms/policy.ts';

/** Vectors of older days judge rules, not algorithms: everything we can verify is accepted, whatever its size. */
export const ANY_ALGORITHM: AlgorithmPolicy = {
  digests: { sha1: null, sha224: null, sha256: null, sha384: null, sha512: null, 'sha512-224': null, 'sha512-256': null, 'sha3-224': null, 'sha3-256': null, 'sha3-384': null, 'sha3-512': null, shake256: null },
  keys: [
    { type: 'RSA', minBits: 1024, until: null },
    { type: 'RSA-PSS', minBits: 1024, until: null },
    { type: 'EC', minBits: 224, until: null },
    { type: 'DSA', minBits: 0, until: null },
    { type: 'Ed25519', minBits: 0, until: null },
    { type: 'Ed448', minBits: 0, until: null },
  ],
};
