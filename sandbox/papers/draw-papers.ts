import type { PaperFonts } from '../../src/formats/pdf-drawing/paper.ts';
import { drawApplication } from './application.ts';
import { drawDecision, type DecisionPaper } from './decision.ts';
import { drawHandwriting } from './handwriting.ts';
import { drawParcelSketch } from './parcel-sketch.ts';
import { AGENCY, type SampleCase } from './sample-case.ts';
import { drawSeal } from './seal.ts';

export interface SamplePapers {
  readonly application: Uint8Array;
  readonly parcelSketch: Uint8Array;
  readonly decision: DecisionPaper;
}

/** The papers of one invented dossier: what the applicant hands in, and the result that waits for its signatures. */
export async function drawPapers(facts: SampleCase, fonts: PaperFonts): Promise<SamplePapers> {
  return { application: await drawApplication(facts, fonts), parcelSketch: await drawParcelSketch(facts, fonts), decision: await drawDecision(facts, fonts) };
}

/** The images that go with the sample keys: PNG, transparent ground. */
export function drawSignatureImages(fonts: PaperFonts): { readonly officerPng: Uint8Array; readonly sealPng: Uint8Array } {
  const sealPng = drawSeal(fonts.bold, { around: `${AGENCY.name} THÀNH PHỐ HUẾ`, middle: 'MẪU', below: 'KHÔNG CÓ GIÁ TRỊ' });
  return { officerPng: drawHandwriting(), sealPng };
}
