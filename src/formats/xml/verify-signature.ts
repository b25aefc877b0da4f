import type { XmlDocument, XmlElement } from 'libxml2-wasm';
import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import { digestOf, type DigestName } from '../algorithms/digests.ts';
import { algorithmFault, digestFault, type AlgorithmPolicy } from '../algorithms/policy.ts';
import { readPublicKeyInfo } from '../algorithms/public-key.ts';
import { verifyValue } from '../algorithms/verify.ts';
import { base64Of, childOf, childrenOf, demandChild, isNamed, type QualifiedName } from './read-xml.ts';
import { canonicalizationOfUri, digestOfUri, ENVELOPED, methodOfUri, type Canonicalization, type XmlSignatureMethod } from './signature-algorithms.ts';

const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
const ds = (name: string): QualifiedName => [DSIG, name];
export const SIGNATURE = ds('Signature');

export interface XmlSignatureInput {
  readonly document: XmlDocument;
  readonly signature: XmlElement;
  /** SubjectPublicKeyInfo of the key that must have signed: never one merely found in the signature. */
  readonly spkiDer: Uint8Array;
  readonly algorithms: AlgorithmPolicy;
  /** The time for which the algorithms must be reliable. */
  readonly at: Date;
}

/** What one Reference is about, once its digest was found right. */
export interface SignedReference {
  readonly uri: string;
  readonly type: string | null;
  /** Whether it stands for the whole document but the signature: its root, however named. */
  readonly isRoot: boolean;
  /** The octets that were digested. Whoever reads these, and not the document, cannot be shown something else than what is signed. */
  readonly octets: Uint8Array;
}

/** `fault`: why the signature is not to be relied on, in words; null when key, value and every reference are right. */
export type XmlSignatureResult = { readonly fault: string } | { readonly fault: null; readonly references: readonly SignedReference[] };

const MAX_REFERENCES = 20;
const MAX_TRANSFORMS = 4;

/**
 * Core validation of an XML signature: value over the canonical SignedInfo, then each same-document reference. Transforms are the
 * enveloped one and canonicalisation; nothing is fetched, no XPath and no XSLT runs. An enveloped signature leaves the document: what is
 * wanted of it must be read before. A signature that cannot be relied on is an answer.
 * @see XML Signature Syntax and Processing 1.1 §3.2, §4.4.3, §6
 */
export function verifyXmlSignature(input: XmlSignatureInput): XmlSignatureResult {
  try {
    return { fault: null, references: coreValidate(input) };
  } catch (error) {
    if (isGatewayError(error, 'XML_MALFORMED', 'ALGORITHM_UNSUPPORTED')) return { fault: error.message };
    throw error;
  }
}

/** X509Certificate elements of KeyInfo in DER: hints, not trust. @throws XML_MALFORMED */
export function carriedCertificates(signature: XmlElement): Uint8Array[] {
  const keyInfo = childOf(signature, ds('KeyInfo'));
  if (keyInfo === null) return [];
  return childrenOf(keyInfo, ds('X509Data')).flatMap((data) => childrenOf(data, ds('X509Certificate')).map((certificate) => base64Of(certificate)));
}

function coreValidate({ document, signature, spkiDer, algorithms, at }: XmlSignatureInput): SignedReference[] {
  const signedInfo = demandChild(signature, ds('SignedInfo'));
  const method = methodOf(demandChild(signedInfo, ds('SignatureMethod')));
  checkPolicy(method, spkiDer, algorithms, at);
  const canonicalization = demandChild(signedInfo, ds('CanonicalizationMethod'));
  const data = octetsOf(signedInfo, rulesOf(canonicalization) ?? refuse('SignedInfo is canonicalised in a way that is not accepted'), prefixesOf(canonicalization));
  const value = base64Of(demandChild(signature, ds('SignatureValue')));
  if (!verifyValue({ algorithm: method.algorithm, spkiDer, data, signature: value, ecdsaForm: 'p1363' }).valid) refuse('the signature value is not made with that key over these data');
  return checkReferences(document, signature, childrenOf(signedInfo, ds('Reference')), (digest) => digestFault(algorithms, digest, at));
}

function methodOf(element: XmlElement): XmlSignatureMethod {
  const uri = attribute(element, 'Algorithm') ?? '';
  if (childrenOf(element).length > 0) refuse('SignatureMethod has parameters');
  return methodOfUri(uri) ?? refuse(`the signature algorithm ${uri.slice(0, 100)} is not accepted`);
}

function checkPolicy({ digest }: XmlSignatureMethod, spkiDer: Uint8Array, algorithms: AlgorithmPolicy, at: Date): void {
  const { type, bits } = readPublicKeyInfo(spkiDer);
  const fault = algorithmFault(algorithms, { digest, keyType: type, keyBits: bits }, at);
  if (fault !== null) refuse(fault);
}

interface Reference {
  readonly uri: string;
  readonly type: string | null;
  readonly target: XmlElement | null;
  readonly isRoot: boolean;
  readonly enveloped: boolean;
  readonly rules: Canonicalization;
  readonly prefixes: readonly string[];
  readonly digest: DigestName;
  readonly value: Uint8Array;
}

