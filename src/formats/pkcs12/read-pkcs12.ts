import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import { readAsn1 } from '../asn1/reader.ts';
import { readSequence } from '../asn1/values.ts';
import { decrypt, iterationsOf } from './encryption.ts';
import { macMatches } from './mac.ts';
import { P12_LIMITS, readBags, readPfx, type Bag, type Pfx } from './structure.ts';

export interface Pkcs12Contents {
  /** PrivateKeyInfo, RFC 5958; a secret. */
  readonly privateKeyPkcs8Der: Uint8Array;
  readonly certificateDer: Uint8Array;
  /** `certificateDer` first, then each issuer that the file holds. */
  readonly chainDer: readonly [Uint8Array, ...Uint8Array[]];
}

/** Hash iterations that one file may cost, all its derivations together: about 3 s of a core. */
export const MAX_ITERATIONS = 1_000_000;

/**
 * Opens a PKCS#12 file: MAC, decryption, the one key and the certificates that go with it. Whether the certificate may be
 * used is decided elsewhere. Costs up to some seconds of CPU: run it where it can be killed. All values are plain bytes.
 * @param bytes BER or DER, at most 1 MiB
 * @param passphrase as typed
 * @throws P12_MALFORMED, P12_LIMIT, P12_UNSUPPORTED, P12_PASSPHRASE_WRONG, KEY_MISMATCH, KEY_UNSUPPORTED
 * @see RFC 7292 §4, RFC 9579
 */
export async function readPkcs12(bytes: Uint8Array, passphrase: string): Promise<Pkcs12Contents> {
  if (bytes.length > P12_LIMITS.maxBytes) throw new GatewayError('P12_LIMIT', `The key file has ${bytes.length} bytes; the limit is ${P12_LIMITS.maxBytes}`);
  try {
    return await open(bytes, passphrase);
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED')) throw new GatewayError('P12_MALFORMED', 'The file is not a PKCS#12 key file, or it is damaged', { cause: error });
    if (isGatewayError(error, 'ASN1_LIMIT')) throw new GatewayError('P12_LIMIT', 'The key file is nested too deeply or holds too many values', { cause: error });
    throw error;
  }
}

async function open(bytes: Uint8Array, passphrase: string): Promise<Pkcs12Contents> {
  const pfx = readPfx(bytes);
  const budget = new IterationBudget();
  budget.spend(plannedIterations(pfx));
  if (pfx.mac !== null && !(await macMatches(pfx.mac, pfx.authenticatedSafe, passphrase))) throw passphraseWrong();
  const bags = await decryptSafes(pfx, passphrase, budget);
  const keys = await decryptKeys(bags, passphrase);
  return assemble(keys, bags.filter((bag) => bag.kind === 'certificate').map((bag) => bag.der));
}

class IterationBudget {
  #left = MAX_ITERATIONS;

  spend(iterations: number): void {
    this.#left -= iterations;
    if (this.#left < 0) throw new GatewayError('P12_LIMIT', `The key file asks for more than ${MAX_ITERATIONS} hash iterations; export it again with fewer`);
  }
}

/** All that can be seen before anything is derived. */
function plannedIterations(pfx: Pfx): number {
  const safes = pfx.safes.map((safe) => (safe.kind === 'encrypted' ? iterationsOf(safe.algorithm) : bagIterations(safe.bags)));
  return (pfx.mac?.iterations ?? 0) + safes.reduce((sum, count) => sum + count, 0);
}

function bagIterations(bags: readonly Bag[]): number {
  return bags.reduce((sum, bag) => sum + (bag.kind === 'shrouded-key' ? iterationsOf(bag.algorithm) : 0), 0);
}

async function decryptSafes(pfx: Pfx, passphrase: string, budget: IterationBudget): Promise<Bag[]> {
  const bags: Bag[] = [];
  for (const safe of pfx.safes) {
    if (safe.kind === 'plain') {
      bags.push(...safe.bags);
      continue;
    }
    const contents = await decrypt(safe.algorithm, safe.encrypted, passphrase);
    const inner = contents === null ? null : readBagsOrNull(contents);
    if (inner === null) throw pfx.mac === null ? passphraseWrong() : damaged();
    budget.spend(bagIterations(inner));
    bags.push(...inner);
  }
  return bags;
}

/** null for what is no SafeContents: a wrong key leaves a right padding once in 256 times. */
function readBagsOrNull(contents: Uint8Array): Bag[] | null {
  try {
    return readBags(contents);
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED')) return null;
    throw error;
  }
}

async function decryptKeys(bags: readonly Bag[], passphrase: string): Promise<Uint8Array[]> {
  const keys: Uint8Array[] = [];
  for (const bag of bags) {
    if (bag.kind === 'key') keys.push(bag.pkcs8Der);
    if (bag.kind !== 'shrouded-key') continue;
    const pkcs8Der = await decrypt(bag.algorithm, bag.encrypted, passphrase);
    if (pkcs8Der === null || !isPrivateKeyInfo(pkcs8Der)) throw passphraseWrong();
    keys.push(pkcs8Der);
  }
  return keys;
}

function isPrivateKeyInfo(pkcs8Der: Uint8Array): boolean {
  try {
    return readSequence(readAsn1(pkcs8Der)).length >= 3;
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED')) return false;
    throw error;
  }
}

function assemble(keys: readonly Uint8Array[], certificatesDer: readonly Uint8Array[]): Pkcs12Contents {
  const [privateKeyPkcs8Der] = keys;
  if (privateKeyPkcs8Der === undefined) throw new GatewayError('P12_MALFORMED', 'The key file holds no private key');
  if (keys.length > 1) throw new GatewayError('P12_UNSUPPORTED', `The key file holds ${keys.length} private keys; export the one to sign with on its own`);
  const key = loadKey(privateKeyPkcs8Der);
  const certificates = certificatesDer.map((der) => loadCertificate(der));
  const leaf = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (leaf === undefined) {
    throw new GatewayError('KEY_MISMATCH', certificates.length === 0 ? 'The key file holds no certificate' : 'No certificate in the key file belongs to its private key');
  }
  return { privateKeyPkcs8Der, certificateDer: leaf.raw, chainDer: chainFrom(leaf, certificates) };
}

/** Leaf, its issuer, and so on as far as the file goes; certificates that are not on the way are left out. */
function chainFrom(leaf: X509Certificate, certificates: readonly X509Certificate[]): [Uint8Array, ...Uint8Array[]] {
  const chain: [Uint8Array, ...Uint8Array[]] = [leaf.raw];
  const rest = new Set(certificates.filter((certificate) => certificate !== leaf && certificate.fingerprint256 !== leaf.fingerprint256));
  for (let current = leaf; !current.checkIssued(current); ) {
    const issuer = [...rest].find((candidate) => current.checkIssued(candidate));
    if (issuer === undefined) break;
    rest.delete(issuer);
    chain.push(issuer.raw);
    current = issuer;
  }
  return chain;
}

function loadKey(pkcs8Der: Uint8Array): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(pkcs8Der), format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new GatewayError('KEY_UNSUPPORTED', 'The private key in the key file is damaged or of a kind that cannot sign', { cause });
  }
}

function loadCertificate(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new GatewayError('P12_MALFORMED', 'A certificate in the key file cannot be read', { cause });
  }
}

function passphraseWrong(): GatewayError {
  return new GatewayError('P12_PASSPHRASE_WRONG', 'The passphrase of the key file is wrong');
}

function damaged(): GatewayError {
  return new GatewayError('P12_MALFORMED', 'The key file is damaged: its contents cannot be decrypted although its passphrase is right');
}
