import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../../src/domain/errors.ts';
import { isSelfIssued, readCertificate, readCertificates, type Certificate } from '../../src/formats/x509/certificate.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import type { TrustAnchor, TrustPurpose, TrustStore } from '../../src/ports/trust-store.ts';
import { listNames, pathOfList, readKeptList, removeKeptList, writeKeptList, type KeptList } from './kept-list.ts';
import { readManifest, writeDurably, writeManifest, type ManifestEntry } from './manifest.ts';

export const TRUST_PURPOSES = ['signature', 'timestamp'] as const satisfies readonly TrustPurpose[];

export interface KeptAnchor extends ManifestEntry {
  readonly purpose: TrustPurpose;
  readonly set: string;
}

export interface NewAnchor {
  readonly purpose: TrustPurpose;
  /** Sets are kept apart, such as the public CAs and the official-use CA: lower-case letters, digits, hyphens. */
  readonly set: string;
  readonly certificateDer: Uint8Array;
  readonly source: string;
  readonly addedAt: Date;
}

/** Which anchors: all that fit every part given. */
export interface AnchorFilter {
  readonly sha256?: string | undefined;
  readonly purpose?: TrustPurpose | undefined;
  readonly set?: string | undefined;
}

export interface KeptTrust extends TrustStore {
  list(filter?: AnchorFilter): readonly KeptAnchor[];
  /** Adding again what is there changes nothing. @throws CERTIFICATE_MALFORMED, CERTIFICATE_USAGE, REQUEST_INVALID, STORAGE_FAILED */
  add(anchor: NewAnchor): { readonly anchor: KeptAnchor; readonly isNew: boolean };
  /** What was removed; an empty list when nothing fits. */
  remove(filter: AnchorFilter & { readonly sha256: string }): readonly KeptAnchor[];
  /** Trusted lists, one a set. @throws CONFIG_INVALID */
  lists(): readonly KeptList[];
  /** Null when the set has none. @throws CONFIG_INVALID, REQUEST_INVALID */
  listOf(set: string): KeptList | null;
  /** Replaces the set's list whole or not at all. @throws STORAGE_FAILED */
  keepList(list: KeptList): void;
  /** Whether there was one. */
  removeList(set: string): boolean;
}

/**
 * The trust anchors kept in a data folder: `<folder>/<purpose>/<set>/<sha256>.pem` with a manifest per set. A certificate counts when the
 * manifest lists it and its file still has that digest; anything else that lies there does not. Changes count at once.
 * `anchors` throws CONFIG_INVALID when a listed file was changed or is gone: trust that was tampered with decides nothing.
 */
export function openKeptTrust(folder: string): KeptTrust {
  const cached = new Map<TrustPurpose, { readonly stamp: string; readonly anchors: readonly TrustAnchor[] }>();
  const pathOf = ({ purpose, set }: Pick<KeptAnchor, 'purpose' | 'set'>): string => join(folder, purpose, set);
  return {
    async anchors(purpose) {
      const stamp = `${stampOf(join(folder, purpose))}\n${stampOfLists(folder)}`;
      const known = cached.get(purpose);
      if (known?.stamp === stamp) return known.anchors;
      const single = listIn(folder, { purpose }).map((anchor): TrustAnchor => ({ set: anchor.set, certificateDer: readListed(pathOf(anchor), anchor.sha256) }));
      const anchors = [...single, ...listNames(folder).flatMap((set) => anchorsOfList(readKeptList(folder, set), purpose))];
      cached.set(purpose, { stamp, anchors });
      return anchors;
    },
    list: (filter = {}) => listIn(folder, filter),
    add({ purpose, set, certificateDer, source, addedAt }) {
      checkSet(set);
      const certificate = readCertificate(certificateDer);
      checkAnchor(certificate);
      const [known] = listIn(folder, { purpose, set, sha256: certificate.sha256Hex });
      if (known !== undefined) return { anchor: known, isNew: false };
      const entry: ManifestEntry = { sha256: certificate.sha256Hex, subject: certificate.subject, source, addedAt };
      const at = pathOf({ purpose, set });
      writeDurably(join(at, `${entry.sha256}.pem`), pemOf('CERTIFICATE', certificate.der));
      writeManifest(at, [...readManifest(at), entry]);
      return { anchor: { ...entry, purpose, set }, isNew: true };
    },
    remove(filter) {
      const removed = listIn(folder, filter);
      for (const anchor of removed) {
        const at = pathOf(anchor);
        writeManifest(at, readManifest(at).filter(({ sha256 }) => sha256 !== anchor.sha256));
        rmSync(join(at, `${anchor.sha256}.pem`), { force: true });
      }
      return removed;
    },
    lists: () => listNames(folder).map((set) => readKeptList(folder, set)),
    listOf(set) {
      checkSet(set);
      return listNames(folder).includes(set) ? readKeptList(folder, set) : null;
    },
    keepList: (list) => writeKeptList(folder, list),
    removeList: (set) => removeKeptList(folder, set),
  };
}

