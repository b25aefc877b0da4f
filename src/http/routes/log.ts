import { z } from 'zod';
import { GatewayError } from '../../domain/errors.ts';
import { consistencyProof, inclusionProof, LOG_KINDS } from '../../formats/api/log.ts';
import { TILE_WIDTH } from '../../formats/transparency-log/tiles.ts';
import type { BytesReply } from '../reply.ts';
import { defineRoute, type Route } from '../route.ts';

/** The evidence log. What says nothing about anybody is open to everybody: who follows the log needs no key, as with C2SP tlog-tiles. */

const size = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const logCheckpointRoute = defineRoute({
  method: 'GET',
  path: '/v1/log/checkpoint',
  operationId: 'readLogCheckpoint',
  summary: 'The newest signed checkpoint of the evidence log (C2SP tlog-checkpoint); its key: lienthong log key',
  tag: 'Evidence',
  scope: null,
  idempotent: false,
  pathParameters: null,
  query: null,
  body: null,
  answer: { kind: 'content', status: 200, description: 'A signed note', forms: { 'text/plain': null } },
  problems: ['LOG_PROOF_NOT_FOUND'],
  run: async ({ readNewestCheckpoint }) => ({ contentType: 'text/plain; charset=utf-8', body: Buffer.from((await readNewestCheckpoint()).note), contentSecurityPolicy: null }),
});

export const inclusionProofRoute = defineRoute({
  method: 'GET',
  path: '/v1/log/proof/inclusion',
  operationId: 'proveInclusion',
  summary: 'That a message of yours, or a receipt, is in the evidence log, against its first checkpoint with a time-stamp',
  tag: 'Evidence',
  scope: 'messages:read',
  idempotent: false,
  pathParameters: null,
  query: z.strictObject({
    kind: z.enum(LOG_KINDS).default('message').describe('What was recorded'),
    subject: z.string().min(1).max(200).describe('Its id: of a message; of a receipt the id of the message, a slash, and its name in the evidence'),
    size: size.optional().describe('Of another checkpoint to prove it against'),
  }),
  body: null,
  answer: { kind: 'json', status: 200, description: 'The proof, the checkpoint and its time-stamps', schema: inclusionProof },
  problems: ['LOG_PROOF_NOT_FOUND'],
  run: async ({ proveRecorded }, { query }, { call }) => ({ body: await proveRecorded(call.caller, query) }),
});

export const consistencyProofRoute = defineRoute({
  method: 'GET',
  path: '/v1/log/proof/consistency',
  operationId: 'proveConsistency',
  summary: 'That the evidence log only grew from one size to another',
  tag: 'Evidence',
  scope: null,
  idempotent: false,
  pathParameters: null,
  query: z.strictObject({ from: size, to: size }),
  body: null,
  answer: { kind: 'json', status: 200, description: 'The proof', schema: consistencyProof },
  problems: ['LOG_PROOF_NOT_FOUND'],
  run: async ({ proveGrown }, { query }) => ({ body: await proveGrown(query.from, query.to) }),
});

const element = z.string().regex(/^x?\d{3}(?:\.p)?$|^\d{1,3}$/);
const level = z.coerce.number().int().min(0).max(6);
const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;

/** Numbers of tiles are written in elements of three digits: 1234067 is x001/x234/067, and 5 hashes of it x001/x234/067.p/5. */
export const logTileRoutes: readonly Route[] = NAMES.map((_, last) => {
  const names = NAMES.slice(0, last + 1);
  return defineRoute({
    method: 'GET',
    path: `/v1/log/tile/{level}/${names.map((name) => `{${name}}`).join('/')}`,
    operationId: `readLogTile${last + 1}`,
    summary: 'Hashes of the evidence log, 256 a tile (C2SP tlog-tiles); bundles of entries are not served: proofs are',
    tag: 'Evidence',
    scope: null,
    idempotent: false,
    pathParameters: z.strictObject({ level, ...Object.fromEntries(names.map((name) => [name, element])) }),
    query: null,
    body: null,
    answer: { kind: 'bytes', status: 200, description: 'Hashes of 32 bytes, one behind the other', mediaTypes: ['application/octet-stream'], headers: {} },
    problems: ['LOG_PROOF_NOT_FOUND'],
    run: async ({ readLogTile }, { path }) => {
      const elements = names.map((name) => String((path as Readonly<Record<string, unknown>>)[name]));
      const place = placeOf(elements);
      return tileReply(await readLogTile({ level: path.level, ...place }), place.width);
    },
  });
});

/** @throws LOG_PROOF_NOT_FOUND for what is no number of a tile */
function placeOf(elements: readonly string[]): { readonly index: number; readonly width: number } {
  const written = elements.join('/');
  const [, number = '', partial] = /^((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(written) ?? [];
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  const isWhole = number !== '' && !number.startsWith('x000/') && width >= 1 && (partial === undefined || width < TILE_WIDTH);
  if (!isWhole) throw new GatewayError('LOG_PROOF_NOT_FOUND', 'There is no such tile: numbers are written as x001/x234/067, parts as 067.p/5');
  return { index: Number(number.replaceAll(/[x/]/g, '')), width };
}

function tileReply(hashes: Uint8Array, width: number): BytesReply {
  // A full tile never changes, nor does the beginning of one that grows.
  return { mediaType: 'application/octet-stream', sizeBytes: hashes.length, name: `tile-${width}`, headers: { 'cache-control': 'public, max-age=31536000, immutable' }, open: () => Promise.resolve(once(hashes)) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
