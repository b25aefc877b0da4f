import { readFileSync, readdirSync } from 'node:fs';
import type { AlgorithmIdentifier } from '../../../src/formats/algorithms/identifier.ts';
import { readAlgorithmIdentifierDer } from '../../../src/formats/algorithms/identifier.ts';
import { digestAlgorithmDer, type DigestName } from '../../../src/formats/algorithms/digests.ts';
import { pssParametersDer } from '../../../src/formats/algorithms/pss.ts';
import { KEY_OID } from '../../../src/formats/algorithms/schemes.ts';
import { verifyValue } from '../../../src/formats/algorithms/verify.ts';
import { GatewayError } from '../../../src/domain/errors.ts';
import { vectorPath } from '../../support/vectors.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite, type SuiteResult } from '../suite.ts';

interface Group {
  readonly type: string;
  readonly publicKeyDer: string;
  readonly sha?: string;
  readonly mgfSha?: string;
  readonly sLen?: number;
  readonly tests: readonly { readonly tcId: number; readonly comment: string; readonly msg: string; readonly sig: string; readonly result: 'valid' | 'invalid' | 'acceptable' }[];
}

const TYPES: ReadonlySet<string> = new Set(['RsassaPkcs1Verify', 'RsassaPssVerify', 'RsassaPssWithParametersVerify', 'EcdsaVerify', 'EcdsaP1363Verify', 'EddsaVerify']);

/** Every RSA, PSS, ECDSA and EdDSA verification vector through `verifyValue`, algorithm identifiers built as CMS carries them. */
export const suite: Suite = {
  name: 'wycheproof',
  run: () => Promise.resolve(run()),
};

export interface WycheproofCase extends CaseOutcome {
  readonly weak: boolean;
  readonly shouldBeWeak: boolean;
}

export function run(): SuiteResult {
  return sumUp(outcomes(), readDeviations('wycheproof'));
}

export function outcomes(): WycheproofCase[] {
  const folder = vectorPath('wycheproof', 'testvectors_v1');
  return readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const { testGroups } = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as { testGroups: readonly Group[] };
      return testGroups.filter(({ type }) => TYPES.has(type)).flatMap((group) => casesOf(file, group));
    });
}

function casesOf(file: string, group: Group): WycheproofCase[] {
  const spkiDer = Buffer.from(group.publicKeyDer, 'hex');
  const { algorithm, digestAlgorithm } = algorithmOf(group, spkiDer);
  const form = group.type === 'EcdsaP1363Verify' ? 'p1363' : 'der';
  return group.tests.map(({ tcId, comment, msg, sig, result }) => {
    const outcome = verify({ algorithm, digestAlgorithm, spkiDer, data: Buffer.from(msg, 'hex'), signature: Buffer.from(sig, 'hex'), ecdsaForm: form });
    const shouldPass = result === 'valid';
    const weakDigest = group.sha === 'SHA-1';
    return {
      id: `${file}#${tcId}`,
      shouldPass,
      passed: outcome.valid,
      detail: `${comment}: ${outcome.detail}`,
      // `acceptable`: either answer is right.
      agrees: result === 'acceptable' || outcome.valid === shouldPass,
      weak: outcome.weak,
      shouldBeWeak: weakDigest,
    };
  });
}

function verify(input: Parameters<typeof verifyValue>[0]): { valid: boolean; weak: boolean; detail: string } {
  try {
    const { valid, weak } = verifyValue(input);
    return { valid, weak: weak !== null, detail: valid ? 'accepted' : 'refused' };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { valid: false, weak: false, detail: error.message };
  }
}

function algorithmOf(group: Group, spkiDer: Uint8Array): { algorithm: AlgorithmIdentifier; digestAlgorithm: AlgorithmIdentifier | undefined } {
  const digest = group.sha === undefined ? undefined : digestOfName(group.sha);
  const digestAlgorithm = digest === undefined ? undefined : readAlgorithmIdentifierDer(digestAlgorithmDer(digest));
  switch (group.type) {
    case 'RsassaPssVerify':
    case 'RsassaPssWithParametersVerify': {
      const mgfDigest = digestOfName(group.mgfSha ?? '');
      return { algorithm: { oid: KEY_OID.RSA_PSS, parametersDer: pssParametersDer({ digest: digest ?? 'sha1', mgfDigest, saltBytes: group.sLen ?? 0 }) }, digestAlgorithm: undefined };
    }
    case 'RsassaPkcs1Verify':
      return { algorithm: { oid: KEY_OID.RSA, parametersDer: null }, digestAlgorithm };
    case 'EddsaVerify':
      return { algorithm: { oid: spkiDer.length < 50 ? KEY_OID.ED25519 : KEY_OID.ED448, parametersDer: null }, digestAlgorithm: undefined };
    default:
      return { algorithm: { oid: KEY_OID.EC, parametersDer: null }, digestAlgorithm };
  }
}

const NAMES: Readonly<Record<string, DigestName>> = {
  'SHA-1': 'sha1',
  'SHA-224': 'sha224',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
  'SHA-512/224': 'sha512-224',
  'SHA-512/256': 'sha512-256',
  'SHA3-256': 'sha3-256',
  'SHA3-384': 'sha3-384',
  'SHA3-512': 'sha3-512',
};

function digestOfName(name: string): DigestName {
  const digest = NAMES[name];
  if (digest === undefined) throw new Error(`The vectors name the digest ${name}, which this suite does not know`);
  return digest;
}