function listIn(folder: string, { sha256, purpose, set }: AnchorFilter): KeptAnchor[] {
  const purposes = TRUST_PURPOSES.filter((one) => purpose === undefined || one === purpose);
  return purposes.flatMap((one) =>
    setsIn(join(folder, one))
      .filter((name) => set === undefined || name === set)
      .flatMap((name) => readManifest(join(folder, one, name)).map((entry): KeptAnchor => ({ ...entry, purpose: one, set: name })))
      .filter((anchor) => sha256 === undefined || anchor.sha256 === sha256),
  );
}

function setsIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory() && SET_NAME.test(entry.name)).map(({ name }) => name).sort();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new GatewayError('STORAGE_FAILED', `The trust anchors in ${folder} cannot be read`, { cause });
  }
}

function anchorsOfList({ set, anchors }: KeptList, purpose: TrustPurpose): TrustAnchor[] {
  return anchors
    .filter((anchor) => anchor.purpose === purpose)
    .map(({ certificate, windows, direct }) => ({ set, certificateDer: new Uint8Array(Buffer.from(certificate, 'base64')), windows, direct }));
}

/** Changes with every change of a manifest: they are replaced, never written into. */
function stampOf(folder: string): string {
  return setsIn(folder).map((name) => stampOfFile(join(folder, name, 'manifest.json'))).join('\n');
}

function stampOfLists(folder: string): string {
  return listNames(folder).map((set) => stampOfFile(pathOfList(folder, set))).join('\n');
}

function stampOfFile(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return `${path} ${stat?.ino ?? 0} ${stat?.mtimeNs ?? 0} ${stat?.size ?? 0}`;
}

function readListed(folder: string, sha256: string): Uint8Array {
  const path = join(folder, `${sha256}.pem`);
  try {
    const [certificate] = readCertificates(readFileSync(path));
    if (certificate?.sha256Hex === sha256) return certificate.der;
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `${path} is listed as trusted and cannot be read: remove it with "lienthong trust remove ${sha256}" and add it again`, { cause });
  }
  throw new GatewayError('CONFIG_INVALID', `${path} is not the certificate that was added under this name: find out who changed it before you trust anything here`);
}

const SET_NAME = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

function checkSet(set: string): void {
  if (!SET_NAME.test(set)) throw new GatewayError('REQUEST_INVALID', `Not a name for a set: ${set.slice(0, 100)}; use lower-case letters, digits and hyphens, such as neac or official-use`);
}

/** A signer's certificate among the anchors would vouch for itself. */
function checkAnchor(certificate: Certificate): void {
  const isCa = certificate.basicConstraints === null ? certificate.version === 1 && isSelfIssued(certificate) : certificate.basicConstraints.ca;
  if (!isCa) throw new GatewayError('CERTIFICATE_USAGE', `“${certificate.subject}” is not the certificate of a certification authority: only those are trust anchors`);
}
