import { ia5String, oid, printableString, sequence, setOf, utf8String } from '../asn1/writer.ts';
import { NAME_OID } from './name.ts';

/** Attribute types a name is built from; others are passed as dotted OID. */
const TYPES = { ...NAME_OID, title: '2.5.4.12', serialNumber: '2.5.4.5' } as const;
export type NameType = keyof typeof TYPES;

/** Attributes from the most general to the most specific, one per RDN. */
export type NameInput = readonly (readonly [type: NameType, text: string])[];

/**
 * Name in DER: UTF8String, save where RFC 5280 demands another type (countryName, serialNumber, emailAddress). Text is put into NFC.
 * @see RFC 5280 §4.1.2.4, appendix A.1
 */
export function buildName(attributes: NameInput): Uint8Array {
  return sequence(...attributes.map(([type, text]) => setOf(sequence(oid(TYPES[type]), valueOf(type, text)))));
}

function valueOf(type: NameType, text: string): Uint8Array {
  if (type === 'C' || type === 'serialNumber') return printableString(text);
  return type === 'EMAIL' ? ia5String(text) : utf8String(text.normalize('NFC'));
}
