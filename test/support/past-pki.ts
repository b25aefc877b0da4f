import { createHash, createPublicKey } from 'node:crypto';
import { buildCrl, type RevokedCertificate } from '../../src/formats/crl/build-crl.ts';
import { digestAlgorithmDer } from '../../src/formats/algorithms/digests.ts';
import { readAsn1 } from '../../src/formats/asn1/reader.ts';
import { octetString, sequence, setOf } from '../../src/formats/asn1/writer.ts';
import { bytesSource, appendedSource } from '../../src/formats/byte-source.ts';
import { attribute, buildSignatureTimestampAttribute } from '../../src/formats/cms/build-attributes.ts';
import { ATTRIBUTE } from '../../src/formats/cms/oids.ts';
import { embedContents, signedBytes } from '../../src/formats/pades/embed.ts';
import { changeCatalog } from '../../src/formats/pades/place-field.ts';
import { preparePades } from '../../src/formats/pades/prepare.ts';
import { dict, name, stream } from '../../src/formats/pdf/objects.ts';
import { buildTimestampToken } from '../../src/formats/tsp/build-timestamp-response.ts';
import { keyIdentifierOf } from '../../src/formats/x509/build-certificate.ts';
import { basicConstraintsExtension, keyUsageExtension, subjectKeyIdentifierExtension } from '../../src/formats/x509/build-extensions.ts';
import { newKey, testIdentity, testTsa, type TestIdentity, type TestIdentityOptions } from './certificates.ts';
import { signForTest } from './cms.ts';
import { appendUpdate } from './pdf.ts';

/** A hierarchy at dates of one's choice, so that years can pass between signing and validation. */
export function pastCa(cn: string, notBefore: Date, notAfter: Date, issuer?: TestIdentity, { key = 'rsa', ...options }: Pick<TestIdentityOptions, 'key' | 'serialNumber'> = {}): TestIdentity {
  const privateKey = newKey(key);
  const spkiDer = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const extensionsDer = [basicConstraintsExtension(true), keyUsageExtension(['keyCertSign', 'cRLSign']), subjectKeyIdentifierExtension(keyIdentifierOf(spkiDer))];
  return testIdentity({ name: [['C', 'VN'], ['CN', cn]], privateKey, extensionsDer, notBefore, notAfter, ...options, ...(issuer === undefined ? {} : { issuer }) });
}

export const pastTsa = (issuer: TestIdentity, cn: string, notBefore: Date, notAfter: Date, key: 'rsa' | 'p256' = 'rsa'): TestIdentity => testTsa(issuer, { name: [['C', 'VN'], ['CN', cn]], notBefore, notAfter, key });

export function pastCrl(issuer: TestIdentity, thisUpdate: Date, nextUpdate: Date, revoked: readonly RevokedCertificate[] = []): Uint8Array {
  const issuerKeyId = keyIdentifierOf(createPublicKey(issuer.privateKey).export({ type: 'spki', format: 'der' }));
  return buildCrl({ issuerDer: issuer.subjectDer, issuerKeyId, thisUpdate, nextUpdate, crlNumber: BigInt(thisUpdate.getTime()), revoked, signer: issuer.signer });
}

/** A time-stamp token over the SHA-256 of the data. */
export function tokenFor(tsa: TestIdentity, data: Uint8Array, genTime: Date, accuracySeconds = 0): Uint8Array {
  const imprint = createHash('sha256').update(data).digest();
  return buildTimestampToken({
    policyOid: '1.3.6.1.4.1.99999.1',
    messageImprintDer: sequence(digestAlgorithmDer('sha256'), octetString(imprint)),
    serialNumber: Uint8Array.of(1, 2, 3),
    genTime,
    accuracy: accuracySeconds === 0 ? null : { seconds: accuracySeconds, millis: 0 },
    nonceDer: null,
    tsaNameDer: null,
    chainDer: [tsa.certificateDer],
    certificatesIncluded: true,
    digest: 'sha256',
    signer: tsa.signer,
  });
}

export interface StampedSigning {
  readonly identity: TestIdentity;
  readonly chainDer: readonly Uint8Array[];
  readonly signingTime: Date;
  readonly stamp?: { readonly tsa: TestIdentity; readonly at: Date; readonly accuracySeconds?: number };
  /** Over the content, so made before the signature (EN 319 122-1 §5.2.8). */
  readonly contentStamp?: { readonly tsa: TestIdentity; readonly at: Date; readonly accuracySeconds?: number };
}

/** PAdES B-B, or B-T with a stamp. */
export async function signPast(pdf: Uint8Array, { identity, chainDer, signingTime, stamp, contentStamp }: StampedSigning): Promise<Buffer> {
  const source = bytesSource(pdf);
  const prepared = await preparePades(source, { subFilter: 'ETSI.CAdES.detached', contentsBytes: 16_384, revisionId: Buffer.alloc(16, 7), signingTime, utcOffsetMinutes: 420 });
  const content = Buffer.concat([...signedBytes(appendedSource(source, prepared.increment), prepared.byteRange)]);
  const unsigned = (value: Uint8Array): Uint8Array[] => (stamp === undefined ? [] : [buildSignatureTimestampAttribute(tokenFor(stamp.tsa, value, stamp.at, stamp.accuracySeconds))]);
  const contentAttribute = contentStamp === undefined ? [] : [attribute(ATTRIBUTE.contentTimestamp, tokenFor(contentStamp.tsa, content, contentStamp.at, contentStamp.accuracySeconds))];
  const reshape = (der: Uint8Array): Uint8Array => setOf(...readAsn1(der).children.map(({ bytes }) => bytes), ...contentAttribute);
  return Buffer.concat([pdf, embedContents(prepared, signForTest({ content, identity, chainDer, unsigned, reshape }))]);
}

/** With a document security store (EN 319 142-1 §5.4.2) that holds these, and nothing else. */
export function withStore(pdf: Uint8Array, certificatesDer: readonly Uint8Array[], crlsDer: readonly Uint8Array[]): Buffer {
  return appendUpdate(pdf, (update) => {
    const list = (values: readonly Uint8Array[]) => values.map((bytes) => update.add(stream(dict({}), bytes)));
    changeCatalog(update, { DSS: dict({ Type: name('DSS'), Certs: list(certificatesDer), CRLs: list(crlsDer) }) });
  });
}

/** With a document time-stamp over everything before it (EN 319 142-1 §5.4.3). */
export async function stampPast(pdf: Uint8Array, tsa: TestIdentity, at: Date): Promise<Buffer> {
  const source = bytesSource(pdf);
  const prepared = await preparePades(source, { subFilter: 'ETSI.RFC3161', contentsBytes: 8192, revisionId: Buffer.alloc(16, 4) });
  const content = Buffer.concat([...signedBytes(appendedSource(source, prepared.increment), prepared.byteRange)]);
  return Buffer.concat([pdf, embedContents(prepared, tokenFor(tsa, content, at))]);
}
