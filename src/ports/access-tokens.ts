/** What an access token of the identity provider says, its signature and times checked. */
export interface AccessToken {
  /** Value of the claim that names the caller's system. */
  readonly identity: string;
  /** As the issuer wrote them; those not known here mean nothing. */
  readonly scopes: readonly string[];
  /** Id of the token or its subject, for the audit trail. */
  readonly name: string;
  /** SHA-256 of the certificate the token is bound to, base64url (RFC 8705 §3.1); null: it is bound to none. */
  readonly certificateSha256: string | null;
}

export interface AccessTokens {
  /** Null: it is not a token of the issuer for us, or not valid now. @throws ISSUER_UNAVAILABLE */
  read(token: string): Promise<AccessToken | null>;
}
