import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { pkcs12Of } from '../../certs/dev/identity.ts';
import { answerOcspRequest } from '../../sandbox/pki/ocsp.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { buildOcspRequest } from '../../src/formats/ocsp/request.ts';
import { buildTimestampResponse } from '../../src/formats/tsp/build-timestamp-response.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';
import { signBytes } from '../../src/usecases/sign-bytes.ts';
import type { Notary } from '../conformance/mutants/notary.ts';
import { ORIGINALS } from '../conformance/mutants/originals.ts';
import { token } from '../conformance/tsp-own/tokens.ts';
import { testCa, testTsa } from '../support/certificates.ts';
import { listXml, signXml } from '../support/trusted-list.ts';
import { vectorPath } from '../support/vectors.ts';
import { elementsOf, replaceElement, type Element } from './mutators.ts';

/** Inputs to begin with, by target: other people's corpora, and what this project makes itself. */
export interface Seeds {
  readonly der: readonly Buffer[];
  readonly cms: readonly Buffer[];
  readonly x509: readonly Buffer[];
  readonly ocsp: readonly Buffer[];
  readonly crl: readonly Buffer[];
  readonly tsp: readonly Buffer[];
  readonly pdf: readonly Buffer[];
  readonly pkcs12: readonly Buffer[];
  /** Trusted lists, signed by the officer. */
  readonly xml: readonly Buffer[];
}

/** What the CAdES seeds are about, and the passphrase of the PKCS#12 ones. */
export const SIGNED_TEXT = Buffer.from('Biên bản bàn giao hồ sơ', 'utf8');
export const PASSPHRASE = 'mật khẩu thử';

export async function collectSeeds(notary: Notary): Promise<Seeds> {
  const { pki, now } = notary;
  const certificates = [...pki.officer.chainDer, pki.seal.certificateDer, pki.tsa.certificateDer, pki.ocsp.certificateDer].map((der) => Buffer.from(der));
  const tokens = tokenSeeds();
  return {
    der: balanced([...corpus('asn1'), ...corpus('asn1parse')], certificates),
    cms: balanced(corpus('cms'), [Buffer.from((await signBytes(notary.ports, { source: bytesSource(SIGNED_TEXT), level: 'B-B' })).cmsDer), ...tokens]),
    x509: balanced(corpus('x509'), certificates),
    ocsp: ocspSeeds(notary),
    crl: balanced(corpus('crl'), [pki.root, pki.issuing].map((authority) => Buffer.from(authority.crl(now, new Date(now.getTime() + 3_600_000))))),
    tsp: [...tokens, ...tokens.map((der) => Buffer.from(buildTimestampResponse(der)))],
    pdf: await pdfSeeds(notary),
    pkcs12: (await Promise.all([pki.officer, pki.seal].map((identity) => pkcs12Of(identity, PASSPHRASE, randomBytes)))).flatMap((file) => [Buffer.from(file), withoutMac(Buffer.from(file))]),
    xml: listSeeds(notary),
  };
}

/** Corpora hold mostly what is broken early on; sound inputs, as often, lead mutations deeper. */
function balanced(found: readonly Buffer[], own: readonly Buffer[]): Buffer[] {
  return [...found, ...found.flatMap((_, index) => own.slice(index % own.length, (index % own.length) + 1))];
}

/** Without its MAC a PKCS#12 file lets changes of its contents through (RFC 7292 §4). */
function withoutMac(file: Buffer): Buffer {
  const [pfx, ...inner] = elementsOf(file);
  const mac = inner.filter(({ end }) => end === pfx?.end).reduce<Element | undefined>((first, element) => (first === undefined || element.start < first.start ? element : first), undefined);
  return mac === undefined ? file : replaceElement(file, mac, new Uint8Array());
}

function listSeeds({ officer, pki, now }: Notary): Buffer[] {
  const services = [{ certificateDer: pki.root.identity.certificateDer, history: [['withdrawn', now]] as const }, { certificateDer: pki.tsa.certificateDer, type: 'TSA/QTST' }];
  return [[], services].map((some) => Buffer.from(signXml(listXml({ issuedAt: now, services: some }), officer)));
}

function tokenSeeds(): Buffer[] {
  const tsa = testTsa(testCa());
  return [token({ tsa }), token({ tsa, nonce: null }), token({ tsa, imprintDigest: 'sha512' })].map((der) => Buffer.from(der));
}

function ocspSeeds({ pki, now }: Notary): Buffer[] {
  const [officer, issuing, root] = [pki.officer.certificateDer, pki.issuing.identity.certificateDer, pki.root.identity.certificateDer].map((der) => readCertificate(der));
  if (officer === undefined || issuing === undefined || root === undefined) throw new Error('the PKI lacks a certificate');
  const requests = [buildOcspRequest({ certificate: officer, issuer: issuing, nonce: null }), buildOcspRequest({ certificate: issuing, issuer: root, nonce: Buffer.alloc(32, 1) })];
  const own = requests.map((request) => Buffer.from(answerOcspRequest(pki, request, now, null)));
  return [...own, ...requests.map((request) => Buffer.from(request)), ...filesOf('openssl-ocsp', '.ors').map((bytes) => Buffer.from(bytes.toString('latin1'), 'base64'))];
}

/** The documents that are sound, those of the lawful updates included. */
async function pdfSeeds(notary: Notary): Promise<Buffer[]> {
  const made: Buffer[] = [];
  for (const { make } of ORIGINALS) made.push(Buffer.from(await make(notary)));
  return [...made, ...filesOf('pyhanko/pdf', '.pdf').filter(({ length }) => length < 60_000)];
}

function filesOf(folder: string, ending: string): Buffer[] {
  const path = vectorPath(...folder.split('/'));
  return readdirSync(path).filter((name) => name.endsWith(ending)).sort().map((name) => readFileSync(`${path}/${name}`));
}

const BLOCK = 512;

/** The files of one of OpenSSL's corpora, in the order of the archive. */
function corpus(name: string): Buffer[] {
  const archive = gunzipSync(readFileSync(vectorPath('openssl-fuzz-corpora', `${name}.tar.gz`)), { maxOutputLength: 64 * 1024 * 1024 });
  const files: Buffer[] = [];
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    const sizeBytes = Number.parseInt(header.toString('latin1', 124, 136), 8) || 0;
    if (header[156] === 0x30) files.push(archive.subarray(at + BLOCK, at + BLOCK + sizeBytes));
    at += BLOCK + Math.ceil(sizeBytes / BLOCK) * BLOCK;
  }
  return files;
}
