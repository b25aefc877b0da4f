import type { Evidence, OwnSignature, ReceiptStatement } from '../../domain/evidence.ts';
import type { MessageManifest } from '../../domain/message.ts';
import type { ManifestObject } from '../asic/manifest.ts';
import { sha256Hex } from '../canonical-json.ts';
import { BODY, MANIFEST, ownSignatureEntry, partName, statementEntry } from './names.ts';

/** What one signature of a container is about. */
export type SignedObject = Pick<ManifestObject, 'name' | 'mediaType' | 'digest' | 'isRoot'>;

export const JSON_TYPE = 'application/json';

/** Of a message: its manifest, the body, and every paper it carries. @param manifestJson the bytes whose digest receipts bind */
export function objectsOfMessage(manifestJson: string, { bodySha256, parts }: Pick<MessageManifest, 'bodySha256' | 'parts'>): readonly SignedObject[] {
  return [
    { name: MANIFEST, mediaType: JSON_TYPE, digest: fromHex(sha256Hex(manifestJson)), isRoot: true },
    { name: BODY, mediaType: JSON_TYPE, digest: fromHex(bodySha256), isRoot: false },
    ...parts.map((part, position) => ({ name: partName(part, position), mediaType: part.mediaType, digest: fromHex(part.sha256), isRoot: false })),
  ];
}

/** Of a receipt: its statement, and what the recipient signed itself. */
export function objectsOfReceipt(name: Evidence['name'], statement: string, ownSignature: string | null): readonly SignedObject[] {
  const own = ownSignature === null ? [] : [{ name: ownSignatureEntry(name), mediaType: JSON_TYPE, digest: fromHex(sha256Hex(ownSignature)), isRoot: false }];
  return [{ name: statementEntry(name), mediaType: JSON_TYPE, digest: fromHex(sha256Hex(statement)), isRoot: true }, ...own];
}

/** What the statement of an erasure says is gone; nothing for any other. */
export function erasedObjects(statement: string | null): readonly { readonly name: string; readonly sha256: string }[] {
  const said = JSON.parse(statement ?? '{}') as Partial<ReceiptStatement>;
  return said.kind === 'erased' ? (said.objects ?? []) : [];
}

/** @returns lower-case letters, digits, hyphens */
export function nameOfReceipt(statement: ReceiptStatement): Evidence['name'] {
  switch (statement.kind) {
    case 'delivered':
      return `delivered-${statement.recipient}`;
    case 'taken-in':
    case 'refused':
      return `${statement.kind}-${statement.decision.messageId}`;
    case 'erased':
      return `erased-${statement.at.replaceAll(/[^0-9]/g, '')}`;
  }
}

/** The claim of a recipient's own key, from what a signed request held. */
export function ownSignatureOf(given: Pick<OwnSignature, 'algorithm' | 'keyId'> & { readonly spkiDer: Uint8Array; readonly base: Uint8Array; readonly value: Uint8Array; readonly body: Uint8Array }): OwnSignature {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const { algorithm, keyId, spkiDer, base, value, body } = given;
  return { version: 1, standard: 'RFC 9421', algorithm, keyId, spki: base64(spkiDer), base: Buffer.from(base).toString('utf8'), signature: base64(value), body: base64(body) };
}

const fromHex = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
