import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { drawPapers, drawSignatureImages } from './draw-papers.ts';
import { loadPaperFonts } from './fonts.ts';
import { sampleCase } from './sample-case.ts';

const HELP = `Papers of an invented dossier, for trying things out: application.pdf, parcel-sketch.pdf, decision.pdf, officer.png, seal.png,
and places.json, which says where signature and seal go on the decision.

  --out DIR    folder to write into (default: sample-papers)
  --code CODE  dossier code to print (default: H57.12.03-261124-0001)
`;

const { values } = parseArgs({ options: { out: { type: 'string', default: 'sample-papers' }, code: { type: 'string', default: 'H57.12.03-261124-0001' }, help: { type: 'boolean', default: false } } });

if (values.help) process.stdout.write(HELP);
else await writePapers(values.out, values.code);

async function writePapers(folder: string, code: string): Promise<void> {
  const fonts = await loadPaperFonts();
  const { application, parcelSketch, decision } = await drawPapers(sampleCase(code, new Date()), fonts);
  const { officerPng, sealPng } = drawSignatureImages(fonts);
  const places = JSON.stringify({ officer: decision.officer, seal: decision.seal }, null, 2);
  const files = { 'application.pdf': application, 'parcel-sketch.pdf': parcelSketch, 'decision.pdf': decision.pdf, 'officer.png': officerPng, 'seal.png': sealPng, 'places.json': `${places}\n` };
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  process.stdout.write(`${folder}: ${Object.keys(files).join(', ')}\n`);
}
