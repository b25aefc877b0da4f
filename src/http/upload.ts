import type { Request, Response } from 'express';
import type { z } from 'zod';
import { GatewayError } from '../domain/errors.ts';
import { checkedFileName, fileNameOf } from './content-headers.ts';
import type { HttpDependencies, Spooled } from './dependencies.ts';
import { parseJson } from './json.ts';
import { readMultipart, type Multipart, type MultipartRules } from './multipart.ts';
import { bodyBytes, documentPace } from './request-body.ts';
import { parse } from './route.ts';

/** Room for the boundaries and the options beside the documents. */
const MULTIPART_EXTRA_BYTES = 256 * 1024;

export type Upload = Multipart<Spooled>;

type PartNames = Pick<MultipartRules<Spooled>, 'files' | 'fields'>;

/**
 * Takes the documents of a multipart body in for as long as `work` lasts; afterwards they are gone, whatever happened.
 * @throws as `readMultipart`; what `work` throws
 */
export async function withMultipart<T>({ spool, limits }: HttpDependencies, request: Request, { files, fields }: PartNames, work: (upload: Upload) => Promise<T>): Promise<T> {
  const upload = await readMultipart(request, {
    files,
    fields,
    take: spool,
    giveBack: (spooled) => spooled.remove(),
    pace: documentPace(files.length * limits.maxDocumentBytes + MULTIPART_EXTRA_BYTES),
  });
  try {
    return await work(upload);
  } finally {
    await Promise.all([...upload.files.values()].map(({ taken }) => taken.remove()));
  }
}

/** The same for a body that is the document itself; it stands under the name `document`. */
export async function withRawBody<T>({ spool, limits }: HttpDependencies, request: Request, work: (upload: Upload) => Promise<T>): Promise<T> {
  const taken = await spool(bodyBytes(request, documentPace(limits.maxDocumentBytes)));
  try {
    const part = { taken, fileName: fileNameOf(request.headers['content-disposition']), mediaType: 'application/octet-stream' };
    return await work({ files: new Map([['document', part]]), fields: new Map() });
  } finally {
    await taken.remove();
  }
}

/** @throws REQUEST_INVALID when the part is missing, or its file name is not one */
export function documentIn(upload: Upload): { readonly bytes: Spooled; readonly name: string } {
  const part = upload.files.get('document');
  if (part === undefined) throw new GatewayError('REQUEST_INVALID', 'The part "document" is missing', { faults: [{ pointer: '/document', detail: 'is missing' }] });
  return { bytes: part.taken, name: part.fileName === null ? 'document' : checkedFileName(part.fileName, '/document') };
}

/** The part `options`, JSON; an empty object when it is missing. @throws REQUEST_MALFORMED, REQUEST_INVALID */
export function optionsIn<Schema extends z.ZodType>(upload: Upload, schema: Schema): z.output<Schema> {
  return parse(schema, parseJson(Buffer.from(upload.fields.get('options') ?? '{}', 'utf8')), '/options') as z.output<Schema>;
}

/** The part `otp`: a one-time password for a key that wants one; null: none came. Not part of the options, since those are kept. @throws REQUEST_INVALID */
export function oneTimePasswordIn({ fields }: Upload): string | null {
  const value = fields.get('otp');
  if (value === undefined || value === '') return null;
  if (/^[ -~]{1,64}$/.test(value)) return value;
  throw new GatewayError('REQUEST_INVALID', 'The part "otp" is no one-time password', { faults: [{ pointer: '/otp', detail: 'must have 1 to 64 printable ASCII characters' }] });
}

/** Aborts when the caller goes away, or `limitMs` is over. */
export function requestSignal(response: Response, limitMs: number): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new GatewayError('CANCELLED', 'The caller went away'));
  });
  return AbortSignal.any([gone.signal, AbortSignal.timeout(limitMs)]);
}
