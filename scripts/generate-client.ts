// Writes client/generated/api.ts from the API description: `tsx scripts/generate-client.ts`. It stays out of version control, so that it cannot be old.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildOpenApi } from '../src/http/openapi.ts';
import { routesOf } from '../src/http/routes/table.ts';
import { typesOf, type Described } from './openapi-types.ts';

const target = join(dirname(fileURLToPath(import.meta.url)), '..', 'client', 'generated', 'api.ts');
const text = typesOf(buildOpenApi(routesOf(''), '') as unknown as Described);

if (current() !== text) {
  mkdirSync(dirname(target), { recursive: true });
  const beside = `${target}.${process.pid}`;
  writeFileSync(beside, text);
  renameSync(beside, target); // others may be compiling
}

function current(): string | null {
  try {
    return readFileSync(target, 'utf8');
  } catch {
    return null;
  }
}
