import { z } from 'zod';
import { isAgencyCode } from '../../domain/agency-code.ts';
import { readDossierCode, type DossierCode } from '../../domain/dossier.ts';
import type { DocumentId, KeyId, MessageId, PartnerId, PostalOrderId, Sha256Hex } from '../../domain/ids.ts';

/** Building blocks of the HTTP contract. Objects refuse unknown keys; every text and list has a cap. */

export const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u0085\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** Text for people: trimmed, NFC, no control or bidirectional-override characters. */
export const text = (maxLength: number): z.ZodType<string, string> =>
  z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .refine((value) => !CONTROL.test(value), 'holds control characters')
    .transform((value) => value.normalize('NFC'));

const uuid = z.uuid();
export const documentId = uuid.transform((value) => value as DocumentId).meta({ id: 'DocumentId' });
export const messageId = uuid.transform((value) => value as MessageId).meta({ id: 'MessageId' });
export const postalOrderId = uuid.transform((value) => value as PostalOrderId).meta({ id: 'PostalOrderId' });

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{1,62}$/, 'use 2 to 63 lower-case letters, digits and hyphens');
export const partnerId = slug.transform((value) => value as PartnerId).meta({ id: 'PartnerId' });
export const keyId = slug.transform((value) => value as KeyId).meta({ id: 'KeyId' });

export const sha256Hex = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'use 64 lower-case hexadecimal digits')
  .transform((value) => value as Sha256Hex);

export const agencyCode = z
  .string()
  .max(35)
  .refine(isAgencyCode, 'not an agency code, such as H57.12.03')
  .meta({ id: 'AgencyCode', description: 'Mã định danh cơ quan: H57.12.03 (QĐ 20/2020/QĐ-TTg) or 000.00.12.H57 (QCVN 102:2016)', examples: ['H57.12.03'] });

export const dossierCode = z
  .string()
  .max(64)
  .refine((value) => readDossierCode(value) !== null, 'not a dossier code, such as H57.12.03-261124-0001')
  .transform((value) => value as DossierCode)
  .meta({ id: 'DossierCode', description: 'Mã hồ sơ <agency>-YYMMDD-NNNN (TT 01/2018/TT-VPCP Điều 19)', examples: ['H57.12.03-261124-0001'] });

export const mediaType = z.string().max(127).regex(/^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/i, 'not a media type');
/** File name for people: one line, no path separators. */
export const fileName = text(200).refine((value) => !/[/\\\t\r\n]/.test(value), 'a name, not a path');
export const instant = z.iso.datetime({ offset: true });
