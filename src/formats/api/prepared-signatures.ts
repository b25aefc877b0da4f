import { z } from 'zod';
import { DIGEST_ALGORITHMS, SIGNATURE_SCHEMES } from '../../domain/signature.ts';
import { documentId, instant } from './primitives.ts';
import { signatureOptions } from './signatures.ts';

const certificateText = z.string().min(1).max(20_000);

/** The `options` part of `POST /v1/signatures/prepare`: those of a signature, with a certificate instead of a key. */
export const prepareOptions = signatureOptions
  .omit({ keyId: true })
  .extend({
    certificate: certificateText.describe('The signer’s certificate, PEM or base64 of DER.'),
    chain: z.array(certificateText).max(9).default([]).describe('Its issuers towards the root.'),
  })
  .meta({ id: 'PrepareOptions' });
export type PrepareOptions = z.output<typeof prepareOptions>;

export const preparedSignatureId = z.uuid().meta({ id: 'PreparedSignatureId' });

const base64 = z.base64();

/** What the holder of the key signs, by the end of `expiresAt`. */
export const preparedSignature = z
  .strictObject({
    id: preparedSignatureId,
    documentId: documentId.describe('The document handed in, kept as one of yours until it is signed and after.'),
    signedAttributes: base64.describe('DER of the signed attributes: the bytes to sign, for whoever hashes them while signing.'),
    digest: base64.describe('Their digest, for whoever signs a digest.'),
    digestAlgorithm: z.enum(DIGEST_ALGORITHMS),
    signatureAlgorithm: z.strictObject({
      scheme: z.enum(SIGNATURE_SCHEMES),
      identifier: base64.describe('DER of the AlgorithmIdentifier, with the parameters of RSASSA-PSS: MGF1 of the same digest, a salt of its length.'),
    }),
    expiresAt: instant,
  })
  .meta({ id: 'PreparedSignature' });
export type PreparedSignature = z.output<typeof preparedSignature>;

/** `POST /v1/signatures/{id}/complete` */
export const completeInput = z
  .strictObject({ value: z.base64().min(1).max(6_000).describe('The signature value: RSA octets; for ECDSA DER, or r and s side by side as devices give them.') })
  .meta({ id: 'CompleteSignatureInput' });
