/** Branded identifiers: a string of one kind cannot be passed where another is meant. All are UUIDs unless said otherwise. */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Chosen by the operator: lower-case letters, digits and hyphens, such as `land-registry`. */
export type PartnerId = Branded<'PartnerId'>;
/** Chosen by the operator, like a partner's. */
export type KeyId = Branded<'KeyId'>;
export type DocumentId = Branded<'DocumentId'>;
export type MessageId = Branded<'MessageId'>;
/** One message on its way to one recipient; also the idempotency key sent to that recipient, for ever. */
export type DeliveryId = Branded<'DeliveryId'>;
export type PostalOrderId = Branded<'PostalOrderId'>;
export type JobId = Branded<'JobId'>;
/** Lower-case hexadecimal SHA-256, 64 characters. */
export type Sha256Hex = Branded<'Sha256Hex'>;
