import { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import type { PartnerId } from '../domain/ids.ts';
import { readCertificate } from '../formats/x509/certificate.ts';
import { pemOf } from '../formats/x509/pem.ts';
import { MOST_PIN_FAILURES } from '../ports/pin-guard.ts';
import { changeKeySecret, disableKey, grantKey, removeKey, resetPinGuard, revokeKeyGrant } from '../usecases/administer-keys.ts';
import { cscSecretsBytes, openCscSecrets } from '../wiring/key-secrets.ts';
import { keyCommand, parseKeyId, tellDone, type KeyCommandOptions } from './key-command.ts';
import { addKeyCommand } from './keys-add.ts';
import { testKeyCommand } from './keys-test.ts';
import { printJson, printLine, printTable } from './output.ts';
import { readSecret } from './secrets.ts';
import { withStore } from './with-store.ts';

/** Keys that the gateway signs with, wherever they live: secrets sealed at rest, used only by systems they are granted to. */
export function keysCommand(): Command {
  return new Command('keys')
    .description('keys that the gateway signs with')
    .addCommand(addKeyCommand())
    .addCommand(keyCommand('list', 'all keys, where they are, who may use them, and how often they were used').action(list))
    .addCommand(testKeyCommand())
    .addCommand(keyCommand('certificate', 'the certificate of a key and its issuers as PEM, such as the anchor of an exchange key that the gateway made itself').argument('<id>').action(certificate))
    .addCommand(keyCommand('grant', 'let a system use a key').argument('<id>').argument('<partner>').action(grant))
    .addCommand(keyCommand('revoke', 'take a grant back').argument('<id>').argument('<partner>').action(revoke))
    .addCommand(keyCommand('disable', 'let nobody use a key any more').argument('<id>').action(disable))
    .addCommand(keyCommand('remove', 'disable a key, take back its grants and forget its secrets').argument('<id>').action(remove))
    .addCommand(
      keyCommand('change-secret', 'a new PIN, token or client secret for a key in a device or at a service; counts at once, without a restart')
        .argument('<id>')
        .option('--pin-file <file>', 'the PIN; - for standard input')
        .option('--access-file <file>', 'the service’s token or client secret')
        .action(changeSecret),
    )
    .addCommand(
      keyCommand('pin-guard', `PINs that were refused: after ${MOST_PIN_FAILURES} no process tries again, since devices lock themselves for ever`)
        .argument('[name]', 'device or credential, as the list names it')
        .option('--reset', 'the PIN is right now: let processes try again')
        .action(pinGuard),
    );
}

async function list(options: KeyCommandOptions): Promise<void> {
  const keys = await withStore(options, async ({ records }) => {
    const all = await records.keys.list();
    return Promise.all(all.map(async (key) => ({ key, grants: await records.keys.grants(key.id), uses: await records.keys.uses(key.id) })));
  });
  const rows = keys.map(({ key, grants, uses }) => ({ keyId: key.id, kind: key.place.kind, purpose: key.purpose, scheme: key.scheme, notAfter: key.notAfter.toISOString(), disabled: key.disabledAt !== null, subject: readCertificate(key.chainDer[0]).subject, grants, uses }));
  if (options.json === true) return printJson(rows);
  printTable(
    ['ID', 'KIND', 'PURPOSE', 'SCHEME', 'UNTIL', 'STATE', 'SIGNED', 'FAILED', 'UNKNOWN', 'GRANTED TO', 'SUBJECT'],
    rows.map(({ uses, ...row }) => [row.keyId, row.kind, row.purpose, row.scheme, row.notAfter.slice(0, 10), row.disabled ? 'disabled' : 'in use', String(uses.signed), String(uses.failed), String(uses.unknown), row.grants.join(' ') || '–', row.subject]),
  );
}

async function certificate(id: string, options: KeyCommandOptions): Promise<void> {
  const key = await withStore(options, ({ records }) => records.keys.find(parseKeyId(id)));
  if (key === null) throw new GatewayError('KEY_NOT_FOUND', `There is no key named ${id}`);
  const pem = key.chainDer.map((der) => pemOf('CERTIFICATE', der)).join('');
  if (options.json === true) return printJson({ keyId: id, purpose: key.purpose, certificateSha256: key.certificateSha256, pem });
  process.stdout.write(pem);
}

async function grant(id: string, partner: string, options: KeyCommandOptions): Promise<void> {
  await withStore(options, (ports) => grantKey(ports, ports.actor, partner as PartnerId, parseKeyId(id)));
  if (options.json === true) return printJson({ keyId: id, partnerId: partner, granted: true });
  tellDone(`${partner} may sign with ${id}`);
}

async function revoke(id: string, partner: string, options: KeyCommandOptions): Promise<void> {
  const revoked = await withStore(options, (ports) => revokeKeyGrant(ports, ports.actor, partner as PartnerId, parseKeyId(id)));
  if (options.json === true) return printJson({ keyId: id, partnerId: partner, revoked });
  tellDone(revoked ? `${partner} may not sign with ${id} any more` : `${partner} had no grant for ${id}`);
}

async function disable(id: string, options: KeyCommandOptions): Promise<void> {
  await withStore(options, (ports) => disableKey(ports, ports.actor, parseKeyId(id)));
  if (options.json === true) return printJson({ keyId: id, disabled: true });
  tellDone(`${id} is disabled`);
}

async function remove(id: string, options: KeyCommandOptions): Promise<void> {
  await withStore(options, (ports) => removeKey(ports, ports.actor, parseKeyId(id)));
  if (options.json === true) return printJson({ keyId: id, removed: true });
  tellDone(`${id} is removed: its secrets are gone, the record of what it signed stays`);
}

async function changeSecret(id: string, options: KeyCommandOptions & { readonly pinFile?: string; readonly accessFile?: string }): Promise<void> {
  await withStore(options, async (store) => {
    const keyId = parseKeyId(id);
    const key = await store.records.keys.find(keyId);
    if (key === null) throw new GatewayError('KEY_NOT_FOUND', `There is no key named ${id}`);
    const read = (file: string | undefined, what: string, option: string) => readSecret({ file }, { what, options: `${option} FILE (or - for standard input)` }, {});
    if (key.place.kind !== 'csc') return changeKeySecret(store, store.actor, keyId, new TextEncoder().encode(await read(options.pinFile, 'PIN', '--pin-file')));
    const before = await openCscSecrets(store, keyId);
    const access = options.accessFile === undefined ? before.access : await read(options.accessFile, 'token or client secret', '--access-file');
    const pin = options.accessFile !== undefined && options.pinFile === undefined ? before.pin : await read(options.pinFile, 'PIN', '--pin-file');
    return changeKeySecret(store, store.actor, keyId, cscSecretsBytes({ access, pin }));
  });
  if (options.json === true) return printJson({ keyId: id, changed: true });
  tellDone(`${id} has a new secret; try it: lienthong keys test ${id}`);
}

async function pinGuard(name: string | undefined, options: KeyCommandOptions & { readonly reset?: boolean }): Promise<void> {
  if (options.reset === true) {
    if (name === undefined) throw new GatewayError('REQUEST_INVALID', 'Say which: lienthong keys pin-guard NAME --reset');
    const reset = await withStore(options, (store) => resetPinGuard(store, store.actor, name));
    if (options.json === true) return printJson({ name, reset });
    return tellDone(reset ? `${name} may be tried again` : `${name} had no refused PIN`);
  }
  const all = await withStore(options, (store) => store.pinGuard.failures());
  const rows = all.filter(({ token }) => name === undefined || token === name).map(({ token, failures, lastAttemptAt }) => ({ name: token, failures, stopped: failures >= MOST_PIN_FAILURES, lastAttemptAt: lastAttemptAt.toISOString() }));
  if (options.json === true) return printJson(rows);
  if (rows.length === 0) return printLine('No PIN was refused.');
  printTable(['NAME', 'REFUSED', 'STATE', 'LAST TRY'], rows.map((row) => [row.name, String(row.failures), row.stopped ? 'stopped' : 'in use', row.lastAttemptAt]));
  printLine(`When the PIN is right again: lienthong keys pin-guard "${rows[0]?.name ?? 'NAME'}" --reset`);
}
