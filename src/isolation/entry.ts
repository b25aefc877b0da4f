import { fileURLToPath } from 'node:url';

const isFromSource = import.meta.url.endsWith('.ts');

/**
 * Where a worker begins. In the build that is its own compiled file; run from source, Node 20 cannot load TypeScript in a worker, so
 * `bootstrap.mjs` teaches it first.
 */
export function entryFile(name: 'thread' | 'child'): string {
  return fileURLToPath(new URL(isFromSource ? './bootstrap.mjs' : `./${name}.js`, import.meta.url));
}

/** The module that exports `tasks`, as a URL that a worker imports. */
export function registryUrl(): string {
  return new URL(isFromSource ? './tasks.ts' : './tasks.js', import.meta.url).href;
}
