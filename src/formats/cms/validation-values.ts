import { isGatewayError } from '../../domain/errors.ts';
import type { Asn1Node } from '../asn1/reader.ts';
import { readExplicit, readSequence } from '../asn1/values.ts';
import { ocspResponseOf } from '../ocsp/build-ocsp-response.ts';
import { valuesOf, type Attribute } from './attributes.ts';
import { ATTRIBUTE } from './oids.ts';

/** Certificates and revocation information that unsigned attributes carry. DER each; nothing of it is trusted by standing there. */
export interface ValidationValues {
  readonly certificatesDer: readonly Uint8Array[];
  readonly crlsDer: readonly Uint8Array[];
  /** OCSPResponse each: the BasicOCSPResponse that the attribute holds is put into one. */
  readonly ocspsDer: readonly Uint8Array[];
}

const NONE: ValidationValues = { certificatesDer: [], crlsDer: [], ocspsDer: [] };
const MAX_VALUES = 1_000;

/**
 * What certificate-values and revocation-values hold, as far as it can be read, at most 1,000 values of each kind. The references of
 * complete-certificate-references and complete-revocation-references only repeat which values these are, and are not needed.
 * @see ETSI EN 319 122-1 §A.1.1.2, §A.1.2.2
 */
export function readValidationValues(attributes: readonly Attribute[]): ValidationValues {
  return valuesOf(attributes, ATTRIBUTE.certificateValues)
    .map((value) => readOrNone(() => ({ ...NONE, certificatesDer: bytesOf(readSequence(value)) })))
    .concat(valuesOf(attributes, ATTRIBUTE.revocationValues).map((value) => readOrNone(() => readRevocationValues(value))))
    .reduce(joined, NONE);
}

/** The values in one attribute value of that type. */
export function valuesIn(oid: string, value: Asn1Node): ValidationValues {
  return readValidationValues([{ oid, values: [value] }]);
}

function readRevocationValues(value: Asn1Node): ValidationValues {
  const fields = readSequence(value);
  const list = (number: number): Uint8Array[] => fields.filter((field) => field.isContext(number)).flatMap((field) => bytesOf(readSequence(readExplicit(field, number))));
  return { ...NONE, crlsDer: list(0), ocspsDer: list(1).map(ocspResponseOf) };
}

function bytesOf(nodes: readonly Asn1Node[]): Uint8Array[] {
  return nodes.slice(0, MAX_VALUES).map(({ bytes }) => bytes);
}

function joined(a: ValidationValues, b: ValidationValues): ValidationValues {
  const list = (key: keyof ValidationValues): Uint8Array[] => [...a[key], ...b[key]].slice(0, MAX_VALUES);
  return { certificatesDer: list('certificatesDer'), crlsDer: list('crlsDer'), ocspsDer: list('ocspsDer') };
}

function readOrNone(read: () => ValidationValues): ValidationValues {
  try {
    return read();
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED', 'ASN1_LIMIT')) return NONE;
    throw error;
  }
}
