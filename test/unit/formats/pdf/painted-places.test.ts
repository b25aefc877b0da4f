import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import { openPdf } from '../../../../src/formats/pdf/document.ts';
import { findPage } from '../../../../src/formats/pdf/pages.ts';
import { liesUnder, operatorsOf, paintedPlaces, type PaintedPlace } from '../../../../src/formats/pdf/painted-places.ts';
import { classicPdf } from '../../../support/pdf.ts';

const streamBody = (text: string, entries = ''): string => `<</Length ${text.length}${entries}>>\nstream\n${text}\nendstream`;

/** A page with this content; `/Fm` is a form that shows text at its own 10 10, `/Im` a picture. */
function placesOf(content: string): readonly PaintedPlace[] {
  const view = openPdf(bytesSource(classicPdf({
    1: '<</Type/Catalog/Pages 2 0 R>>',
    2: '<</Type/Pages/Kids[3 0 R]/Count 1/Resources<</XObject<</Fm 5 0 R/Im 6 0 R>>>>>>',
    3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents[4 0 R]>>',
    4: streamBody(content),
    5: streamBody('BT /F1 10 Tf 10 10 Td (form) Tj ET /Fm Do', '/Subtype/Form/Matrix[1 0 0 1 100 0]'),
    6: streamBody('x', '/Subtype/Image'),
  }))).latest;
  return paintedPlaces(view, findPage(view, 1).dict);
}

const corner = ({ rect }: PaintedPlace): readonly [number, number] => [rect.x, rect.y];

describe('where a page paints (ISO 32000-2 §9.4)', () => {
  it('follows text matrices, lines and leading', () => {
    expect(placesOf('BT /F1 10 Tf 12 TL 50 700 Td (one) Tj T* (two) Tj 0 -20 TD (three) Tj (four) \' 1 0 0 1 5 6 Tm [(fi) -20 (ve)] TJ ET').map(corner)).toEqual([[50, 700], [50, 688], [50, 668], [50, 648], [5, 6]]);
  });

  it('follows the matrix in force, saved and restored', () => {
    expect(placesOf('q 2 0 0 2 10 20 cm BT /F1 10 Tf 5 5 Td (a) Tj ET Q BT /F1 10 Tf 5 5 Td (b) Tj ET').map(corner)).toEqual([[20, 30], [5, 5]]);
  });

  it('leaves invisible text out (§9.3.6)', () => {
    expect(placesOf('BT /F1 10 Tf 3 Tr 5 5 Td (hidden) Tj ET')).toEqual([]);
  });

  it('takes pictures and forms in, a form that draws itself only so deep', () => {
    const places = placesOf('q 30 0 0 40 7 8 cm /Im Do Q q /Fm Do Q');
    expect(places[0]).toEqual({ kind: 'image', rect: { x: 7, y: 8, width: 30, height: 40 } });
    expect(places.slice(1).map(corner)).toEqual([110, 210, 310, 410].map((x) => [x, 10]));
  });

  it('skips the data of inline images and ends where the syntax does', () => {
    expect(placesOf('BI /W 1 ID \x00EIx EI BT /F1 8 Tf 1 2 Td (after) Tj ET').map(({ kind }) => kind)).toEqual(['image', 'text']);
    expect(placesOf('BT /F1 8 Tf 1 2 Td (a) Tj ) (b) Tj')).toHaveLength(1);
  });

  it('tells what lies under a rectangle, not what touches its edge', () => {
    const [place] = placesOf('BT /F1 10 Tf 50 700 Td (text) Tj ET');
    if (place === undefined) throw new Error('no text found');
    expect(liesUnder(place, { x: 40, y: 690, width: 100, height: 30 })).toBe(true);
    expect(liesUnder(place, { x: 40, y: 706, width: 100, height: 30 })).toBe(false);
  });

  it('lists the operators of a content stream', () => {
    expect([...operatorsOf(Buffer.from('q 1 g 0 0 5 5 re f* (f) Tj Q'))]).toEqual(['q', 'g', 're', 'f*', 'Tj', 'Q']);
  });
});
