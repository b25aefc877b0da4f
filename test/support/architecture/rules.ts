import { posix } from 'node:path';
import type { GlobalUse, Import, SourceFile } from './source-file.ts';
import { EMPTY_NAMES, IMPURE_GLOBALS, PACKAGES, PURE_BUILTINS, SANDBOX_SYSTEMS, ZONES, type Zone } from './table.ts';

/** Everything in one file that breaks the rules, one sentence each, beginning with `path:line`. */
export function violationsOf(file: SourceFile): string[] {
  const zone = zoneOf(file.path);
  if (zone === undefined) return [`${file.path}:1 lies in no folder of the import table`];
  return [
    ...file.imports.flatMap((entry) => importFaults(file, zone, entry).map((fault) => `${file.path}:${entry.line} ${fault}`)),
    ...file.globals.flatMap((use) => globalFaults(zone, file.path, use).map((fault) => `${file.path}:${use.line} ${fault}`)),
    ...shapeFaults(file).map((fault) => `${file.path}:1 ${fault}`),
  ];
}

export function zoneOf(path: string): Zone | undefined {
  return ZONES.filter(({ prefix }) => path.startsWith(prefix)).sort((a, b) => b.prefix.length - a.prefix.length)[0];
}

/** The path a relative import leads to, from the project root. */
export function targetOf(path: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(path), specifier));
}

function importFaults(file: SourceFile, zone: Zone, entry: Import): string[] {
  const { specifier } = entry;
  if (specifier === '<computed>') return zone.composes === true || isWorkerEntry(file.path) ? [] : ['imports a module whose name is computed'];
  if (specifier.startsWith('.')) return relativeFaults(file, zone, targetOf(file.path, specifier));
  if (specifier.startsWith('node:')) return zone.pure === true ? builtinFaults(entry) : [];
  return packageFaults(file.path, specifier);
}

/** A worker's entry imports the module of its tasks by the address it was started with. */
function isWorkerEntry(path: string): boolean {
  return path.startsWith('src/isolation/');
}

function relativeFaults(file: SourceFile, zone: Zone, target: string): string[] {
  const inside = target.startsWith(zone.prefix);
  if (!inside && !zone.mayImport.some((prefix) => target.startsWith(prefix))) return [`${zone.prefix} may not import ${target}`];
  if (zone.separate === true && inside && below(zone, target) !== below(zone, file.path)) return [`${below(zone, file.path)} may not import its neighbour ${target}`];
  const system = SANDBOX_SYSTEMS.find((prefix) => file.path.startsWith(prefix));
  const other = SANDBOX_SYSTEMS.find((prefix) => target.startsWith(prefix));
  return system !== undefined && other !== undefined && system !== other ? [`${system} meets ${other} only on the wire`] : [];
}

function below({ prefix }: Zone, path: string): string {
  return path.slice(prefix.length).split('/')[0] ?? '';
}

function builtinFaults({ specifier, names, typeOnly }: Import): string[] {
  if (typeOnly) return [];
  const allowed = PURE_BUILTINS[specifier];
  if (allowed === undefined) return [`a pure folder may not import ${specifier}`];
  if (allowed === null) return [];
  return names.filter((name) => !allowed.includes(name)).map((name) => `a pure folder may not import ${name} of ${specifier}`);
}

function packageFaults(path: string, specifier: string): string[] {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const places = PACKAGES[name] ?? PACKAGES[`${name.split('/')[0] ?? ''}/`];
  if (places === undefined) return [`imports ${name}, which the table of packages does not know`];
  const isAnywhere = path.startsWith('test/') || path.startsWith('bench/');
  return isAnywhere || places.some((prefix) => path.startsWith(prefix)) ? [] : [`${name} belongs in ${places.join(', ') || 'test/'}`];
}

/** Programs whose output is their purpose. */
const RUNNERS = /^(scripts\/|bench\/|test\/[a-z-]+\/run\.ts$)/;

function globalFaults(zone: Zone, path: string, { name }: GlobalUse): string[] {
  if (zone.pure === true && IMPURE_GLOBALS.some((pattern) => matches(pattern, name))) return [`a pure folder may not use ${name}`];
  const mayReadEnvironment = zone.composes === true || /^sandbox\/.*\/main\.ts$/.test(path);
  if (name === 'process.env' && !mayReadEnvironment) return ['only src/cli, src/wiring and src/config.ts read the environment'];
  if (/^console\b/.test(name) && !RUNNERS.test(path)) return [`${name}: say it through the log, or write to a stream`];
  return [];
}

function matches(pattern: string, name: string): boolean {
  if (!pattern.endsWith('*')) return pattern === name;
  const root = pattern.slice(0, -1);
  return name === root || name.startsWith(`${root}.`) || name === `${root}()` || name.startsWith(`new ${root}(`);
}

function shapeFaults(file: SourceFile): string[] {
  const faults: string[] = [];
  const segments = file.path.split('/');
  const odd = segments.filter((segment) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config|d))?(\.(ts|mjs))?$/.test(segment));
  if (odd.length > 0) faults.push(`is not written in kebab-case: ${odd.join(', ')}`);
  const empty = segments.map((segment) => segment.replace(/\..*$/, '')).filter((segment) => EMPTY_NAMES.includes(segment));
  if (empty.length > 0) faults.push(`"${empty.join(', ')}" says nothing: name the file for its thing or verb phrase`);
  if (file.hasDefaultExport && !file.path.endsWith('.config.ts')) faults.push('has a default export');
  if (file.path.startsWith('src/') && (segments.at(-1) === 'index.ts' || file.reExports.length > 3)) faults.push('is a barrel: import from where things are');
  return faults;
}
