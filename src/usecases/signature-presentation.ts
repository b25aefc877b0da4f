import { GatewayError } from '../domain/errors.ts';
import type { CustomDesign } from '../formats/api/appearance.ts';
import type { Appearance } from '../formats/pades/appearance/appearance.ts';
import { isoLocalTime, VIETNAM_OFFSET_MINUTES, type AppearanceFonts } from '../formats/pades/appearance/canvas.ts';
import type { PreparePadesOptions } from '../formats/pades/prepare.ts';
import { attributesOf, commonName, NAME_OID } from '../formats/x509/name.ts';
import type { Certificate } from '../formats/x509/certificate.ts';

export type AppearanceName = 'none' | 'text' | 'officer' | 'seal' | 'copy' | 'annex' | 'custom';

export interface PresentationRequest {
  readonly appearance: AppearanceName;
  /** For `custom`. */
  readonly custom?: CustomDesign | undefined;
  /** Page from 1, rectangle in points from the lower left corner of the page as shown. */
  readonly placement?: { readonly page: number; readonly rect: { readonly x: number; readonly y: number; readonly width: number; readonly height: number } } | undefined;
  /** An existing empty signature field, instead of a placement. */
  readonly field?: string | undefined;
  /** Empty fields for later signers, placed now so that filling them is foreseen. */
  readonly laterFields?: readonly (NonNullable<PresentationRequest['placement']> & { readonly name: string })[] | undefined;
  readonly reason?: string | undefined;
  readonly location?: string | undefined;
  readonly certify?: 1 | 2 | 3 | undefined;
  /** Form fields that nobody may change afterwards. */
  readonly lock?: { readonly action: 'All' } | { readonly action: 'Include' | 'Exclude'; readonly fields: readonly string[] } | undefined;
}

export interface PresentationMaterial {
  readonly certificate: Certificate;
  readonly at: Date;
  readonly fonts: AppearanceFonts;
  /** Picture of the signature or seal, PNG; needed for `officer` and `seal`. */
  readonly picturePng?: Uint8Array | undefined;
  /** Number and notation of the main document, for `annex`. */
  readonly documentNumber?: string | undefined;
}

/**
 * What a signature shows and where, from a caller's words and the signer's certificate. Does not look at the document.
 * @throws APPEARANCE_INVALID when what the appearance needs is missing
 * @see Decree 30/2020/NĐ-CP Annex I, II.7d, II.8
 */
export function presentationOf(request: PresentationRequest, material: PresentationMaterial): Omit<PreparePadesOptions, 'subFilter' | 'contentsBytes' | 'revisionId' | 'signingTime'> {
  const { appearance, placement, field, laterFields, reason, location, certify, lock } = request;
  if (appearance !== 'none' && placement === undefined && field === undefined) {
    throw new GatewayError('APPEARANCE_INVALID', `The appearance "${appearance}" needs a place: give a page and rectangle, or the name of an empty signature field`);
  }
  const name = commonName(material.certificate.subjectName);
  return {
    ...(appearance === 'none' ? {} : { appearance: drawnAs(appearance, request, material) }),
    ...(placement === undefined ? {} : { page: placement.page, rect: placement.rect }),
    ...(field === undefined ? {} : { fieldName: field }),
    ...(laterFields === undefined ? {} : { emptyFields: laterFields }),
    ...(name === null ? {} : { name }),
    ...(reason === undefined ? {} : { reason }),
    ...(location === undefined ? {} : { location }),
    ...(certify === undefined ? {} : { certify }),
    ...(lock === undefined ? {} : { lock: { fields: [], ...lock } }),
    utcOffsetMinutes: 420,
  };
}

function drawnAs(appearance: Exclude<AppearanceName, 'none'>, request: PresentationRequest, material: PresentationMaterial): Appearance {
  const { certificate, at, fonts, picturePng, documentNumber } = material;
  const organisation = attributesOf(certificate.subjectName, NAME_OID.O)[0];
  const signerName = commonName(certificate.subjectName) ?? certificate.subject;
  switch (appearance) {
    case 'text':
      return {
        kind: 'standard',
        signerName,
        time: at,
        fonts,
        ...(organisation === undefined ? {} : { organisation }),
        ...(request.reason === undefined ? {} : { reason: request.reason }),
      };
    case 'custom':
      return customAppearance(request, { signerName, organisation, ...material });
    case 'officer':
    case 'seal':
      if (picturePng === undefined) throw new GatewayError('APPEARANCE_INVALID', `The appearance "${appearance}" needs a picture: a PNG with a transparent background kept with the key`);
      return { kind: appearance, png: picturePng };
    case 'copy':
      return { kind: 'copy', form: 'SAO Y', agencyName: organisation ?? signerName, time: at, fonts };
    case 'annex':
      if (documentNumber === undefined) throw new GatewayError('APPEARANCE_INVALID', 'The appearance "annex" needs the number and notation of the document it belongs to');
      return { kind: 'annex', documentNumber, time: at, fonts };
  }
}

function customAppearance({ custom, reason, location }: PresentationRequest, { signerName, organisation, certificate, at, fonts }: PresentationMaterial & { readonly signerName: string; readonly organisation: string | undefined }): Appearance {
  if (custom === undefined) throw new GatewayError('APPEARANCE_INVALID', 'The appearance "custom" needs its design', { faults: [{ pointer: '/options/custom', detail: 'is missing' }] });
  const known = { signer: signerName, organisation, time: isoLocalTime(at, VIETNAM_OFFSET_MINUTES), serial: certificate.serialHex, reason, location };
  const values = Object.fromEntries(Object.entries(known).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  const elements = custom.elements.map((element) => (element.type === 'image' ? { ...element, png: Uint8Array.from(Buffer.from(element.png, 'base64')) } : element));
  return { kind: 'custom', elements, values, fonts };
}
