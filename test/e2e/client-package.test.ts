import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { requireTool } from '../support/tools.ts';
import { PROJECT_ROOT } from '../support/vectors.ts';

/** The package as somebody else's project gets it: packed, unpacked, compiled against and run, by the examples of docs/client.md. */

const run = promisify(execFile);
const examples = [...readFileSync(join(PROJECT_ROOT, 'docs', 'client.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
const NAMES = ['send', 'large', 'receive', 'push', 'list'];
const children: ChildProcess[] = [];

let gateway: TestGateway;
let land: TestPartner;
let portal: TestPartner;
let project: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'lienthong-consumer-'));
  gateway = await startTestGateway();
  land = await gateway.addPartner('land', { agencies: ['H57.12'] });
  portal = await gateway.addPartner('portal', { agencies: ['H57.01'] });
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await gateway.close();
  await rm(project, { recursive: true, force: true });
});

const compile = (): Promise<unknown> => run(process.execPath, [join(PROJECT_ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project]);
const environment = (partner: TestPartner): Record<string, string> => ({ ...(process.env as Record<string, string>), GATEWAY: gateway.url, API_KEY: partner.token });

describe.skipIf(!requireTool('tar'))('the packed client', () => {
  it('holds the program and the client, and nothing of the workshop', async () => {
    expect(inject('isBuilt')).toBe(true);
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project], { cwd: PROJECT_ROOT, maxBuffer: 64 << 20 });
    const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
    const paths = packed?.files.map(({ path }) => path) ?? [];
    expect(paths).toEqual(expect.arrayContaining(['dist/src/cli.js', 'dist/client/index.js', 'dist/client/index.d.ts', 'dist/client/generated/api.d.ts', 'package.json', 'README.md', 'LICENSE']));
    expect(paths.filter((path) => !/^(dist\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/.test(path))).toEqual([]);
    await mkdir(join(project, 'node_modules', '@types'), { recursive: true });
    await run('tar', ['-xzf', join(project, packed?.filename ?? ''), '-C', join(project, 'node_modules')]);
    await cp(join(project, 'node_modules', 'package'), join(project, 'node_modules', 'lienthong'), { recursive: true });
    // What npm would install beside it: the client's own dependencies, and the types of Node.js.
    for (const name of ['openapi-fetch', 'openapi-typescript-helpers', 'canonicalize', '@types/node', 'undici-types']) {
      if (existsSync(join(PROJECT_ROOT, 'node_modules', name))) await symlink(join(PROJECT_ROOT, 'node_modules', name), join(project, 'node_modules', name));
    }
  });

  it('compiles in a strict project of module resolution nodenext, by each example of its page', async () => {
    expect(examples).toHaveLength(NAMES.length);
    await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'consumer', type: 'module', private: true }));
    const compilerOptions = { target: 'es2022', lib: ['es2023'], module: 'nodenext', moduleResolution: 'nodenext', strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false, types: ['node'], outDir: 'out' };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    for (const [index, name] of NAMES.entries()) await writeFile(join(project, `${name}.ts`), examples[index] ?? '');
    await compile();
  });

  it('does not compile with what the API does not have', async () => {
    const wrong = {
      'body-without-reason': `gateway.sendMessage('x', { type: 'dossier.refuse', to: ['H57.01'] })`,
      'unknown-type': `gateway.sendMessage('x', { type: 'dossier.gift', to: ['H57.01'] })`,
      'unknown-version': `gateway.sendMessage('x', { type: 'dossier.accept', schemaVersion: 2, to: ['H57.01'] })`,
      'unknown-path': `gateway.api.GET('/v1/nothing')`,
      'parameter-of-another-kind': `gateway.api.GET('/v1/dossiers', { params: { query: { limit: 'ten' } } })`,
    };
    const path = (name: string): string => join(project, `${name}.ts`);
    for (const [name, call] of Object.entries(wrong)) await writeFile(path(name), `import { createClient } from 'lienthong/client';\nconst gateway = createClient({ url: '', apiKey: '' });\nawait ${call};\n`);
    const { stdout } = await compile().then(() => ({ stdout: 'compiled' }), (error: unknown) => error as { stdout: string });
    for (const name of Object.keys(wrong)) {
      expect(stdout).toContain(`${name}.ts(3,`);
      await rm(path(name));
    }
    await compile();
  });

  it('carries a dossier from one system to another, by the examples as they stand', async () => {
    for (const name of ['paper.pdf', 'scan.pdf']) await writeFile(join(project, name), '%PDF-1.7 mẫu');
    const out = (name: string): string => join(project, 'out', `${name}.js`);
    const receiver = spawn(process.execPath, [out('receive')], { cwd: project, env: environment(portal), stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(receiver);
    let said = '';
    for (const stream of [receiver.stdout, receiver.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    const sent = await run(process.execPath, [out('send')], { cwd: project, env: environment(land) });
    expect(sent.stdout).toMatch(/^accepted [0-9a-f-]{36}\n$/);
    expect((await run(process.execPath, [out('send')], { cwd: project, env: environment(land) })).stdout).toBe(sent.stdout); // the same deed
    await eventually(() => Promise.resolve(said), (text) => text.includes('result'));
    expect(said).toMatch(/^result 1234\/QĐ-VPĐK H57\.12-\d{6}-\d{4}\n$/m);
    expect((await run(process.execPath, [out('large')], { cwd: project, env: environment(land) })).stdout).toMatch(/^0 of 14\n14 of 14\ndocument [0-9a-f-]{36}\n$/);
    expect((await run(process.execPath, [out('list')], { cwd: project, env: environment(land) })).stdout).toMatch(/^H57\.12-\d{6}-\d{4} result-sent\n$/);
  });
});
