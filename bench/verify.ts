import { webcrypto, createHash } from 'node:crypto';
import { join } from 'node:path';
import * as pkijs from 'pkijs';
import { createNotary, type Notary } from '../test/conformance/mutants/notary.ts';
import { inFolder, inOwnProcess } from './large-file.ts';
import { compare, type Bench, type CaseResult, type Operation } from './measure.ts';
import { samplePdfOf, writeSampleFile } from './samples.ts';

const KB = 1_000;
const MB = 1_000_000;

/**
 * Verification in this process, trust and revocation at hand, caches warm; `sha256` among the peers is one digest of the same bytes, which
 * no verifier can do without. The 500 MB document is read from its file in a process of its own.
 */
export const verifyBench: Bench = {
  name: 'verify',
  run: async () => {
    const notary = await createNotary();
    return { ...(await besidePkijs(notary)), ...(await manySignatures(notary)), ...(await sizes(notary)), ...(await largeFile()) };
  },
};

/** pkijs checks the value of the CMS alone: neither certificate path nor revocation nor the PDF. */
async function besidePkijs(notary: Notary): Promise<Record<string, CaseResult>> {
  const signed = await notary.sign(samplePdfOf(100 * KB));
  const theirs = pkijsVerify(signed);
  await checkSound(notary, signed);
  if (!(await theirs())) throw new Error('pkijs does not accept the signature');
  const { ours, pkijs, sha256 } = await compare({ ours: () => notary.verify(signed), pkijs: theirs, sha256: sha256Of(signed) });
  return { 'pades-bb-100kb-rsa2048': { ...ours, peers: { 'pkijs-cms': pkijs, sha256 } } };
}

function pkijsVerify(signed: Buffer): () => Promise<boolean> {
  const engine = new pkijs.CryptoEngine({ name: 'node', crypto: webcrypto });
  const range = /\/ByteRange \[0 (\d+) (\d+) (\d+)\]/.exec(signed.toString('latin1'));
  const [gapStart, gapEnd, rest] = [Number(range?.[1]), Number(range?.[2]), Number(range?.[3])];
  const contents = Buffer.from(signed.toString('latin1', gapStart + 1, gapEnd - 1).replace(/(?:00)+$/, ''), 'hex');
  return async () => {
    const content = Buffer.concat([signed.subarray(0, gapStart), signed.subarray(gapEnd, gapEnd + rest)]);
    const info = pkijs.ContentInfo.fromBER(contents);
    const data = new pkijs.SignedData({ schema: info.content });
    return data.verify({ signer: 0, data: Uint8Array.from(content).buffer }, engine);
  };
}

const sha256Of = (bytes: Buffer): Operation => () => createHash('sha256').update(bytes).digest();

async function manySignatures(notary: Notary): Promise<Record<string, CaseResult>> {
  const one = await notary.sign(samplePdfOf(100 * KB));
  let fifty = one;
  for (let i = 1; i < 50; i++) fifty = await notary.sign(fifty);
  await checkSound(notary, fifty);
  const speeds = await compare({ one: () => notary.verify(one), fifty: () => notary.verify(fifty) });
  return { 'pades-bb-100kb-50-signatures': { ...speeds.fifty, peers: { 'one-signature': speeds.one } } };
}

async function sizes(notary: Notary): Promise<Record<string, CaseResult>> {
  const results: Record<string, CaseResult> = {};
  for (const [label, sizeBytes] of [['0.1mb', 0.1 * MB], ['1mb', MB], ['10mb', 10 * MB], ['100mb', 100 * MB]] as const) {
    const signed = await notary.sign(samplePdfOf(sizeBytes));
    await checkSound(notary, signed);
    const { ours, sha256 } = await compare({ ours: () => notary.verify(signed), sha256: sha256Of(signed) });
    results[`pades-bb-${label}`] = { ...ours, ratioToPrimitives: sha256.cpuPerOpMs / ours.cpuPerOpMs, peers: { sha256 } };
  }
  return results;
}

async function largeFile(): Promise<Record<string, CaseResult>> {
  return inFolder(async (folder) => {
    const path = join(folder, 'large.pdf');
    writeSampleFile(path, 500 * MB);
    const { elapsedMs, cpuMs, peakRssMb, result } = await inOwnProcess('verify', path);
    if (result !== 'TOTAL-PASSED') throw new Error(`the large document is ${result}`);
    return { 'pades-bb-500mb-file': { opsPerSecond: 1_000 / elapsedMs, cpuPerOpMs: cpuMs, peakRssMb } };
  });
}

async function checkSound(notary: Notary, signed: Uint8Array): Promise<void> {
  const { result } = await notary.verify(signed);
  if (result !== 'TOTAL-PASSED') throw new Error(`the sample is ${result}`);
}
