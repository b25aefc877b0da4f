import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestIdentity } from './certificates.ts';

const MODULES = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so', '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so', '/usr/local/lib/softhsm/libsofthsm2.so'];

/** A SoftHSM2 of the suite's own, with one token. */
export interface SoftHsm {
  readonly modulePath: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly label: string;
  readonly pin: string;
  /** Path of the file that holds the PIN. */
  readonly pinFile: string;
  /** `pkcs11:` with this token, the given key, module and PIN file. */
  uri(key: string): string;
  /** Puts a key and its certificate on the token, under a one-byte CKA_ID. */
  add(identity: TestIdentity, label: string, idHex: string): void;
  addCertificate(certificateDer: Uint8Array, label: string, idHex: string): void;
  /** Runs OpenSC's pkcs11-tool on the token, logged in. */
  tool(...args: readonly string[]): string;
  remove(): void;
}

export function softHsm(label = 'lienthong-thu'): SoftHsm {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-softhsm-'));
  const modulePath = MODULES.find((path) => existsSync(path));
  if (modulePath === undefined) throw new Error('libsofthsm2.so is in none of the usual places');
  const pin = String(randomInt(10_000_000, 99_999_999));
  const pinFile = join(folder, 'pin');
  const environment = { SOFTHSM2_CONF: join(folder, 'softhsm2.conf') };
  mkdirSync(join(folder, 'tokens'));
  writeFileSync(environment.SOFTHSM2_CONF, `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  writeFileSync(pinFile, `${pin}\n`, { mode: 0o600 });
  const run = (program: string, ...args: readonly string[]): string =>
    execFileSync(program, [...args], { env: { ...process.env, ...environment }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const tool = (...args: readonly string[]): string => run('pkcs11-tool', '--module', modulePath, '--token-label', label, '--login', '--pin', pin, ...args);
  const addCertificate = (certificateDer: Uint8Array, name: string, idHex: string): void => {
    const path = join(folder, 'certificate.der');
    writeFileSync(path, certificateDer);
    tool('--write-object', path, '--type', 'cert', '--id', idHex, '--label', name);
  };
  run('softhsm2-util', '--init-token', '--free', '--label', label, '--so-pin', '00000000', '--pin', pin);
  return {
    modulePath,
    environment,
    folder,
    label,
    pin,
    pinFile,
    uri: (key) => `pkcs11:token=${encodeURIComponent(label)};${key}?module-path=${modulePath}&pin-source=file:${pinFile}`,
    add(identity, name, idHex) {
      const path = join(folder, 'key.pem');
      writeFileSync(path, identity.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
      run('softhsm2-util', '--import', path, '--token', label, '--pin', pin, '--label', name, '--id', idHex);
      rmSync(path);
      addCertificate(identity.certificateDer, name, idHex);
    },
    addCertificate,
    tool,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
