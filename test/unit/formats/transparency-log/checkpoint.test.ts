import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../../src/domain/errors.ts';
import { openCheckpoint, signCheckpoint } from '../../../../src/formats/transparency-log/checkpoint.ts';
import { isSignedBy, readNote, readVerifierKey, signNote, verifierKeyOf, type NoteSigner } from '../../../../src/formats/transparency-log/signed-note.ts';

/** From the documentation of golang.org/x/mod/sumdb/note, whose format C2SP wrote down. */
const FOREIGN_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const FOREIGN_NOTE =
  'If you think cryptography is the answer to your problem,\nthen you don’t know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'.replace('’', "'");

function noteSigner(keyName: string): NoteSigner {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { keyName, publicKey, sign: (message) => sign(null, message, privateKey) };
}

const verifier = noteSigner('lienthong.example/log');
const checkpoint = { origin: verifier.keyName, size: 20_852_163, root: Buffer.alloc(32, 7) };
const signed = signCheckpoint(checkpoint, verifier);
const open = (note: string): unknown => openCheckpoint(Buffer.from(note), verifier);

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'none';
  } catch (error) {
    return isGatewayError(error) ? error.code : 'not ours';
  }
}

describe('a signed note (C2SP)', () => {
  it('of another maker is read and verified', () => {
    expect(isSignedBy(readNote(Buffer.from(FOREIGN_NOTE)), readVerifierKey(FOREIGN_KEY))).toBe(true);
    expect(isSignedBy(readNote(Buffer.from(FOREIGN_NOTE.replace('answer', 'anwser'))), readVerifierKey(FOREIGN_KEY))).toBe(false);
    expect(verifierKeyOf(readVerifierKey(FOREIGN_KEY))).toBe(FOREIGN_KEY);
  });

  it('may have signatures of others, but none that is bad in the name of the key asked for', () => {
    const others = signNote(signed.slice(0, signed.lastIndexOf('\n\n') + 1), noteSigner('witness.example')).split('\n\n')[1] ?? '';
    expect(open(signed + others)).toEqual(checkpoint);
    const bad = signed.trimEnd().split('\n').at(-1)?.replace(/.{4}$/, 'AAAA') ?? '';
    expect(codeOf(() => open(`${signed}${bad}\n`))).toBe('EVIDENCE_FORGED');
  });

  it.each([
    ['a wrong id', FOREIGN_KEY.replace('c74f20a3', 'c74f20a4')],
    ['another type', FOREIGN_KEY.replace('+ARpc', '+AhpC')],
    ['a part missing', FOREIGN_KEY.slice(0, -4)],
  ])('is not verified with a key of %s', (_, key) => {
    expect(codeOf(() => readVerifierKey(key))).toBe('EVIDENCE_MALFORMED');
  });
});

describe('a checkpoint (C2SP)', () => {
  it('comes back as it was signed, on three lines', () => {
    expect(open(signed)).toEqual(checkpoint);
    expect(signed.split('\n').slice(0, 4)).toEqual(['lienthong.example/log', '20852163', Buffer.alloc(32, 7).toString('base64'), '']);
  });

  it.each([
    ['another size', (note: string) => note.replace('20852163', '20852164'), 'EVIDENCE_FORGED'],
    ['another name', (note: string) => note.replaceAll('lienthong.example/log', 'lienthong.example/lag'), 'EVIDENCE_FORGED'],
    ['leading zeros', (note: string) => note.replace('20852163', '020852163'), 'EVIDENCE_MALFORMED'],
    ['a size beyond counting', (note: string) => note.replace('20852163', '99999999999999999999'), 'EVIDENCE_MALFORMED'],
    ['a root of 31 bytes', (note: string) => note.replace(Buffer.alloc(32, 7).toString('base64'), Buffer.alloc(31, 7).toString('base64')), 'EVIDENCE_MALFORMED'],
    ['no signature', (note: string) => note.slice(0, note.indexOf('\n\n') + 1), 'EVIDENCE_MALFORMED'],
    ['a control character', (note: string) => note.replace('\n2', '\r\n2'), 'EVIDENCE_MALFORMED'],
    ['no last line end', (note: string) => note.trimEnd(), 'EVIDENCE_MALFORMED'],
    ['a megabyte of lines', (note: string) => note + 'x'.repeat(1_000_000), 'EVIDENCE_MALFORMED'],
    ['101 signatures', (note: string) => note + `${note.trimEnd().split('\n').at(-1)}\n`.repeat(100), 'EVIDENCE_MALFORMED'],
  ] as const)('with %s is not taken', (_, change, code) => {
    expect(codeOf(() => open(change(signed)))).toBe(code);
  });
});
