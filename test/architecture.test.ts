import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderCycles } from './support/architecture/folders.ts';
import { violationsOf } from './support/architecture/rules.ts';
import { readSource, type SourceFile } from './support/architecture/source-file.ts';
import { PROJECT_ROOT } from './support/vectors.ts';

const FOLDERS = ['src', 'client', 'connectors', 'certs', 'queues', 'sandbox', 'bench', 'test', 'types', 'scripts'];
const ROOT_FILES = ['vitest.config.ts'];

function sourcePaths(): string[] {
  const found = FOLDERS.filter((folder) => existsSync(join(PROJECT_ROOT, folder))).flatMap((folder) =>
    readdirSync(join(PROJECT_ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|mts|mjs|js|cjs)$/.test(entry.name))
      .map((entry) => relative(PROJECT_ROOT, join(entry.parentPath, entry.name)).split(sep))
      .filter((parts) => !parts.includes('node_modules'))
      .map((parts) => parts.join('/')),
  );
  return [...found, ...ROOT_FILES];
}

const files: readonly SourceFile[] = sourcePaths().map((path) => readSource(path, readFileSync(join(PROJECT_ROOT, path), 'utf8')));

describe('architecture', () => {
  it('reads the whole project', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap(({ imports }) => imports).length).toBeGreaterThan(500);
  });

  it('holds every file to the import table and to purity', () => {
    expect(files.flatMap((file) => violationsOf(file))).toEqual([]);
  });

  it('has no circle of folders', () => {
    expect(folderCycles(files.filter(({ path }) => !path.startsWith('test/') && !path.startsWith('bench/')))).toEqual([]);
  });

  it('keeps no private key in version control', () => {
    const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: PROJECT_ROOT, encoding: 'utf8', maxBuffer: 64 << 20 }).split('\0').filter((path) => path !== '');
    const withKey = tracked.filter((path) => holdsPrivateKey(readTracked(path)));
    expect(withKey).toEqual([]);
  });
});

