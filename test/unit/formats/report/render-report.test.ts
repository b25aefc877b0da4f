import { beforeAll, describe, expect, it } from 'vitest';
import { REPORT_MEDIA_TYPES, renderReport, type RenderOptions } from '../../../../src/formats/report/render-report.ts';
import { reportPdf } from '../../../../src/formats/report/pdf.ts';
import { loadPaperFonts } from '../../../../src/wiring/fonts.ts';
import { signedSamples, type SignedSamples } from '../../../support/signed-samples.ts';

let samples: SignedSamples;
beforeAll(async () => {
  samples = await signedSamples();
});

const paper: RenderOptions['paper'] = async (report, options) => reportPdf(report, { ...options, fonts: await loadPaperFonts() });

describe('renderReport', () => {
  it('gives the contract unchanged as JSON', async () => {
    const { report } = samples.tampered;
    const { body, contentType } = await renderReport(report, { mediaType: 'application/json', language: 'vi', paper });
    expect(contentType).toBe('application/json; charset=utf-8');
    expect(JSON.parse(Buffer.from(body).toString('utf8'))).toEqual(report);
  });

  it('gives each kind as what it says it is, a policy with the page alone, and makes a paper only when one is asked for', async () => {
    const starts: Record<string, string> = {};
    const policies: (string | null)[] = [];
    let papers = 0;
    const counted: typeof paper = (report, options) => {
      papers += 1;
      return paper(report, options);
    };
    for (const mediaType of REPORT_MEDIA_TYPES) {
      const { body, contentSecurityPolicy, contentType } = await renderReport(samples.passed.report, { mediaType, language: 'both', paper: counted });
      expect(contentType.startsWith(mediaType)).toBe(true);
      starts[mediaType] = Buffer.from(body.subarray(0, 9)).toString('latin1');
      policies.push(contentSecurityPolicy === null ? null : 'policy');
    }
    expect(starts).toMatchObject({ 'text/html': '<!doctype', 'application/xml': '<?xml ver' });
    expect(starts['application/pdf']).toMatch(/^%PDF-1\./);
    expect(policies).toEqual([null, 'policy', null, null]);
    expect(papers).toBe(1);
  });
});
