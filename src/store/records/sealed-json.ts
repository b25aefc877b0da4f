import type { Sealing } from '../../ports/sealing.ts';

/** JSON values in `*_sealed` columns, bound to their place so that a box moved to another row does not open. */
export function sealJson(sealing: Sealing, value: unknown, context: string): Buffer {
  return Buffer.from(sealing.seal(new TextEncoder().encode(JSON.stringify(value)), context));
}

/** What `sealJson` was given. @throws MASTER_KEY_UNREADABLE, SEALED_DATA_UNREADABLE */
export function openJson(sealing: Sealing, sealed: Uint8Array, context: string): unknown {
  return JSON.parse(new TextDecoder().decode(sealing.open(sealed, context)));
}
