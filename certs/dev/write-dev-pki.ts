import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { GatewayError } from '../../src/domain/errors.ts';
import { CRL_REASON, type CrlReason } from '../../src/formats/crl/build-crl.ts';
import { readPkcs12 } from '../../src/formats/pkcs12/read-pkcs12.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import { createPrivateKey } from 'node:crypto';
import { devAuthority, type DevAuthority } from './authority.ts';
import { urlsOf, type DevPki } from './create-dev-pki.ts';
import { pkcs12Of, schemeOf, type DevIdentity } from './identity.ts';
import { README } from './readme.ts';

/** Folders inside the PKI's folder. */
const FOLDER = { trust: 'trust', certificates: 'certificates', keys: 'keys', authorities: 'authorities' } as const;
const STATE_FILE = join(FOLDER.authorities, 'state.json');

export interface DevPkiFiles {
  /** Absolute or relative as `dir` was. */
  readonly trustDir: string;
  /** Per identity name. */
  readonly p12: Readonly<Record<'officer' | 'seal', string>>;
  readonly passphrase: Readonly<Record<'officer' | 'seal', string>>;
}

/**
 * Writes the PKI: anchors in `trust/`, all certificates in `certificates/`, keys to sign with in `keys/`, the keys of the authorities
 * in `authorities/`; every key as PKCS#12 (AES-256) with its random passphrase beside it, both 0600. Refuses to replace another PKI.
 * @throws FILE_NOT_READABLE when the folder holds a PKI already or cannot be written
 */
export async function writeDevPki(pki: DevPki, dir: string): Promise<DevPkiFiles> {
  await makeFolders(dir);
  for (const identity of [pki.officer, pki.seal]) await writeIdentity(pki, join(dir, FOLDER.keys), identity);
  for (const identity of authorityIdentities(pki)) await writeIdentity(pki, join(dir, FOLDER.authorities), identity);
  for (const { name, certificateDer } of [pki.officer, pki.seal, ...authorityIdentities(pki)]) {
    await writeFile(join(dir, FOLDER.certificates, `${name}.pem`), pemOf('CERTIFICATE', certificateDer));
  }
  await writeFile(join(dir, FOLDER.trust, 'root.pem'), pemOf('CERTIFICATE', pki.root.identity.certificateDer));
  await writeFile(join(dir, 'README.md'), README);
  await saveDevPkiState(pki, dir);
  return filesOf(dir);
}

/** Writes what changes while a PKI is used: numbers issued, certificates revoked. */
export async function saveDevPkiState(pki: DevPki, dir: string): Promise<void> {
  const of = ({ issuedSerials, revocations }: DevAuthority): z.input<typeof authorityState> => ({
    issuedSerials: [...issuedSerials],
    revocations: revocations.map(({ serialHex, at, reason }) => ({ serialHex, at: at.toISOString(), reason })),
  });
  const state: z.input<typeof pkiState> = { version: 1, baseUrl: pki.baseUrl, root: of(pki.root), issuing: of(pki.issuing) };
  await writeFile(join(dir, STATE_FILE), `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
}

/** Reads back what `writeDevPki` wrote. @throws FILE_NOT_READABLE when the folder holds no such PKI; P12_* when a key file was changed */
export async function readDevPki(dir: string, randomBytes: (count: number) => Uint8Array): Promise<DevPki> {
  const state = await readState(dir);
  const read = (folder: string, name: string): Promise<DevIdentity> => readIdentity(join(dir, folder), name);
  const [root, issuing, officer, seal, tsa, ocsp] = await Promise.all([
    read(FOLDER.authorities, 'root'),
    read(FOLDER.authorities, 'issuing'),
    read(FOLDER.keys, 'officer'),
    read(FOLDER.keys, 'seal'),
    read(FOLDER.authorities, 'tsa'),
    read(FOLDER.authorities, 'ocsp'),
  ]);
  const { baseUrl } = state;
  return {
    root: devAuthority(root, { urls: urlsOf(baseUrl, 'root'), randomBytes, ...state.root }),
    issuing: devAuthority(issuing, { urls: urlsOf(baseUrl, 'issuing'), randomBytes, ...state.issuing }),
    officer,
    seal,
    tsa,
    ocsp,
    baseUrl,
    randomBytes,
  };
}

const authorityState = z.object({
  issuedSerials: z.array(z.string()),
  revocations: z.array(
    z.object({
      serialHex: z.string(),
      at: z.iso.datetime().transform((at) => new Date(at)),
      reason: z.enum(Object.keys(CRL_REASON) as [CrlReason, ...CrlReason[]]),
    }),
  ),
});
const pkiState = z.object({ version: z.literal(1), baseUrl: z.url().nullable(), root: authorityState, issuing: authorityState });

async function readState(dir: string): Promise<z.output<typeof pkiState>> {
  try {
    return pkiState.parse(JSON.parse(await readFile(join(dir, STATE_FILE), 'utf8')));
  } catch (cause) {
    throw new GatewayError('FILE_NOT_READABLE', `${dir} holds no throw-away PKI: make one with "lienthong dev-pki ${dir}"`, { cause });
  }
}

async function makeFolders(dir: string): Promise<void> {
  for (const folder of [FOLDER.trust, FOLDER.certificates]) await mkdir(join(dir, folder), { recursive: true });
  for (const folder of [FOLDER.keys, FOLDER.authorities]) await mkdir(join(dir, folder), { recursive: true, mode: 0o700 });
}

function authorityIdentities(pki: DevPki): DevIdentity[] {
  return [pki.root.identity, pki.issuing.identity, pki.tsa, pki.ocsp];
}

/** `wx`: a key that is there already is never replaced, since what it signed would lose its owner. */
async function writeIdentity(pki: DevPki, folder: string, identity: DevIdentity): Promise<void> {
  const passphrase = Buffer.from(pki.randomBytes(18)).toString('base64url');
  const p12 = await pkcs12Of(identity, passphrase, pki.randomBytes);
  try {
    await writeFile(join(folder, `${identity.name}.p12`), p12, { mode: 0o600, flag: 'wx' });
    await writeFile(join(folder, `${identity.name}.passphrase`), `${passphrase}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new GatewayError('FILE_NOT_READABLE', `${folder} holds keys already or cannot be written: choose an empty folder`, { cause });
  }
}

async function readIdentity(folder: string, name: string): Promise<DevIdentity> {
  const passphrase = (await readFile(join(folder, `${name}.passphrase`), 'utf8')).trimEnd();
  const { privateKeyPkcs8Der, chainDer } = await readPkcs12(await readFile(join(folder, `${name}.p12`)), passphrase);
  const privateKey = createPrivateKey({ key: Buffer.from(privateKeyPkcs8Der), format: 'der', type: 'pkcs8' });
  return { name, certificateDer: chainDer[0], chainDer, privateKey, scheme: schemeOf(privateKey) };
}

function filesOf(dir: string): DevPkiFiles {
  const file = (name: string): string => join(dir, FOLDER.keys, name);
  return {
    trustDir: join(dir, FOLDER.trust),
    p12: { officer: file('officer.p12'), seal: file('seal.p12') },
    passphrase: { officer: file('officer.passphrase'), seal: file('seal.passphrase') },
  };
}
