import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { GatewayError } from '../src/domain/errors.ts';
import { readCertificates, type Certificate } from '../src/formats/x509/certificate.ts';
import type { TrustAnchor, TrustPurpose, TrustStore } from '../src/ports/trust-store.ts';

/**
 * Trust anchors from PEM or DER files. A path is one file, or a folder whose `*.pem`, `*.crt`, `*.cer` files are read (not its
 * sub-folders); the file's or folder's name is the set. Anchors for signers never vouch for time-stamps, nor the reverse,
 * unless the same path is given for both.
 */
export interface TrustPaths {
  readonly signature: readonly string[];
  readonly timestamp: readonly string[];
}

const CERTIFICATE_FILE = /\.(?:pem|crt|cer|der)$/i;
const MAX_FILES = 2_000;
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** Reads all files now. @throws FILE_NOT_READABLE, CERTIFICATE_MALFORMED naming the file */
export function trustFolder(paths: TrustPaths): TrustStore {
  const loaded: Readonly<Record<TrustPurpose, readonly TrustAnchor[]>> = {
    signature: paths.signature.flatMap((path) => trustAnchorsOf(path)),
    timestamp: paths.timestamp.flatMap((path) => trustAnchorsOf(path)),
  };
  return { anchors: (purpose) => Promise.resolve(loaded[purpose]) };
}

/** Anchors of one file or folder. @throws as `trustFolder` */
export function trustAnchorsOf(path: string): TrustAnchor[] {
  const files = filesOf(path);
  if (files.length > MAX_FILES) throw new GatewayError('FILE_NOT_READABLE', `${path} holds more than ${MAX_FILES} certificate files`);
  return files.flatMap((file) => certificatesOf(file).map(({ der }) => ({ certificateDer: der, set: basename(path) })));
}

function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => CERTIFICATE_FILE.test(name))
      .sort()
      .map((name) => join(path, name));
  } catch (cause) {
    throw new GatewayError('FILE_NOT_READABLE', `Trust anchors cannot be read from ${path}: give a PEM file or a folder of them`, { cause });
  }
}

/** @throws as `trustFolder` */
export function certificatesOf(file: string): Certificate[] {
  const bytes = bytesOf(file);
  if (bytes.length > MAX_FILE_BYTES) throw new GatewayError('FILE_NOT_READABLE', `${file} is over ${MAX_FILE_BYTES} bytes: not a certificate file`);
  try {
    return readCertificates(bytes);
  } catch (cause) {
    throw new GatewayError('CERTIFICATE_MALFORMED', `${file} does not hold certificates in PEM or DER`, { cause });
  }
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new GatewayError('FILE_NOT_READABLE', `Certificates cannot be read from ${file}`, { cause });
  }
}
