import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../src/domain/errors.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import type { PreparePadesOptions } from '../../src/formats/pades/prepare.ts';
import { readPdfSignatures } from '../../src/formats/pades/signatures.ts';
import { isSoundPlacement } from '../conformance/pdf-verdict.ts';
import { testIdentity } from '../support/certificates.ts';
import { signPdf } from '../support/pdf.ts';
import { requireVectors, vectorPath } from '../support/vectors.ts';

const identity = testIdentity({ key: 'p256' });
const WAYS: readonly (readonly [string, Partial<PreparePadesOptions>])[] = [
  ['an invisible signature', {}],
  ['a visible signature', { rect: { x: 5, y: 5, width: 60, height: 20 } }],
  ['a document time-stamp', { subFilter: 'ETSI.RFC3161' }],
];

/** The catalog shows its list of fields under a second key of its own, as an attack would: whoever adds a field changes that too. */
const BUILT_TO_FAIL = new Set(['8e61ba90cd3ddd6d.pdf']);

const soundOnes = (bytes: Uint8Array): string[] => readPdfSignatures(bytesSource(bytes)).signatures.filter(isSoundPlacement).map(({ id }) => id);

async function trySign(bytes: Uint8Array, options: Partial<PreparePadesOptions>): Promise<Buffer | string> {
  try {
    return await signPdf(bytes, identity, options);
  } catch (error) {
    if (isGatewayError(error)) return error.code;
    throw error;
  }
}

describe.skipIf(!requireVectors('pyhanko-generated'))('no earlier signature is broken by ours', () => {
  it.each(WAYS)('%s is refused, or leaves every sound signature sound', async (_, options) => {
    const lost: string[] = [];
    let signed = 0;
    for (const file of readdirSync(vectorPath('pyhanko-generated')).filter((name) => name.endsWith('.pdf') && !BUILT_TO_FAIL.has(name))) {
      const bytes = readFileSync(vectorPath('pyhanko-generated', file));
      const result = await trySign(bytes, options);
      if (typeof result === 'string') continue;
      signed++;
      const after = soundOnes(result);
      lost.push(...soundOnes(bytes).filter((id) => !after.includes(id)).map((id) => `${file} ${id}`));
    }
    expect(lost).toEqual([]);
    expect(signed).toBeGreaterThan(250);
  });
});
