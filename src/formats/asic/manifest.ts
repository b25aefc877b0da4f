import type { XmlElement as ReadElement } from 'libxml2-wasm';
import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import type { DigestName } from '../algorithms/digests.ts';
import { base64Of, childOf, childrenOf, demandChild, isNamed, withXml, type QualifiedName, type XmlLimits } from '../xml/read-xml.ts';
import { digestOfUri } from '../xml/signature-algorithms.ts';
import { element, xmlDocument } from '../xml/write-xml.ts';

/** Names what one signature (or time-stamp) of a container covers. @see ETSI EN 319 162-1 A.4 */
export interface AsicManifest {
  /** Of the signature's entry. */
  readonly signature: string;
  readonly signatureMediaType: string;
  readonly objects: readonly ManifestObject[];
}

export interface ManifestObject {
  /** Of the entry, as the container has it. */
  readonly name: string;
  readonly mediaType: string | null;
  readonly digestAlgorithm: DigestName;
  readonly digest: Uint8Array;
  /** The one to open first. */
  readonly isRoot: boolean;
}

const ASIC = 'http://uri.etsi.org/02918/v1.2.1#';
const DS = 'http://www.w3.org/2000/09/xmldsig#';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const LIMITS: XmlLimits = { maxBytes: 1024 ** 2, maxTags: 10_000, maxAttributes: 10_000 };

/** Writes; digests are SHA-256, 32 bytes. */
export function buildManifest({ signature, signatureMediaType, objects }: Omit<AsicManifest, 'objects'> & { readonly objects: readonly Omit<ManifestObject, 'digestAlgorithm'>[] }): Uint8Array {
  const references = objects.map(({ name, mediaType, digest, isRoot }) =>
    element(
      'asic:DataObjectReference',
      { URI: uriOf(name), MimeType: mediaType ?? undefined, Rootfile: isRoot ? 'true' : undefined },
      element('ds:DigestMethod', { Algorithm: SHA256 }),
      element('ds:DigestValue', {}, Buffer.from(digest).toString('base64')),
    ),
  );
  const reference = element('asic:SigReference', { URI: uriOf(signature), MimeType: signatureMediaType });
  return Buffer.from(xmlDocument(element('asic:ASiCManifest', { 'xmlns:asic': ASIC, 'xmlns:ds': DS }, reference, references)));
}

/**
 * Reads a manifest; what it does not know is refused, an extension marked critical among it.
 * @throws EVIDENCE_MALFORMED
 */
export function readManifest(bytes: Uint8Array): AsicManifest {
  try {
    return withXml(bytes, LIMITS, (document) => {
      const { root } = document;
      if (!isNamed(root, asic('ASiCManifest'))) throw malformed('it is no ASiCManifest');
      refuseCritical(childOf(root, asic('ASiCManifestExtensions')));
      const reference = demandChild(root, asic('SigReference'));
      const objects = childrenOf(root, asic('DataObjectReference')).map(readObject);
      if (objects.length === 0) throw malformed('it names no object');
      if (new Set(objects.map(({ name }) => name)).size !== objects.length) throw malformed('it names an object twice');
      return { signature: nameOf(reference), signatureMediaType: attributeOf(reference, 'MimeType') ?? '', objects };
    });
  } catch (error) {
    if (isGatewayError(error, 'XML_MALFORMED') || isGatewayError(error, 'XML_LIMIT')) throw malformed(error.message);
    throw error;
  }
}

function readObject(reference: ReadElement): ManifestObject {
  refuseCritical(childOf(reference, asic('DataObjectReferenceExtensions')));
  const digestAlgorithm = digestOfUri(attributeOf(demandChild(reference, ds('DigestMethod')), 'Algorithm') ?? '');
  if (digestAlgorithm === undefined) throw malformed('it uses a digest that is not relied on');
  return {
    name: nameOf(reference),
    mediaType: attributeOf(reference, 'MimeType'),
    digestAlgorithm,
    digest: base64Of(demandChild(reference, ds('DigestValue'))),
    isRoot: ['true', '1'].includes(attributeOf(reference, 'Rootfile') ?? ''),
  };
}

function refuseCritical(extensions: ReadElement | null): void {
  const isCritical = extensions !== null && childrenOf(extensions, asic('Extension')).some((extension) => !['false', '0'].includes(attributeOf(extension, 'Critical') ?? ''));
  if (isCritical) throw malformed('it has a critical extension that is not known');
}

const asic = (name: string): QualifiedName => [ASIC, name];
const ds = (name: string): QualifiedName => [DS, name];

function attributeOf(from: ReadElement, name: string): string | null {
  return from.attrs.find((attribute) => attribute.name === name && attribute.namespaceUri === '')?.value ?? null;
}

/** A relative reference (RFC 3986 §4.2): each segment of the name percent-encoded. */
function uriOf(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}

function nameOf(reference: ReadElement): string {
  try {
    return decodeURIComponent(attributeOf(reference, 'URI') ?? '');
  } catch {
    throw malformed('it has a URI that is none');
  }
}

function malformed(why: string): GatewayError {
  return new GatewayError('EVIDENCE_MALFORMED', `The manifest cannot be relied on: ${why}`);
}
