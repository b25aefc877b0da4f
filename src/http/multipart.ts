import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { GatewayError } from '../domain/errors.ts';
import { bodyBytes, type BodyPace } from './request-body.ts';

export interface FilePart<Taken> {
  readonly taken: Taken;
  /** As the caller gave it; null: it gave none. */
  readonly fileName: string | null;
  readonly mediaType: string;
}

export interface Multipart<Taken> {
  readonly files: ReadonlyMap<string, FilePart<Taken>>;
  readonly fields: ReadonlyMap<string, string>;
}

export interface MultipartRules<Taken> {
  /** Names of the parts that are files. */
  readonly files: readonly string[];
  /** Names of the parts that are short texts. */
  readonly fields: readonly string[];
  /** Takes a file in while it comes. */
  readonly take: (bytes: AsyncIterable<Uint8Array>) => Promise<Taken>;
  /** Gives back what was taken, when a later part fails. */
  readonly giveBack: (taken: Taken) => Promise<void>;
  readonly pace: BodyPace;
}

const LIMITS = { fieldNameSize: 100, fieldSize: 192 * 1024, fields: 8, files: 4, parts: 12, headerPairs: 20, headerSize: 8 * 1024 } as const;

/**
 * A multipart/form-data body, files streamed away as they come. Either everything was taken in, or nothing is left of it.
 * @throws MEDIA_TYPE_UNSUPPORTED, REQUEST_MALFORMED, REQUEST_INVALID, BODY_TOO_LARGE, CANCELLED; what `take` throws
 * @see RFC 7578
 */
export async function readMultipart<Taken>(request: IncomingMessage, rules: MultipartRules<Taken>): Promise<Multipart<Taken>> {
  const parser = openParser(request, rules.files);
  const parts = collectParts(parser, rules);
  try {
    await pump(bodyBytes(request, rules.pace), parser, parts.failure.signal);
    const files = await Promise.all([...parts.takings].map(async ([name, { taken, ...facts }]) => [name, { ...facts, taken: await taken }] as const));
    return { files: new Map(files), fields: parts.fields };
  } catch (error) {
    const first: unknown = parts.failure.signal.aborted ? parts.failure.signal.reason : error;
    await abandon(parts.takings, rules, first);
    throw first;
  }
}

function openParser(request: IncomingMessage, files: readonly string[]): BusboyInstance {
  const type = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\s*(;|$)/i.test(type)) throw new GatewayError('MEDIA_TYPE_UNSUPPORTED', 'Send a "multipart/form-data" body');
  try {
    return new Busboy({ headers: { ...request.headers, 'content-type': type }, limits: LIMITS, isPartAFile: (name) => name !== undefined && files.includes(name) });
  } catch (cause) {
    throw new GatewayError('REQUEST_MALFORMED', 'The multipart body has no boundary', { cause });
  }
}

interface Taking<Taken> {
  readonly taken: Promise<Taken>;
  readonly stream: Readable;
  readonly fileName: string | null;
  readonly mediaType: string;
}

interface Parts<Taken> {
  readonly takings: ReadonlyMap<string, Taking<Taken>>;
  readonly fields: ReadonlyMap<string, string>;
  /** Aborted with the first thing that goes wrong. */
  readonly failure: AbortController;
}

function collectParts<Taken>(parser: BusboyInstance, rules: MultipartRules<Taken>): Parts<Taken> {
  const takings = new Map<string, Taking<Taken>>();
  const fields = new Map<string, string>();
  const failure = new AbortController();
  const fail = (error: unknown): void => failure.abort(error);
  const malformed = (cause?: unknown): void => fail(new GatewayError('REQUEST_MALFORMED', 'The multipart body is malformed, ends early, or has too many parts', { cause }));
  parser.on('file', (name, stream, fileName, _encoding, mediaType) => {
    stream.on('error', () => undefined); // whoever reads it hears of it below
    if (takings.has(name)) return fail(twice(name));
    const taken = rules.take(stream);
    // What breaks in the stream is its sender's; whatever else ends the taking, such as a full disk, has a reason of its own.
    taken.catch((error: unknown) => (error === stream.errored ? malformed(error) : fail(error)));
    takings.set(name, { taken, stream, fileName: fileName === undefined || fileName === '' ? null : fileName, mediaType });
  });
  parser.on('field', (name, value, _nameTruncated, valueTruncated) => {
    if (!rules.fields.includes(name)) return fail(unknownPart(name));
    if (fields.has(name)) return fail(twice(name));
    if (valueTruncated) return fail(new GatewayError('BODY_TOO_LARGE', `The part "${name}" may have at most ${LIMITS.fieldSize} bytes`));
    fields.set(name, value);
  });
  for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) parser.on(limit, () => malformed());
  parser.on('error', malformed);
  return { takings, fields, failure };
}

/** What `signal` aborts with is what is thrown; a parser that waits for a file nobody reads any more does not hold us. */
async function pump(bytes: AsyncIterable<Uint8Array>, parser: BusboyInstance, signal: AbortSignal): Promise<void> {
  for await (const chunk of bytes) {
    signal.throwIfAborted();
    if (!parser.write(chunk)) await once(parser, 'drain', { signal });
  }
  signal.throwIfAborted();
  const finished = once(parser, 'finish', { signal });
  parser.end();
  await finished;
  signal.throwIfAborted();
}

async function abandon<Taken>(takings: ReadonlyMap<string, Taking<Taken>>, rules: MultipartRules<Taken>, error: unknown): Promise<void> {
  for (const { stream } of takings.values()) stream.destroy(error instanceof Error ? error : new Error('The upload was given up'));
  for (const result of await Promise.allSettled([...takings.values()].map(({ taken }) => taken))) {
    if (result.status === 'fulfilled') await rules.giveBack(result.value);
  }
}

function twice(name: string): GatewayError {
  return new GatewayError('REQUEST_INVALID', 'A part of the multipart body came twice', { faults: [{ pointer: `/${name}`, detail: 'came twice' }] });
}

function unknownPart(name: unknown): GatewayError {
  const shown = typeof name === 'string' ? name.slice(0, LIMITS.fieldNameSize).replaceAll(/[^\w.-]/g, '_') : '';
  return new GatewayError('REQUEST_INVALID', 'The multipart body has a part that is not known here', { faults: [{ pointer: `/${shown}`, detail: 'is not known here' }] });
}
