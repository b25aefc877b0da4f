import { GatewayError } from '../../domain/errors.ts';

/** Told first, so that a restoration need not read to the end to see that it cannot be. */
export interface About {
  readonly format: 'lienthong-backup';
  readonly version: 1;
  readonly createdAt: string;
  /** The one of the store that was backed up. */
  readonly incarnation: number;
  /** Migrations in force, in order: number, name, fingerprint. */
  readonly migrations: readonly { readonly number: number; readonly name: string; readonly sha256: string }[];
}

/** Told last, over everything before it. */
export interface Manifest {
  readonly about: About;
  readonly tables: readonly TableEntry[];
  readonly documents: { readonly count: number; readonly bytes: number; /** SHA-256 over their digests in order, each followed by a line end. */ readonly listSha256: string; readonly erasedMeanwhile: number };
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
}

export interface TableEntry {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** Of each of its pieces, as they stand in the archive. */
  readonly pieces: readonly string[];
}

export function damaged(what: string, cause?: unknown): GatewayError {
  return new GatewayError('BACKUP_DAMAGED', `The backup is damaged (${what}): take another one`, { cause });
}

/** @throws BACKUP_DAMAGED; DATABASE_INCOMPATIBLE for a form that this program does not know */
export function readAbout(bytes: Uint8Array): About {
  const about = parse(bytes) as Partial<About> | null;
  if (about?.format !== 'lienthong-backup') throw damaged('it is no backup of this program');
  if (about.version !== 1) throw new GatewayError('DATABASE_INCOMPATIBLE', `The backup has form ${String(about.version)}, this program knows form 1: use the newer program`);
  if (typeof about.createdAt !== 'string' || !Number.isSafeInteger(about.incarnation) || !Array.isArray(about.migrations)) throw damaged('its first entry says too little');
  return about as About;
}

/** Believed only for what it is compared with: counts and digests. @throws BACKUP_DAMAGED */
export function readManifest(bytes: Uint8Array): Manifest {
  const manifest = parse(bytes) as Partial<Manifest> | null;
  if (!Array.isArray(manifest?.tables) || !Array.isArray(manifest.files) || typeof manifest.documents !== 'object') throw damaged('its manifest says too little');
  return manifest as Manifest;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw damaged('an entry is not JSON', cause);
  }
}
