// Runs after `npm ci` and `npm install` in a checkout: builds, and makes `npx lienthong` find this checkout's own program.
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, canBuild } from './build.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');

if (!canBuild()) process.stderr.write('lienthong: no compiler without development dependencies; dist/ is used as it is\n');
else process.exitCode = build();
linkProgram();

/** npm links a package's program only into other packages. */
function linkProgram() {
  const folder = join(ROOT, 'node_modules', '.bin');
  if (process.platform === 'win32' || !existsSync(folder)) return;
  const link = join(folder, 'lienthong');
  rmSync(link, { force: true });
  symlinkSync(join('..', '..', 'dist', 'src', 'cli.js'), link);
}
