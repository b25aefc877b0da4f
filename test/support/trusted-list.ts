import { createHash, sign, type KeyObject } from 'node:crypto';
import { XmlC14NMode, XmlDocument, type XmlElement } from 'libxml2-wasm';

/** Trusted lists as an operator would publish them, made and signed here; whatever part a test needs can be wrong. */

export interface ServiceDraft {
  readonly type?: string;
  readonly name?: string;
  readonly certificateDer: Uint8Array;
  readonly status?: string;
  readonly since?: Date;
  /** Past states, status and time. */
  readonly history?: readonly (readonly [status: string, since: Date])[];
  /** XML of ServiceInformationExtensions’ children. */
  readonly extensions?: string;
}

export interface ListDraft {
  readonly sequenceNumber?: number;
  readonly issuedAt: Date;
  readonly nextUpdate?: Date | null;
  readonly services: readonly ServiceDraft[];
}

export const SERVICE_TYPE = 'http://uri.etsi.org/TrstSvc/Svctype/';
export const SERVICE_STATUS = 'http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/';
const DAY_MS = 86_400_000;

export function listXml({ sequenceNumber = 1, issuedAt, nextUpdate = new Date(issuedAt.getTime() + 180 * DAY_MS), services }: ListDraft): string {
  const address = `<PostalAddresses><PostalAddress xml:lang="vi"><StreetAddress>1 Phố Thử</StreetAddress><Locality>Tỉnh Thử</Locality><CountryName>VN</CountryName></PostalAddress></PostalAddresses><ElectronicAddress><URI xml:lang="vi">mailto:thu@example.vn</URI></ElectronicAddress>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" Id="list" TSLTag="http://uri.etsi.org/19612/TSLTag"><SchemeInformation><TSLVersionIdentifier>6</TSLVersionIdentifier><TSLSequenceNumber>${sequenceNumber}</TSLSequenceNumber><TSLType>http://uri.etsi.org/TrstSvc/TrustedList/TSLType/CClist</TSLType><SchemeOperatorName><Name xml:lang="en">Test operator</Name><Name xml:lang="vi">Cơ quan Thử nghiệm</Name></SchemeOperatorName><SchemeOperatorAddress>${address}</SchemeOperatorAddress><SchemeName><Name xml:lang="vi">VN:Danh sách thử nghiệm</Name></SchemeName><SchemeInformationURI><URI xml:lang="vi">https://example.vn/</URI></SchemeInformationURI><StatusDeterminationApproach>http://uri.etsi.org/TrstSvc/TrustedList/StatusDetn/CCappropriate</StatusDeterminationApproach><SchemeTerritory>VN</SchemeTerritory><HistoricalInformationPeriod>65535</HistoricalInformationPeriod><ListIssueDateTime>${time(issuedAt)}</ListIssueDateTime><NextUpdate>${nextUpdate === null ? '' : `<dateTime>${time(nextUpdate)}</dateTime>`}</NextUpdate></SchemeInformation>${providers(services, address)}</TrustServiceStatusList>`;
}

function providers(services: readonly ServiceDraft[], address: string): string {
  if (services.length === 0) return '';
  return `<TrustServiceProviderList><TrustServiceProvider><TSPInformation><TSPName><Name xml:lang="vi">Tổ chức Thử</Name></TSPName><TSPAddress>${address}</TSPAddress><TSPInformationURI><URI xml:lang="vi">https://example.vn/</URI></TSPInformationURI></TSPInformation><TSPServices>${services.map((service) => serviceXml(service)).join('')}</TSPServices></TrustServiceProvider></TrustServiceProviderList>`;
}

function serviceXml({ type = 'CA/QC', name = 'Dịch vụ thử', certificateDer, status = 'granted', since = new Date('2020-01-01T00:00:00Z'), history = [], extensions = '' }: ServiceDraft): string {
  const identity = `<ServiceDigitalIdentity><DigitalId><X509Certificate>${Buffer.from(certificateDer).toString('base64')}</X509Certificate></DigitalId></ServiceDigitalIdentity>`;
  const state = (at: string, from: Date): string => `<ServiceTypeIdentifier>${SERVICE_TYPE}${type}</ServiceTypeIdentifier><ServiceName><Name xml:lang="vi">${name}</Name></ServiceName>${identity}<ServiceStatus>${SERVICE_STATUS}${at}</ServiceStatus><StatusStartingTime>${time(from)}</StatusStartingTime>`;
  const past = history.length === 0 ? '' : `<ServiceHistory>${history.map(([at, from]) => `<ServiceHistoryInstance>${state(at, from)}</ServiceHistoryInstance>`).join('')}</ServiceHistory>`;
  return `<TSPService><ServiceInformation>${state(status, since)}${extensions === '' ? '' : `<ServiceInformationExtensions>${extensions}</ServiceInformationExtensions>`}</ServiceInformation>${past}</TSPService>`;
}

export const time = (at: Date): string => at.toISOString().replace(/\.\d+Z$/, 'Z');

export interface XmlSigner {
  readonly privateKey: KeyObject;
  readonly certificateDer: Uint8Array;
}

const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';

export const rsaOrEcdsa = ({ privateKey }: XmlSigner): string => `http://www.w3.org/2001/04/xmldsig-more#${privateKey.asymmetricKeyType === 'ec' ? 'ecdsa' : 'rsa'}-sha256`;

/** Signature template over `uri`, as `xmlsec1 --sign` fills it in. */
export function signatureTemplate(signer: XmlSigner, uri = '', digest = '', value = ''): string {
  return `<ds:Signature xmlns:ds="${DSIG}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="${EXCLUSIVE}"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="${rsaOrEcdsa(signer)}"></ds:SignatureMethod><ds:Reference URI="${uri}"><ds:Transforms><ds:Transform Algorithm="${DSIG}enveloped-signature"></ds:Transform><ds:Transform Algorithm="${EXCLUSIVE}"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>${value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${Buffer.from(signer.certificateDer).toString('base64')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>`;
}

/** Puts an enveloped signature at the end of the root. */
export function signXml(xml: string, signer: XmlSigner, uri = ''): string {
  const digest = createHash('sha256').update(canonical(xml, ({ root }) => root)).digest('base64');
  const withDigest = appended(xml, signatureTemplate(signer, uri, digest));
  const signedInfo = canonical(withDigest, (document) => document.get('//ds:SignedInfo', { ds: DSIG }) as XmlElement);
  const value = sign('sha256', Buffer.from(signedInfo), { key: signer.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64');
  return appended(xml, signatureTemplate(signer, uri, digest, value));
}

export function appended(xml: string, element: string): string {
  return xml.replace(/<\/[\w:]+>\s*$/, (end) => `${element}${end}`);
}

function canonical(xml: string, choose: (document: XmlDocument) => XmlElement): string {
  const document = XmlDocument.fromString(xml);
  try {
    return choose(document).canonicalizeToString({ mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0 });
  } finally {
    document.dispose();
  }
}
