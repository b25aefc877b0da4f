import { classicPdf } from './pdf.ts';

/** A sound PDF without a signature whose `objects` objects all have to be read: some 20 µs each, on a machine that has nothing else to do. */
export function slowPdf(objects: number): Buffer {
  const page: Record<number, string> = { 1: '<</Type/Catalog/Pages 2 0 R>>', 2: '<</Type/Pages/Kids[3 0 R]/Count 1>>', 3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>' };
  for (let number = 4; number <= objects; number++) page[number] = '<</A[0 0 0 0 0 0 0 0]>>';
  return classicPdf(page);
}
