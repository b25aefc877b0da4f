import { GatewayError } from '../../domain/errors.ts';
import { isSignedBy, readNote, signNote, type NoteSigner, type NoteVerifier } from './signed-note.ts';

/** How far a log had come, and the root of all its leaves by then. @see https://c2sp.org/tlog-checkpoint */
export interface Checkpoint {
  /** The log's name for itself, its key's name too. */
  readonly origin: string;
  readonly size: number;
  /** SHA-256, 32 bytes. */
  readonly root: Uint8Array;
}

const ROOT_BYTES = 32;

/** The note as it is published. Its time is told by the time-stamp over these bytes, not by a line of its own. */
export function signCheckpoint({ size, root }: Omit<Checkpoint, 'origin'>, log: NoteSigner): string {
  return signNote(`${log.keyName}\n${size}\n${Buffer.from(root).toString('base64')}\n`, log);
}

/** @throws EVIDENCE_MALFORMED; EVIDENCE_FORGED when the log's own key did not sign it, whatever other signatures it has */
export function openCheckpoint(bytes: Uint8Array, log: NoteVerifier): Checkpoint {
  const note = readNote(bytes);
  const checkpoint = readCheckpoint(note.text);
  if (checkpoint.origin !== log.keyName || !isSignedBy(note, log)) throw new GatewayError('EVIDENCE_FORGED', `The checkpoint is not signed by the key of the log ${log.keyName}`);
  return checkpoint;
}

/** Whose checkpoint it says it is; nothing is checked by that. @throws EVIDENCE_MALFORMED */
export function originOf(bytes: Uint8Array): string {
  return readCheckpoint(readNote(bytes).text).origin;
}

function readCheckpoint(text: string): Checkpoint {
  // Further lines are extensions, which are read by who knows them.
  const [origin = '', size = '', root = '', ...extensions] = text.slice(0, -1).split('\n');
  const bytes = Buffer.from(root, 'base64');
  const isWhole = origin !== '' && /^(?:0|[1-9][0-9]{0,15})$/.test(size) && Number.isSafeInteger(Number(size)) && bytes.length === ROOT_BYTES && bytes.toString('base64') === root;
  if (!isWhole || extensions.includes('')) throw new GatewayError('EVIDENCE_MALFORMED', 'A checkpoint has the log’s name, its size and its root, each on a line');
  return { origin, size: Number(size), root: bytes };
}
