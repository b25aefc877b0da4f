import type { SignatureReport, TimestampReport, ValidationReport } from '../../domain/validation-report.ts';
import { additionalData, constraintsReport, validationStatus } from './xml-status.ts';
import { MAIN_INDICATIONS, OBJECT_TYPES, OWN_NAMESPACE, ownUri, PROCESSES, PROOF_BY_VALIDATION, sha256Digest } from './xml-uris.ts';
import { el, element, xmlDocument, type XmlElement } from '../xml/write-xml.ts';

const NAMESPACES = {
  xmlns: 'http://uri.etsi.org/19102/v1.4.1#',
  'xmlns:ds': 'http://www.w3.org/2000/09/xmldsig#',
  'xmlns:xades': 'http://uri.etsi.org/01903/v1.3.2#',
  'xmlns:lt': OWN_NAMESPACE,
} as const;

const DOCUMENT_ID = 'D1';
const certificateId = (sha256: string): string => `C-${sha256}`;
const timestampId = (index: number): string => `T${index + 1}`;

/**
 * The report for other machines, valid against the schema of TS 119 102-2. Certificates and the document stand in it by digest, time-stamps with
 * their own reports. A document without a signature is INDETERMINATE with a sub-indication of our own, one that cannot be read TOTAL-FAILED with
 * FORMAT_FAILURE (EN 319 102-1 §5.2.2). Not signed here.
 * @returns XML 1.0 in UTF-8
 * @see ETSI TS 119 102-2 V1.4.1 clause 4
 */
export function reportXml(report: ValidationReport): string {
  const signatures = report.signatures.length === 0 ? [withoutSignature(report)] : report.signatures.map((signature, index) => signatureReport(report, signature, index));
  return xmlDocument(element('ValidationReport', NAMESPACES, signatures, el('SignatureValidationObjects', validationObjects(report))));
}

function withoutSignature({ result, error, validationTime, policy }: ValidationReport): XmlElement {
  const status =
    result === 'UNREADABLE'
      ? validationStatus('SignatureValidationStatus', MAIN_INDICATIONS['TOTAL-FAILED'], 'FORMAT_FAILURE')
      : el('SignatureValidationStatus', el('MainIndication', MAIN_INDICATIONS.INDETERMINATE), el('SubIndication', ownUri('subindication', 'NO_SIGNATURE_FOUND')));
  return el(
    'SignatureValidationReport',
    constraintsReport([], policy),
    timeInfo(validationTime, validationTime, null),
    signersDocument(),
    status,
    error === null ? null : el('OtherInformation', element('lt:Error', { code: error.code }, error.detail)),
  );
}

function signatureReport(report: ValidationReport, signature: SignatureReport, index: number): XmlElement {
  const { signingTime, indication, subIndication, id, checks } = signature;
  const stamps = timestampsOf(report, signature);
  const proof = signingTime.source === 'validation-time' ? undefined : stamps.find(({ stamp }) => stamp.genTime === signingTime.best);
  return el(
    'SignatureValidationReport',
    element('SignatureIdentifier', { id: `S${index + 1}` }, el('HashOnly', false), el('DocHashOnly', false), el('DAIdentifier', id)),
    constraintsReport(checks, report.policy),
    timeInfo(report.validationTime, signingTime.best, proof === undefined ? null : timestampId(proof.index)),
    signersDocument(),
    attributesOf(signature, stamps),
    signerInformation(signature),
    el('SignatureValidationProcess', el('SignatureValidationProcessID', signingTime.source === 'validation-time' ? PROCESSES.basic : PROCESSES.withTime)),
    validationStatus('SignatureValidationStatus', MAIN_INDICATIONS[indication], subIndication, [associatedData(signature)]),
  );
}

interface IndexedTimestamp {
  readonly stamp: TimestampReport;
  readonly index: number;
}

/** Those over the signature, and the document time-stamp that proved its time; whether another one stands over it the report does not say. */
function timestampsOf({ timestamps }: ValidationReport, { id, signingTime }: SignatureReport): IndexedTimestamp[] {
  const proved = ({ type, genTime }: TimestampReport): boolean => type === 'document' && signingTime.source === 'document-timestamp' && genTime === signingTime.best;
  return timestamps.map((stamp, index) => ({ stamp, index })).filter(({ stamp }) => (stamp.covers === id && stamp.type !== 'document') || proved(stamp));
}

