/** A trusted list read: what its operator says, nothing decided yet. URIs stay as they stand. */
export interface TrustedList {
  readonly version: number;
  readonly sequenceNumber: number;
  readonly type: string;
  readonly operator: string;
  readonly scheme: string;
  readonly territory: string | null;
  readonly issuedAt: Date;
  /** Null: the list is closed, there will be none after it (TS 119 612 §5.3.15). */
  readonly nextUpdate: Date | null;
  /** Other lists it points to; shown, never followed by itself. */
  readonly pointers: readonly { readonly location: string; readonly territory: string | null }[];
  readonly services: readonly TrustedService[];
}

export interface TrustedService {
  readonly provider: string;
  /** States from the present one back, as they stand in the list. */
  readonly states: readonly [ServiceState, ...ServiceState[]];
  /** Certificates of its digital identity, DER. */
  readonly certificatesDer: readonly Uint8Array[];
  /** Subject key identifiers and names that stand beside them or instead, in words. */
  readonly otherIdentities: readonly string[];
}

export interface ServiceState {
  readonly type: string;
  readonly name: string;
  readonly status: string;
  readonly since: Date;
  readonly extensions: readonly ServiceExtension[];
}

export interface ServiceExtension {
  readonly critical: boolean;
  /** Local name of what it holds: `Qualifications`, `AdditionalServiceInformation`, `ExpiredCertsRevocationInfo`, `TakenOverBy` or another. */
  readonly kind: string;
  /** URI of an AdditionalServiceInformation; null elsewhere. */
  readonly uri: string | null;
  /** The whole extension, canonical XML. */
  readonly raw: string;
}