function checkReferences(document: XmlDocument, signature: XmlElement, elements: readonly XmlElement[], weak: (digest: DigestName) => string | null): SignedReference[] {
  if (elements.length === 0 || elements.length > MAX_REFERENCES) refuse(`it has ${elements.length} references; 1 to ${MAX_REFERENCES} are accepted`);
  const references = elements.map((element) => readReference(document, signature, element));
  // What is inside the signature is digested while it still stands in the document, the enveloped ones once it does not.
  const inside = references.filter(({ enveloped }) => !enveloped).map((reference) => checkReference(document, reference, weak));
  if (inside.length === references.length) return inside;
  if (signature.isSameNode(document.root)) refuse('an enveloped signature is the whole document');
  signature.remove();
  return [...inside, ...references.filter(({ enveloped }) => enveloped).map((reference) => checkReference(document, reference, weak))];
}

function readReference(document: XmlDocument, signature: XmlElement, element: XmlElement): Reference {
  const uri = attribute(element, 'URI') ?? refuse('a reference names nothing');
  const target = uri === '' ? null : elementWithId(document, uri);
  const { enveloped, rules, prefixes } = readTransforms(element);
  const isRoot = target === null || target.isSameNode(document.root);
  if (enveloped && target !== null && !isWithin(signature, target)) refuse('an enveloped signature does not lie in what it signs');
  const digestUri = attribute(demandChild(element, ds('DigestMethod')), 'Algorithm') ?? '';
  const digest = digestOfUri(digestUri) ?? refuse(`the digest algorithm ${digestUri.slice(0, 100)} is not accepted`);
  return { uri, type: attribute(element, 'Type'), target, isRoot, enveloped, rules, prefixes, digest, value: base64Of(demandChild(element, ds('DigestValue'))) };
}

/** Enveloped at most once and first, canonicalisation at most once and last (TS 119 612 Annex B.2.1 asks for just these). */
function readTransforms(element: XmlElement): Pick<Reference, 'enveloped' | 'rules' | 'prefixes'> {
  const list = childOf(element, ds('Transforms'));
  const transforms = list === null ? [] : childrenOf(list, ds('Transform'));
  if (transforms.length > MAX_TRANSFORMS) refuse(`a reference has more than ${MAX_TRANSFORMS} transforms`);
  const [first, ...others] = transforms;
  const enveloped = first !== undefined && attribute(first, 'Algorithm') === ENVELOPED;
  const [last, extra] = enveloped ? others : transforms;
  if (extra !== undefined) refuse('a reference has transforms that are not accepted');
  // Without one, inclusive canonicalisation 1.0 stands at the end (§4.4.3.2).
  if (last === undefined) return { enveloped, rules: { mode: 0, comments: false }, prefixes: [] };
  const rules = rulesOf(last) ?? refuse(`the transform ${(attribute(last, 'Algorithm') ?? '').slice(0, 100)} is not accepted`);
  return { enveloped, rules, prefixes: prefixesOf(last) };
}

function checkReference(document: XmlDocument, { uri, type, target, isRoot, rules, prefixes, digest, value }: Reference, weak: (digest: DigestName) => string | null): SignedReference {
  const fault = weak(digest);
  if (fault !== null) refuse(fault);
  // A same-document reference leaves comments out, whatever canonicalisation says (§4.4.3.3).
  const octets = octetsOf(target ?? document, { ...rules, comments: false }, prefixes);
  if (Buffer.compare(digestOf(digest, octets), value) !== 0) refuse(`what the reference “${uri.slice(0, 100)}” stands for was changed`);
  return { uri, type, isRoot, octets };
}

const ID = /^#[\p{L}_][\p{L}\p{N}._-]{0,200}$/u;

/** Exactly one element has it: a second would be a choice between what is signed and what is shown. */
function elementWithId(document: XmlDocument, uri: string): XmlElement {
  if (!ID.test(uri)) refuse(`the reference “${uri.slice(0, 100)}” does not stand for a part of this document`);
  const id = uri.slice(1);
  const found = document.find(`//*[@Id='${id}' or @ID='${id}' or @id='${id}' or @xml:id='${id}']`, { xml: 'http://www.w3.org/XML/1998/namespace' });
  if (found.length !== 1) refuse(`${found.length} elements have the identifier “${id}”`);
  return found[0] as XmlElement;
}

function isWithin(element: XmlElement, ancestor: XmlElement): boolean {
  for (let node: XmlElement | null = element; node !== null; node = parentOf(node)) if (node.isSameNode(ancestor)) return true;
  return false;
}

const parentOf = (element: XmlElement): XmlElement | null => element.parent;

function rulesOf(element: XmlElement): Canonicalization | undefined {
  return canonicalizationOfUri(attribute(element, 'Algorithm') ?? '');
}

const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';

/** PrefixList of exclusive canonicalisation; anything else inside a transform is refused. */
function prefixesOf(element: XmlElement): readonly string[] {
  const [parameters, extra] = childrenOf(element);
  if (parameters === undefined) return [];
  if (extra !== undefined || !isNamed(parameters, [EXCLUSIVE, 'InclusiveNamespaces'])) refuse('a transform has parameters that are not accepted');
  return (attribute(parameters, 'PrefixList') ?? '').split(/\s+/).filter((prefix) => prefix !== '');
}

function octetsOf(node: XmlElement | XmlDocument, { mode, comments }: Canonicalization, prefixes: readonly string[]): Uint8Array {
  const text = node.canonicalizeToString({ mode, withComments: comments, ...(prefixes.length > 0 && { inclusiveNamespacePrefixes: [...prefixes] }) });
  return new TextEncoder().encode(text);
}

function attribute(element: XmlElement, name: string): string | null {
  return element.attr(name)?.value ?? null;
}

function refuse(what: string): never {
  throw new GatewayError('XML_MALFORMED', what);
}
