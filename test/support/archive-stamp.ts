import { createHash } from 'node:crypto';
import { digestAlgorithmDer } from '../../src/formats/algorithms/digests.ts';
import { readAsn1, type Asn1Node } from '../../src/formats/asn1/reader.ts';
import { context, octetString, oid, sequence, setOf } from '../../src/formats/asn1/writer.ts';
import { attribute } from '../../src/formats/cms/build-attributes.ts';
import { addUnsignedAttribute } from '../../src/formats/cms/build-signed-data.ts';
import type { TestIdentity } from './certificates.ts';
import { tokenFor } from './past-pki.ts';

const ATS_V3 = '0.4.0.1733.2.4';
const ATS_HASH_INDEX_V3 = '0.4.0.19122.1.5';

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** The SignedData's fields by place and tag, cut out of the bytes. */
function fieldsOf(cms: Uint8Array): { readonly fields: Asn1Node[]; readonly certificates: Asn1Node | undefined; readonly crls: Asn1Node | undefined; readonly signer: Asn1Node[] } {
  const fields = readAsn1(cms).children[1]?.children[0]?.children ?? [];
  return { fields, certificates: fields.find((field) => field.isContext(0)), crls: fields.find((field) => field.isContext(1)), signer: fields.at(-1)?.children[0]?.children ?? [] };
}

/** The same CMS with these certificates and revocation values added to its sets; nothing signed changes. */
export function withValidationData(cms: Uint8Array, certificatesDer: readonly Uint8Array[], revocationDer: readonly Uint8Array[]): Uint8Array {
  const { fields, certificates, crls } = fieldsOf(cms);
  const sorted = (node: Asn1Node | undefined, more: readonly Uint8Array[]): Uint8Array[] => [...(node?.children ?? []).map(({ bytes }) => bytes), ...more].sort((a, b) => Buffer.compare(a, b));
  const [version, digests, content] = fields.slice(0, 3).map(({ bytes }) => bytes);
  const parts = [version, digests, content, context(0, ...sorted(certificates, certificatesDer)), context(1, ...sorted(crls, revocationDer)), fields.at(-1)?.bytes].map((part) => part ?? new Uint8Array());
  return sequence(readAsn1(cms).children[0]?.bytes ?? new Uint8Array(), context(0, sequence(...parts)));
}

export interface ArchiveStamping {
  readonly content: Uint8Array;
  readonly tsa: TestIdentity;
  readonly at: Date;
  /** Left out of the index, as later additions are. */
  readonly uncovered?: (kind: 'certificate' | 'crl' | 'attribute', der: Uint8Array) => boolean;
  /** Changes the index after the imprint was made, or before. */
  readonly index?: { readonly stamped?: (der: Uint8Array) => Uint8Array; readonly attached?: (der: Uint8Array) => Uint8Array };
}

/** With an archive-time-stamp-v3, put together by hand from ETSI EN 319 122-1 §5.5.2 and §5.5.3. */
export function archiveStamp(cms: Uint8Array, { content, tsa, at, uncovered = () => false, index = {} }: ArchiveStamping): Uint8Array {
  const { fields, certificates, crls, signer } = fieldsOf(cms);
  const hashes = (kind: 'certificate' | 'crl', node: Asn1Node | undefined): Uint8Array => sequence(...(node?.children ?? []).filter(({ bytes }) => !uncovered(kind, bytes)).map(({ bytes }) => octetString(sha256(bytes))));
  const unsigned = signer.at(-1)?.isContext(1) === true ? (signer.at(-1)?.children ?? []) : [];
  const attributes = unsigned.flatMap(({ children: [type, values] }) => (values?.children ?? []).filter(({ bytes }) => !uncovered('attribute', bytes)).map(({ bytes }) => octetString(sha256(type?.bytes ?? new Uint8Array(), bytes))));
  const made = sequence(digestAlgorithmDer('sha256'), hashes('certificate', certificates), hashes('crl', crls), sequence(...attributes));
  const stamped = index.stamped?.(made) ?? made;
  const signed = (unsigned.length === 0 ? signer : signer.slice(0, -1)).map(({ bytes }) => bytes);
  const data = Buffer.concat([fields[2]?.children[0]?.bytes ?? new Uint8Array(), sha256(content), ...signed, stamped]);
  const token = addUnsignedAttribute(tokenFor(tsa, data, at), sequence(oid(ATS_HASH_INDEX_V3), setOf(index.attached?.(stamped) ?? stamped)));
  return addUnsignedAttribute(cms, attribute(ATS_V3, token));
}
