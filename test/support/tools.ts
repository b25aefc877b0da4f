import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Whether a program is on PATH. */
export function hasTool(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => folder !== '' && isExecutable(join(folder, name)));
}

/**
 * For `describe.skipIf(!requireTool('pdfsig'))`: false skips the suite on a developer's machine, while in CI a missing judge is a failure,
 * so that no suite can vanish unseen.
 */
export function requireTool(name: string): boolean {
  return required(hasTool(name), `the program ${name} on PATH`);
}

/** The same rule for any other condition a suite stands on. */
export function required(present: boolean, what: string): boolean {
  if (!present && process.env['CI'] === 'true') throw new Error(`This suite needs ${what}, and CI=true allows no skipping`);
  return present;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
