/** Where a private key is and how it is reached. Never a secret: those are sealed. */
export type KeyPlace =
  /** Here, sealed. */
  | { readonly kind: 'file' }
  /** In a device; `uri` is an RFC 7512 URI with the path of the module, and with that of the file that holds the PIN unless the PIN is sealed. */
  | { readonly kind: 'pkcs11'; readonly uri: string }
  /** At a remote signing service; `url` with `/csc/v2`. */
  | { readonly kind: 'csc'; readonly url: string; readonly credentialId: string; readonly access: CscAccess; readonly signs?: CscSigns };

/** What the service signs: hashes (`signatures/signHash`), or, where it offers nothing else, whole signatures over document hashes (`signatures/signDoc`). Absent: hashes. */
export type CscSigns = 'hashes' | 'documents';

/**
 * A bearer token, or OAuth 2.0 client credentials (RFC 6749 §4.4); token and client secret are sealed. `authorizeUrl` is the page where a
 * person allows each use of the credential, for credentials that want that.
 */
export type CscAccess = { readonly kind: 'token' } | { readonly kind: 'client-credentials'; readonly tokenUrl: string; readonly clientId: string; readonly authorizeUrl?: string };
