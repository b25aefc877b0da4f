import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { required } from './tools.ts';

/** Root of the checkout. */
export const PROJECT_ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const VECTORS = resolve(PROJECT_ROOT, '..', 'shared', 'vectors');

/** Path of a public test vector, such as `vectorPath('nist-pkits', 'certs')`. */
export function vectorPath(...segments: readonly string[]): string {
  return join(VECTORS, ...segments);
}

/** For `describe.skipIf(!requireVectors('wycheproof'))`; in CI missing vectors are a failure. */
export function requireVectors(...segments: readonly string[]): boolean {
  return required(existsSync(vectorPath(...segments)), `the test vectors shared/vectors/${segments.join('/')} beside the checkout`);
}
