import type { Evidence } from '../../domain/evidence.ts';
import type { MessagePart } from '../../domain/message.ts';

/** Where everything stands in the container of a message. Names hold no word of the sender's: what they are called for people, the manifest says. */

export const MANIFEST = 'manifest.json';
export const BODY = 'body.json';
export const META_INF = 'META-INF/';

/** Endings by which programs know a paper; any other has none of its own. */
const ENDINGS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'application/xml': 'xml',
  'text/xml': 'xml',
  'application/json': 'json',
  'text/plain': 'txt',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'application/vnd.etsi.asic-e+zip': 'asice',
};

/** @param position in the message, from 0 */
export function partName({ mediaType }: Pick<MessagePart, 'mediaType'>, position: number): string {
  return `parts/${position + 1}.${ENDINGS[mediaType] ?? 'bin'}`;
}

/** Of the message itself there is one of each: they bear no name. */
export function manifestEntry(name: Evidence['name']): string {
  return `${META_INF}ASiCManifest${suffixOf(name)}.xml`;
}

export function signatureEntry(name: Evidence['name']): string {
  return `${META_INF}signature${suffixOf(name)}.p7s`;
}

export function statementEntry(name: Evidence['name']): string {
  return `${META_INF}receipt${suffixOf(name)}.json`;
}

export function ownSignatureEntry(name: Evidence['name']): string {
  return `${META_INF}own-signature${suffixOf(name)}.json`;
}

/** Its leaf, path and checkpoint in the log. */
export function proofEntry(name: Evidence['name']): string {
  return `${META_INF}proof${suffixOf(name)}.json`;
}

export const THE_MESSAGE = 'message';

function suffixOf(name: string): string {
  return name === THE_MESSAGE ? '' : `-${name}`;
}
