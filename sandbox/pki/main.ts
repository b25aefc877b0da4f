import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createDevPki, DEFAULT_DEV_PKI_URL, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { readDevPki, saveDevPkiState, writeDevPki } from '../../certs/dev/write-dev-pki.ts';
import { runUntilSignal } from '../listen.ts';
import { startSandboxPki } from './start.ts';

const HELP = `Throw-away PKI as a server: TSA, OCSP responder, CRLs.

  --dir DIR    folder of the PKI (lienthong dev-pki DIR); made there when it is empty; in memory when left out
  --port N     port to listen on (default 8318; a PKI's certificates carry the address it was made for)
  --host HOST  address to listen on (default 127.0.0.1)
`;

const { values } = parseArgs({
  options: { dir: { type: 'string' }, port: { type: 'string', default: new URL(DEFAULT_DEV_PKI_URL).port }, host: { type: 'string', default: '127.0.0.1' }, help: { type: 'boolean', default: false } },
});

if (values.help) process.stdout.write(HELP);
else await run(values.dir, Number(values.port), values.host);

async function run(dir: string | undefined, port: number, host: string): Promise<void> {
  const server = await startSandboxPki({
    port,
    host,
    pki: (baseUrl) => pkiAt(dir, baseUrl),
    onChange: async (pki) => (dir === undefined ? undefined : saveDevPkiState(pki, dir)),
  });
  const { baseUrl } = server.pki;
  if (baseUrl !== server.url) process.stderr.write(`The certificates in ${dir ?? 'memory'} point at ${baseUrl ?? 'no address'}, not at ${server.url}\n`);
  runUntilSignal('pki', server);
}

async function pkiAt(dir: string | undefined, baseUrl: string): Promise<DevPki> {
  if (dir !== undefined && existsSync(join(dir, 'authorities'))) return readDevPki(dir, randomBytes);
  const pki = await createDevPki({ now: new Date(), baseUrl });
  if (dir !== undefined) await writeDevPki(pki, dir);
  return pki;
}
