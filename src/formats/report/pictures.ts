/** A picture of a part of a page. */
export interface RegionPicture {
  readonly png: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** What the place of a visible signature looked like when it was signed, and what it looks like in the file as it is. */
export interface SignaturePictures {
  /** Page in the signed revision, counted from 1. */
  readonly page: number;
  readonly signed: RegionPicture;
  /** null when the page is no longer there. */
  readonly current: RegionPicture | null;
  /** Whether both show the same, pixel by pixel. */
  readonly identical: boolean;
}

/** Why a document that may hold visible signatures comes without pictures. */
export type PicturesOmitted = 'too-large' | 'not-painted';

/** Beside a report, by the id of the signature. What they show is for people: no verdict rests on it. */
export interface ReportPictures {
  readonly bySignature: ReadonlyMap<string, SignaturePictures>;
  readonly omitted: PicturesOmitted | null;
}

export const NO_PICTURES: ReportPictures = { bySignature: new Map(), omitted: null };

/** Larger documents are not painted, and the report says so. */
export const MAX_PAINTED_BYTES = 50 * 1024 * 1024;
