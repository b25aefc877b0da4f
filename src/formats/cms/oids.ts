/** Object identifiers of CMS (RFC 5652 §14), ESS (RFC 5035), CAdES (ETSI EN 319 122-1 annex D) and PDF's own attributes. */

export const CONTENT_TYPE = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
} as const;

export const ATTRIBUTE = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  counterSignature: '1.2.840.113549.1.9.6',
  algorithmProtection: '1.2.840.113549.1.9.52',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  signatureTimestamp: '1.2.840.113549.1.9.16.2.14',
  signaturePolicy: '1.2.840.113549.1.9.16.2.15',
  commitmentType: '1.2.840.113549.1.9.16.2.16',
  contentTimestamp: '1.2.840.113549.1.9.16.2.20',
  archiveTimestampV2: '1.2.840.113549.1.9.16.2.48',
  archiveTimestampV3: '0.4.0.1733.2.4',
  /** Of TS 101 733, replaced by version 3. */
  atsHashIndex: '0.4.0.1733.2.5',
  atsHashIndexV3: '0.4.0.19122.1.5',
  certificateValues: '1.2.840.113549.1.9.16.2.23',
  revocationValues: '1.2.840.113549.1.9.16.2.24',
  completeCertificateReferences: '1.2.840.113549.1.9.16.2.21',
  completeRevocationReferences: '1.2.840.113549.1.9.16.2.22',
  /** Of TS 101 733. */
  longTermValidation: '0.4.0.1733.2.2',
  mimeType: '0.4.0.1733.2.1',
  signerAttributes: '1.2.840.113549.1.9.16.2.18',
  signerAttributesV2: '0.4.0.19122.1.1',
  revocationInfoArchival: '1.2.840.113583.1.1.8',
} as const;

/** OtherRevocationInfoFormat of an OCSP response, RFC 5940 §2.1; some write a BasicOCSPResponse under its own type instead. */
export const OCSP_RESPONSE_FORMAT = '1.3.6.1.5.5.7.16.2';
export const BASIC_OCSP_RESPONSE_FORMAT = '1.3.6.1.5.5.7.48.1.1';
