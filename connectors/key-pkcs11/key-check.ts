import { createPublicKey } from 'node:crypto';
import { GatewayError } from '../../src/domain/errors.ts';
import type { SignatureScheme } from '../../src/domain/signature.ts';
import { readCertificate, type Certificate } from '../../src/formats/x509/certificate.ts';
import type { FoundKey } from './protocol.ts';

/** P-256, P-384, P-521. */
const CURVES = new Set(['1.2.840.10045.3.1.7', '1.3.132.0.34', '1.3.132.0.35']);
const MIN_RSA_BITS = 2048;
const LONGEST_CHAIN = 10;

export type Chain = readonly [Uint8Array, ...Uint8Array[]];

/**
 * The signer's certificate and what follows it towards the root, out of the certificates on the token: the one beside the key (the newest, when
 * it was renewed), then issuers by name. Trusts nothing.
 * @throws KEY_MISMATCH when the token holds no certificate for the key; CERTIFICATE_MALFORMED
 */
export function chainOnToken({ certificatesDer, ownCertificates }: FoundKey): Chain {
  const all = certificatesDer.map((der) => readCertificate(der));
  const leaf = all.slice(0, ownCertificates).sort((a, b) => b.notAfter.getTime() - a.notAfter.getTime())[0];
  if (leaf === undefined) throw new GatewayError('KEY_MISMATCH', 'The key device holds no certificate with the id of the key: give the certificate and its chain as a file');
  const chain = [leaf];
  for (let next = issuerOf(leaf, all); next !== undefined && !chain.includes(next) && chain.length < LONGEST_CHAIN; next = issuerOf(next, all)) chain.push(next);
  const [first, ...rest] = chain.map(({ der }) => der);
  return [first ?? leaf.der, ...rest];
}

/** The scheme that is used when none is asked for. */
export function defaultScheme(certificateDer: Uint8Array): SignatureScheme {
  const { type } = readCertificate(certificateDer).publicKey;
  return type === 'EC' ? 'ecdsa' : type === 'RSA-PSS' ? 'pss' : 'pkcs1';
}

/**
 * Whether key, certificate and scheme go together, as far as the token tells about its key; the first value made is judged by whoever uses it.
 * @throws KEY_UNSUPPORTED, KEY_MISMATCH, CERTIFICATE_MALFORMED
 */
export function checkKey(found: FoundKey, certificateDer: Uint8Array, scheme: SignatureScheme): void {
  const certificate = readCertificate(certificateDer);
  const { type, bits, curveOid } = certificate.publicKey;
  if (type !== 'RSA' && type !== 'RSA-PSS' && type !== 'EC') throw unsupported(`Keys of type ${type} are not supported; use RSA or ECDSA`);
  if (found.type !== (type === 'EC' ? 'ec' : 'rsa')) throw mismatch();
  if ((type === 'EC') !== (scheme === 'ecdsa') || (type === 'RSA-PSS' && scheme === 'pkcs1')) throw unsupported(`A key of type ${type} cannot sign with the scheme ${scheme}`);
  if (type === 'EC' && !CURVES.has(curveOid ?? '')) throw unsupported("The key's curve is not supported; use P-256, P-384 or P-521");
  if (type !== 'EC' && bits < MIN_RSA_BITS) throw unsupported(`The RSA key has ${bits} bits; at least ${MIN_RSA_BITS} are required`);
  if (!numbersAgree(found, certificate)) throw mismatch();
}

function numbersAgree({ modulus, ecPointDer }: FoundKey, { spkiDer }: Certificate): boolean {
  const { n, x, y } = createPublicKey({ key: Buffer.from(spkiDer), format: 'der', type: 'spki' }).export({ format: 'jwk' });
  if (n !== undefined) return modulus === null || stripped(modulus).equals(stripped(Buffer.from(n, 'base64url')));
  if (ecPointDer === null || x === undefined || y === undefined) return true;
  const point = Buffer.concat([Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return Buffer.from(ecPointDer).subarray(-point.length).equals(point);
}

function stripped(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  return Buffer.from(bytes.subarray(Math.max(0, start)));
}

function issuerOf(certificate: Certificate, all: readonly Certificate[]): Certificate | undefined {
  if (Buffer.compare(certificate.issuerDer, certificate.subjectDer) === 0) return undefined;
  return all.find((candidate) => Buffer.compare(candidate.subjectDer, certificate.issuerDer) === 0);
}

function unsupported(message: string): GatewayError {
  return new GatewayError('KEY_UNSUPPORTED', message);
}

function mismatch(): GatewayError {
  return new GatewayError('KEY_MISMATCH', 'The certificate does not belong to the private key on the key device');
}