/** A tracked file may have been removed from the work tree a moment ago. */
function readTracked(path: string): Buffer {
  try {
    return readFileSync(join(PROJECT_ROOT, path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

function holdsPrivateKey(bytes: Buffer): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{40}/.test(bytes.toString('latin1'));
}

/** Each case is a file that breaks one rule; a rule that catches nothing would be no rule. */
const BROKEN: readonly { readonly rule: string; readonly path: string; readonly text: string; readonly says: string }[] = [
  { rule: 'domain imports nothing', path: 'src/domain/a.ts', text: `import type { X } from '../ports/clock.ts';`, says: 'src/domain/ may not import src/ports/clock.ts' },
  { rule: 'formats know no ports', path: 'src/formats/pdf/a.ts', text: `import { x } from '../../ports/clock.ts';`, says: 'src/formats/ may not import src/ports/clock.ts' },
  { rule: 'dynamic imports count', path: 'src/usecases/a.ts', text: `export const f = async () => import('../store/database.ts');`, says: 'src/usecases/ may not import src/store/database.ts' },
  { rule: 're-exports count', path: 'src/usecases/a.ts', text: `export { x } from '../http/app.ts';`, says: 'src/usecases/ may not import src/http/app.ts' },
  { rule: 'computed imports are refused', path: 'src/usecases/a.ts', text: `export const f = async (name: string) => import(name);`, says: 'whose name is computed' },
  { rule: 'the store knows no formats', path: 'src/store/a.ts', text: `import '../formats/cms/attributes.ts';`, says: 'src/store/ may not import' },
  { rule: 'pages know only the API types', path: 'src/console/a.ts', text: `import { x } from '../formats/pdf/document.ts';`, says: 'src/console/ may not import' },
  { rule: 'adapters do not reach up', path: 'connectors/key-file/a.ts', text: `import { x } from '../../src/usecases/sign-document.ts';`, says: 'connectors/ may not import' },
  { rule: 'connectors are strangers', path: 'connectors/key-file/a.ts', text: `import { x } from '../tsa-http/client.ts';`, says: 'key-file may not import its neighbour' },
  { rule: 'sandbox systems meet on the wire', path: 'sandbox/land-registry/a.ts', text: `import { x } from '../one-stop-portal/state.ts';`, says: 'only on the wire' },
  { rule: 'the sandbox does not reach into the gateway', path: 'sandbox/land-registry/a.ts', text: `import { x } from '../../src/wiring/clock.ts';`, says: 'sandbox/ may not import' },
  { rule: 'the sandbox meets the client at its door', path: 'sandbox/land-registry/a.ts', text: `import { x } from '../../client/transport.ts';`, says: 'sandbox/ may not import client/transport.ts' },
  { rule: 'the client stands alone', path: 'client/a.ts', text: `import type { X } from '../src/formats/api/messages.ts';`, says: 'client/ may not import' },
  { rule: 'no product code imports a test', path: 'src/cli/a.ts', text: `import { x } from '../../test/support/tools.ts';`, says: 'may not import test/support/tools.ts' },
  { rule: 'a package has its place', path: 'src/usecases/a.ts', text: `import { PDFDocument } from '@cantoo/pdf-lib';`, says: '@cantoo/pdf-lib belongs in src/formats/' },
  { rule: 'a subpath is its package', path: 'src/store/a.ts', text: `import { Queue } from 'bullmq/dist/esm/classes';`, says: 'bullmq belongs in queues/' },
  { rule: 'an unknown package is refused', path: 'src/http/a.ts', text: `import x from 'left-pad';`, says: 'imports left-pad' },
  { rule: 'test tools stay in tests', path: 'src/domain/a.ts', text: `import fc from 'fast-check';`, says: 'fast-check belongs in test/' },
  { rule: 'files are not read in pure code', path: 'src/formats/a.ts', text: `import { readFileSync } from 'node:fs';`, says: 'may not import node:fs' },
  { rule: 'the network is not used in pure code', path: 'src/usecases/a.ts', text: `import * as http from 'node:http';`, says: 'may not import node:http' },
  { rule: 'no chance in pure code', path: 'src/usecases/a.ts', text: `import { randomBytes } from 'node:crypto';`, says: 'may not import randomBytes' },
  { rule: 'no chance by its alias', path: 'src/formats/a.ts', text: `import { randomUUID as id } from 'node:crypto';`, says: 'may not import randomUUID' },
  { rule: 'no chance through the namespace', path: 'src/formats/a.ts', text: `import * as crypto from 'node:crypto';`, says: 'may not import * of node:crypto' },
  { rule: 'no clock', path: 'src/domain/a.ts', text: `export const f = () => Date.now();`, says: 'may not use Date.now' },
  { rule: 'no clock by the constructor', path: 'src/formats/a.ts', text: `export const f = () => new Date();`, says: 'may not use new Date()' },
  { rule: 'no clock by computed access', path: 'src/formats/a.ts', text: `export const f = () => Date['now']();`, says: 'may not use Date.now' },
  { rule: 'no chance from Math', path: 'src/usecases/a.ts', text: `export const f = () => Math.random();`, says: 'may not use Math.random' },
  { rule: 'no timers', path: 'src/usecases/a.ts', text: `export const f = (g: () => void) => setTimeout(g, 1);`, says: 'may not use setTimeout' },
  { rule: 'no timers in disguise', path: 'src/usecases/a.ts', text: `export const f = () => AbortSignal.timeout(5);`, says: 'may not use AbortSignal.timeout' },
  { rule: 'no network call', path: 'src/usecases/a.ts', text: `export const f = async () => fetch('http://localhost');`, says: 'may not use fetch()' },
  { rule: 'no process', path: 'src/domain/a.ts', text: `export const f = () => process.pid;`, says: 'may not use process.pid' },
  { rule: 'no way round through the global object', path: 'src/domain/a.ts', text: `export const f = () => globalThis.process;`, says: 'may not use globalThis.process' },
  { rule: 'settings come in as arguments', path: 'src/store/a.ts', text: `export const url = process.env['DATABASE_URL'];`, says: 'read the environment' },
  { rule: 'nothing is printed past the log', path: 'src/http/a.ts', text: `console.log('x');`, says: 'console.log' },
  { rule: 'no default export', path: 'src/http/a.ts', text: `export default 1;`, says: 'has a default export' },
  { rule: 'no barrel', path: 'src/formats/cms/index.ts', text: `export * from './attributes.ts';`, says: 'is a barrel' },
  { rule: 'kebab-case', path: 'src/formats/cms/signedData.ts', text: `export const x = 1;`, says: 'kebab-case: signedData.ts' },
  { rule: 'a name that says nothing', path: 'src/http/utils.ts', text: `export const x = 1;`, says: '"utils" says nothing' },
  { rule: 'every file has a place', path: 'lib/a.ts', text: `export const x = 1;`, says: 'no folder of the import table' },
];

describe('the architecture rules', () => {
  it.each(BROKEN)('catch: $rule ($path)', ({ path, text, says }) => {
    expect(violationsOf(readSource(path, text)).join('\n')).toContain(says);
  });

  it('let pass what is allowed', () => {
    const text = `
      import { createHash, type KeyObject } from 'node:crypto';
      import { deflateSync } from 'node:zlib';
      import type { Readable } from 'node:stream';
      import { GatewayError } from '../../domain/errors.ts';
      interface Job { process: string; setTimeout(ms: number): void }
      export const at = (ms: number): Date => new Date(ms);
      export const sum = (job: Job, fetch: () => Promise<Date>) => ({ process: job.process, digest: createHash('sha256'), again: fetch() });
      export type Source = (key: KeyObject, stream: Readable, error: GatewayError) => ReturnType<typeof deflateSync>;`;
    expect(violationsOf(readSource('src/formats/cms/a.ts', text))).toEqual([]);
  });

  it('find a circle of folders, whatever its length', () => {
    const file = (path: string, target: string): SourceFile => readSource(path, `import { x } from '${target}';`);
    expect(folderCycles([file('src/formats/cms/a.ts', '../x509/b.ts'), file('src/formats/x509/b.ts', '../tsp/c.ts'), file('src/formats/tsp/c.ts', '../cms/d.ts')])).toEqual([
      'src/formats/cms → src/formats/x509 → src/formats/tsp → src/formats/cms',
    ]);
    expect(folderCycles([file('src/formats/cms/a.ts', '../x509/b.ts'), file('src/formats/x509/b.ts', './path/c.ts')])).toEqual([]);
  });

  it('find a private key in a text', () => {
    const begin = ['-----BEGIN', 'PRIVATE KEY-----'].join(' ');
    expect(holdsPrivateKey(Buffer.from(`${begin}\n${'MIIB'.repeat(16)}\n`))).toBe(true);
    expect(holdsPrivateKey(Buffer.from(`const label = '${begin}';`))).toBe(false);
  });
});
