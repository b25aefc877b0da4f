import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { createHash, sign, verify, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { createDevPki, type DevPki } from '../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, type DevIdentity, type DevKeyKind } from '../certs/dev/identity.ts';
import { OFFICER_NAME } from '../certs/dev/names.ts';
import { createFileSigner } from '../connectors/key-file/index.ts';
import { bytesSource } from '../src/formats/byte-source.ts';
import type { SigningPorts } from '../src/usecases/sign-digest.ts';
import { signDocument } from '../src/usecases/sign-document.ts';
import { systemChance } from '../src/wiring/chance.ts';
import { systemClock } from '../src/wiring/clock.ts';
import { inFolder, inOwnProcess } from './large-file.ts';
import { longTermLevels } from './long-term.ts';
import { compare, type Bench, type CaseResult, type Operation } from './measure.ts';
import { opensslSignsPerSecond } from './openssl-speed.ts';
import { formPdfOf, samplePdfOf, writeSampleFile } from './samples.ts';
import { signThroughHttp } from './sign-http.ts';
import { signBesidePeers } from './sign-peers.ts';

const KB = 1_000;
const MB = 1_000_000;

/**
 * PAdES B-B, invisible, beside the bare operations that no signer can do without: one digest of the document, one signature over the
 * attributes, one verification of it before it is released.
 */
export const signBench: Bench = {
  name: 'sign',
  run: async () => {
    const pki = await createDevPki({ now: new Date() });
    return { ...(await keys(pki)), ...(await sizes(pki)), ...(await form(pki)), ...(await longTermLevels()), ...(await signThroughHttp()), ...(await signBesidePeers()), ...(await largeFile()) };
  },
};

async function keys(pki: DevPki): Promise<Record<string, CaseResult>> {
  const pdf = samplePdfOf(100 * KB);
  const rsa3072 = await issue(pki, 'rsa-3072');
  const results: Record<string, CaseResult> = {};
  for (const [name, identity, speed] of [['rsa2048', pki.officer, 'rsa2048'], ['rsa3072', rsa3072, 'rsa3072'], ['ecdsa-p256', pki.seal, null]] as const) {
    const result = await besideBare(identity, pdf);
    const theirs = speed === null ? undefined : opensslSignsPerSecond(speed);
    results[`pades-bb-100kb-${name}`] = { ...result, ...(theirs !== undefined && { ratioToOpenssl: result.opsPerSecond / theirs }) };
  }
  return results;
}

async function sizes(pki: DevPki): Promise<Record<string, CaseResult>> {
  const results: Record<string, CaseResult> = {};
  for (const [label, sizeBytes] of [['1mb', MB], ['10mb', 10 * MB], ['100mb', 100 * MB]] as const) results[`pades-bb-${label}-rsa2048`] = await besideBare(pki.officer, samplePdfOf(sizeBytes));
  return results;
}

async function form(pki: DevPki): Promise<Record<string, CaseResult>> {
  return { 'pades-bb-400-pages-2000-fields-rsa2048': await besideBare(pki.officer, formPdfOf(400, 5)) };
}

function issue(pki: DevPki, key: DevKeyKind): Promise<DevIdentity> {
  const now = Date.now();
  return pki.issuing.issue({ name: key, subject: OFFICER_NAME, profile: 'signer', key, notBefore: new Date(now - 86_400_000), notAfter: new Date(now + 86_400_000) });
}

async function besideBare(identity: DevIdentity, pdf: Buffer): Promise<CaseResult> {
  const { whole, bare } = await compare({ whole: signing(identity, pdf), bare: bareOperations(identity, pdf) });
  return { ...whole, ratioToPrimitives: bare.cpuPerOpMs / whole.cpuPerOpMs, ownCpuMs: whole.cpuPerOpMs - bare.cpuPerOpMs, peers: { 'bare-operations': bare } };
}

function signing(identity: DevIdentity, pdf: Uint8Array): Operation {
  const { name, privateKey, chainDer, scheme } = identity;
  const signer = createFileSigner({ keyId: name, privateKeyPkcs8Der: privateKeyDerOf(privateKey), chainDer, scheme });
  const ports: SigningPorts = { signer, timestampAuthorities: [], clock: systemClock, chance: systemChance(systemClock) };
  return () => signDocument(ports, { source: bytesSource(pdf), level: 'B-B' });
}

/** Of a few hundred bytes, as the signed attributes are. */
const ATTRIBUTES = Buffer.alloc(250, 0x31);

function bareOperations({ certificateDer, privateKey }: DevIdentity, pdf: Uint8Array): Operation {
  const { publicKey } = new X509Certificate(certificateDer);
  return async () => {
    const digest = createHash('sha256').update(pdf).digest();
    const signature = await signAsync(Buffer.concat([ATTRIBUTES, digest]), privateKey);
    return verify('sha256', Buffer.concat([ATTRIBUTES, digest]), publicKey, signature);
  };
}

/** In the thread pool, as the signer does it, so that the event loop is free meanwhile. */
const signAsync = (data: Uint8Array, key: DevIdentity['privateKey']): Promise<Buffer> =>
  new Promise((resolve, reject) => sign('sha256', data, key, (error, signature) => (error === null ? resolve(signature) : reject(error))));

/** Against `cp` and `sha256sum` of the same file, which together read and write it as a signer must. */
async function largeFile(): Promise<Record<string, CaseResult>> {
  return inFolder(async (folder) => {
    const path = join(folder, 'large.pdf');
    writeSampleFile(path, 500 * MB);
    const start = performance.now();
    copyFileSync(path, join(folder, 'copy.pdf'));
    spawnSync('sha256sum', [join(folder, 'copy.pdf')], { stdio: 'ignore' });
    const copyMs = performance.now() - start;
    const { elapsedMs, cpuMs, peakRssMb } = await inOwnProcess('sign', path);
    return { 'pades-bb-500mb-file': { opsPerSecond: 1_000 / elapsedMs, cpuPerOpMs: cpuMs, peakRssMb, peers: { 'cp-and-sha256sum': { opsPerSecond: 1_000 / copyMs } } } };
  });
}
