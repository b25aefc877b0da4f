import { z } from 'zod';
import { DIGEST_ALGORITHMS, SIGNATURE_SCHEMES } from '../../domain/signature.ts';
import { documentId, instant, keyId } from './primitives.ts';
import { signatureOptions } from './signatures.ts';

const certificateText = z.string().min(1).max(20_000);

/** Where a browser comes back to: over TLS, or to a program on the same machine (RFC 8252 §7.3). */
const redirectUri = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .refine((text) => isRedirectUri(new URL(text)), 'https, or http to 127.0.0.1, [::1] or localhost; no fragment, no user name');

function isRedirectUri({ protocol, hostname, hash, username }: URL): boolean {
  return hash === '' && username === '' && (protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname));
}

/** The `options` part of `POST /v1/signatures/prepare`: those of a signature, with a certificate instead of a key, or with a key whose use its holder allows in a browser. */
export const prepareOptions = signatureOptions
  .omit({ keyId: true })
  .extend({
    certificate: certificateText.optional().describe('The signer’s certificate, PEM or base64 of DER; the key is with you.'),
    chain: z.array(certificateText).max(9).default([]).describe('Its issuers towards the root.'),
    keyId: keyId.optional().describe('Instead of a certificate: a key granted to you at a remote signing service whose holder allows each use in a browser.'),
    redirectUri: redirectUri.optional().describe('With `keyId`: where the service sends the browser back to, as it is registered with the service.'),
    picture: z.base64().min(1).max(180_000).optional().describe('Picture of the signature or seal for the appearances `officer` and `seal`: PNG, base64.'),
  })
  .refine(({ certificate, keyId: key }) => (certificate === undefined) !== (key === undefined), { path: ['certificate'], error: 'either "certificate" or "keyId"' })
  .refine(({ keyId: key, redirectUri: uri }) => (key === undefined) === (uri === undefined), { path: ['redirectUri'], error: 'goes with "keyId", and "keyId" with it' })
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
    consentUrl: z.url().optional().describe('With `keyId`: the page to bring the signer to. The service sends the browser to `redirectUri` with `state` (this id) and `code`.'),
  })
  .meta({ id: 'PreparedSignature' });
export type PreparedSignature = z.output<typeof preparedSignature>;

/** `POST /v1/signatures/{id}/complete` */
export const completeInput = z
  .union([
    z.strictObject({ value: z.base64().min(1).max(6_000).describe('The signature value: RSA octets; for ECDSA DER, or r and s side by side as devices give them.') }),
    z.strictObject({ code: z.string().min(1).max(4_096).describe('For a signature prepared with `keyId`: the code that the browser brought to `redirectUri`.') }),
  ])
  .meta({ id: 'CompleteSignatureInput' });
