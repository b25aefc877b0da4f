import { posix } from 'node:path';
import { targetOf, zoneOf } from './rules.ts';
import type { SourceFile } from './source-file.ts';

/**
 * Folders that import each other in a circle, each circle as `a → b → a`. A folder is a zone; of `src/formats`, where each standard
 * has one, every folder counts, and of `sandbox` and `connectors` the folder below.
 */
export function folderCycles(files: readonly SourceFile[]): string[] {
  const edges = edgesOf(files);
  const found = new Map<string, string>();
  for (const start of [...edges.keys()].sort()) {
    const cycle = pathBack(edges, start);
    const key = cycle === null ? '' : [...cycle].sort().join(' ');
    if (cycle !== null && !found.has(key)) found.set(key, [...cycle, start].join(' → '));
  }
  return [...found.values()];
}

function edgesOf(files: readonly SourceFile[]): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  for (const { path, imports } of files) {
    const from = folderOf(path);
    for (const { specifier } of imports) {
      if (!specifier.startsWith('.')) continue;
      const to = folderOf(targetOf(path, specifier));
      if (to !== from) edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
  }
  return edges;
}

function folderOf(path: string): string {
  const zone = zoneOf(path)?.prefix ?? path;
  if (zone === 'src/formats/') return posix.dirname(path);
  const [first = '', ...rest] = path.slice(zone.length).split('/');
  return (zone === 'sandbox/' || zone === 'connectors/') && rest.length > 0 ? zone + first : zone;
}

/** The shortest way from `start` to itself, without its last step. */
function pathBack(edges: ReadonlyMap<string, ReadonlySet<string>>, start: string): string[] | null {
  const queue: string[][] = [[start]];
  const seen = new Set<string>();
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    for (const next of edges.get(path.at(-1) ?? start) ?? []) {
      if (next === start) return path;
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push([...path, next]);
    }
  }
  return null;
}
