// Compiles into dist/: `node scripts/build.mjs [--if-changed]`. A new dist/ takes the old one's place only when it is complete.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const FOLDERS = ['src', 'client', 'connectors', 'certs', 'queues', 'sandbox'];
const CONFIGURATION = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'tsconfig.client.json', 'scripts/build.mjs', 'scripts/generate-client.ts', 'scripts/openapi-types.ts'];
const STAMP = join(ROOT, 'dist', '.built');
/** Documentation and what a developer's own run left behind are not part of the program. */
const NOT_ASSETS = new Set(['.ts', '.md', '.p12', '.passphrase']);

if (import.meta.filename === process.argv[1]) process.exitCode = process.argv.includes('--if-changed') && !isStale() ? 0 : build();

/** @returns {number} exit code */
export function build() {
  const target = `.dist-${process.pid}`;
  try {
    const steps = [
      ['--import', 'tsx', 'scripts/generate-client.ts'],
      [compiler(), '-p', 'tsconfig.build.json', '--outDir', target],
      [compiler(), '-p', 'tsconfig.client.json', '--outDir', target], // types, for those who use the client
    ];
    for (const step of steps) {
      const done = spawnSync(process.execPath, step, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
      if (done.status !== 0) return done.status ?? 1;
    }
    copyAssets(join(ROOT, target));
    const program = join(ROOT, target, 'src', 'cli.js');
    if (existsSync(program)) chmodSync(program, 0o755);
    writeFileSync(join(ROOT, target, '.built'), '');
    rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
    renameSync(join(ROOT, target), join(ROOT, 'dist'));
    return 0;
  } finally {
    rmSync(join(ROOT, target), { recursive: true, force: true });
  }
}

/** Whether the compiler is installed: it is not in an installation without development dependencies, which runs the dist/ it has. */
export function canBuild() {
  return existsSync(compiler());
}

function compiler() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  } catch {
    return join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'); // not there: canBuild() says so
  }
}

function copyAssets(target) {
  for (const folder of FOLDERS) {
    for (const path of filesIn(folder)) {
      if (NOT_ASSETS.has(extname(path)) || path.startsWith(join('certs', 'dev', 'out'))) continue;
      cpSync(join(ROOT, path), join(target, path));
    }
  }
}

function isStale() {
  if (!canBuild()) return false;
  if (!existsSync(STAMP)) return true;
  const built = statSync(STAMP).mtimeMs;
  return [...CONFIGURATION, ...FOLDERS.flatMap((folder) => filesIn(folder))].some((path) => statSync(join(ROOT, path)).mtimeMs > built);
}

function filesIn(folder) {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
}
