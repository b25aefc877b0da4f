import { dirname, resolve } from 'node:path';
import { GatewayError } from '../domain/errors.ts';
import { customDesign, type CustomDesign } from '../formats/api/appearance.ts';
import { readInputFile } from './arguments.ts';

/**
 * An agency's own design from a JSON file; an image may name a `file` beside it instead of holding its `png`.
 * @throws APPEARANCE_INVALID with a pointer to everything that is wrong; FILE_NOT_READABLE
 */
export function readAppearanceFile(path: string): CustomDesign {
  const parsed = customDesign.safeParse(withImages(jsonIn(path), dirname(path)));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.slice(0, 20).map((issue) => ({ pointer: issue.path.map((key) => `/${String(key)}`).join(''), detail: issue.message }));
  throw new GatewayError('APPEARANCE_INVALID', `${path} is no appearance`, { faults });
}

function jsonIn(path: string): unknown {
  const bytes = readInputFile(path);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new GatewayError('APPEARANCE_INVALID', `${path} is not JSON in UTF-8`);
  }
}

function withImages(design: unknown, folder: string): unknown {
  if (typeof design !== 'object' || design === null || !('elements' in design) || !Array.isArray(design.elements)) return design;
  const elements = design.elements.map((element: unknown) => {
    if (typeof element !== 'object' || element === null || !('file' in element) || typeof element.file !== 'string') return element;
    const { file, ...rest } = element;
    return { ...rest, png: Buffer.from(readInputFile(resolve(folder, file))).toString('base64') };
  });
  return { ...design, elements };
}