function timeInfo(validationTime: string, best: string, proof: string | null): XmlElement {
  const poe = el('BestSignatureTime', el('POETime', best), el('TypeOfProof', PROOF_BY_VALIDATION), proof === null ? null : element('POEObject', { VOReference: proof }));
  return el('ValidationTimeInfo', el('ValidationTime', validationTime), poe);
}

const signersDocument = (): XmlElement => el('SignersDocument', element('SignersDocumentRepresentation', { VOReference: DOCUMENT_ID }));

const ATTRIBUTE_NAMES: Readonly<Record<TimestampReport['type'], string>> = { content: 'AllDataObjectsTimeStamp', signature: 'SignatureTimeStamp', document: 'DocTimeStamp', archive: 'ArchiveTimeStamp' };

/** Annex A; absent when the signature has none of them, as the schema wants at least one. */
function attributesOf({ signingTime, reason }: SignatureReport, stamps: readonly IndexedTimestamp[]): XmlElement | null {
  const attributes = [
    ...(signingTime.claimed === null ? [] : [el('SigningTime', el('Time', signingTime.claimed))]),
    ...stamps.flatMap(({ stamp, index }) =>
      stamp.genTime === null ? [] : [element(ATTRIBUTE_NAMES[stamp.type], {}, element('AttributeObject', { VOReference: timestampId(index) }), el('TimeStampValue', stamp.genTime))],
    ),
    ...(reason === null ? [] : [el('Reason', el('ReasonElement', reason))]),
  ];
  return attributes.length === 0 ? null : el('SignatureAttributes', attributes);
}

function signerInformation({ signer, chain }: SignatureReport): XmlElement | null {
  const [own] = chain;
  if (signer === null || own === undefined) return null;
  return el('SignerInformation', element('SignerCertificate', { VOReference: certificateId(own.sha256) }), el('Signer', signer.subject));
}

function associatedData(signature: SignatureReport): XmlElement {
  const [own, ...others] = signature.chain;
  const anchor = signature.chain.find((link) => link.anchor);
  const reference = (name: string, sha256: string): XmlElement => element(name, { VOReference: certificateId(sha256) });
  const anchors = anchor === undefined ? null : reference('TrustAnchor', anchor.sha256);
  const chain =
    own === undefined
      ? null
      : el(
          'CertificateChain',
          reference('SigningCertificate', own.sha256),
          others.filter((link) => !link.anchor).map(({ sha256 }) => reference('IntermediateCertificate', sha256)),
          anchors,
        );
  return el('AssociatedValidationReportData', anchors, chain, additionalData(signature));
}

function validationObjects(report: ValidationReport): XmlElement[] {
  const certificates = new Map(report.signatures.flatMap(({ chain }) => chain).map(({ sha256, subject }) => [sha256, subject]));
  return [
    validationObject(DOCUMENT_ID, OBJECT_TYPES.signedData, [sha256Digest('DigestAlgAndValue', report.sha256)]),
    ...Array.from(certificates, ([sha256, subject]) => validationObject(certificateId(sha256), OBJECT_TYPES.certificate, [el('direct', el('lt:Subject', subject)), sha256Digest('DigestAlgAndValue', sha256)])),
    ...report.timestamps.map((stamp, index) => timestampObject(report, stamp, index)),
  ];
}

const validationObject = (id: string, type: string, representation: readonly XmlElement[], ...rest: readonly XmlElement[]): XmlElement =>
  element('ValidationObject', { id }, el('ObjectType', type), el('ValidationObjectRepresentation', representation), rest);

/** With the report on the time-stamp itself; what it proves only when it passed. */
function timestampObject({ policy, validationTime }: ValidationReport, stamp: TimestampReport, index: number): XmlElement {
  const { indication, subIndication, checks, genTime, covers, type, tsa } = stamp;
  const proves = indication === 'PASSED' && genTime !== null && type !== 'document' ? [el('POEProvisioning', el('POETime', genTime), el('SignatureReference', el('PAdESFieldName', covers)))] : [];
  const own = el(
    'ValidationReport',
    constraintsReport(checks, policy),
    timeInfo(validationTime, genTime !== null && indication === 'PASSED' ? genTime : validationTime, null),
    validationStatus('SignatureValidationStatus', MAIN_INDICATIONS[indication], subIndication),
  );
  const description = element('lt:TimeStamp', { type, genTime: genTime ?? undefined, covers }, tsa === null ? null : el('lt:Authority', tsa));
  return validationObject(timestampId(index), OBJECT_TYPES.timestamp, [el('direct', description)], ...proves, own);
}
