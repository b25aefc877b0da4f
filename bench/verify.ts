import { webcrypto, createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as pkijs from 'pkijs';
import { loadPolicy } from '../certs/policy/load-policy.ts';
import type { ValidationReport } from '../src/domain/validation-report.ts';
import { readMaterial } from '../src/formats/ades/context.ts';
import { validationPolicy } from '../src/formats/ades/policy.ts';
import { bytesSource } from '../src/formats/byte-source.ts';
import { readPem } from '../src/formats/x509/pem.ts';
import { isolatedDocumentJudge } from '../src/isolation/isolated-documents.ts';
import { verifyDocument, type VerifyPorts } from '../src/usecases/verify-document.ts';
import { openIsolation } from '../src/wiring/isolation.ts';
import { createNotary, type Notary } from '../test/conformance/mutants/notary.ts';
import { testIdentity, type TestIdentity } from '../test/support/certificates.ts';
import { frozenClock } from '../test/support/clock.ts';
import { pastCa, pastCrl, pastTsa, signPast, stampPast, withStore } from '../test/support/past-pki.ts';
import { vectorPath } from '../test/support/vectors.ts';
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
    return { ...(await besidePkijs(notary)), ...(await throughWorkers(notary)), ...(await longTerm()), ...(await manySignatures(notary)), ...(await sizes(notary)), ...(await largeFile()) };
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

/** As over HTTP: judged by a worker that reads the file, one document after the other; what the way there and back costs is the difference. */
function throughWorkers(notary: Notary): Promise<Record<string, CaseResult>> {
  return inFolder(async (folder) => {
    const signed = await notary.sign(samplePdfOf(100 * KB));
    const path = join(folder, 'signed.pdf');
    writeFileSync(path, signed);
    const isolation = openIsolation();
    try {
      const judge = isolatedDocumentJudge(isolation, { path, detachedPath: null, password: null }, { deadlineMs: 30_000 });
      if ((await notary.verifyWith(judge)).result !== 'TOTAL-PASSED') throw new Error('the workers do not accept the sample');
      const { workers, here } = await compare({ workers: () => notary.verifyWith(judge), here: () => notary.verify(signed) });
      return { 'pades-bb-100kb-through-workers': { ...workers, peers: { 'in-process': here } } };
    } finally {
      await isolation.close();
    }
  });
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

/**
 * B-LTA judged years later, when signer and authority have ended: signature, two time-stamps, three chains, each with its CRL; and the same
 * level as pyHanko makes it, whose files lack the revocation information of their authorities and so stay open.
 */
async function longTerm(): Promise<Record<string, CaseResult>> {
  const own = await ownLongTerm();
  if ((await own()).result !== 'TOTAL-PASSED') throw new Error('the long-term sample does not pass');
  const foreign = foreignLongTerm();
  const { ours, pyhanko } = await compare({ ours: own, pyhanko: foreign });
  return { 'pades-blta-100kb-years-later': ours, 'pades-blta-pyhanko-48kb': pyhanko };
}

async function ownLongTerm(): Promise<() => Promise<ValidationReport>> {
  const day = (text: string): Date => new Date(`${text}T00:00:00Z`);
  const root = pastCa('Gốc', day('2015-01-01'), day('2045-01-01'));
  const issuing = pastCa('Cấp chứng thư', day('2016-01-01'), day('2024-01-01'), root);
  const identity = testIdentity({ issuer: issuing, notBefore: day('2019-01-01'), notAfter: day('2021-01-01') });
  const tsa = pastTsa(root, 'Dấu thời gian', day('2019-01-01'), day('2040-01-01'));
  const crlOf = (issuer: TestIdentity, from: string, to: string): Uint8Array => pastCrl(issuer, day(from), day(to));
  const signed = await signPast(samplePdfOf(100 * KB), { identity, chainDer: [issuing.certificateDer], signingTime: day('2020-03-01'), stamp: { tsa, at: day('2020-03-01') } });
  const stored = withStore(signed, [issuing.certificateDer, root.certificateDer], [crlOf(root, '2020-03-02', '2020-06-01'), crlOf(issuing, '2020-03-02', '2020-06-01')]);
  const pdf = await stampPast(stored, tsa, day('2020-03-03'));
  const revocation = readMaterial('given', [crlOf(root, '2026-05-25', '2026-09-01')], []);
  return () => verifyDocument(portsOf(root.certificateDer, day('2026-06-01')), { file: 'a.pdf', source: bytesSource(pdf), policy: POLICY, revocation });
}

function foreignLongTerm(): Operation {
  const pdf = readFileSync(vectorPath('pyhanko-generated', 'd7c54c1df8c13ba6.pdf'));
  const root = readPem(readFileSync(vectorPath('pyhanko', 'crypto/testing-ca/root/root.cert.pem')))[0]?.der ?? new Uint8Array();
  return () => verifyDocument(portsOf(root, new Date('2020-11-01T00:00:00Z')), { file: 'a.pdf', source: bytesSource(pdf), policy: POLICY });
}

const POLICY = validationPolicy(loadPolicy('default'));

function portsOf(certificateDer: Uint8Array, now: Date): VerifyPorts {
  return { trustStore: { anchors: () => Promise.resolve([{ certificateDer, set: 'bench' }]) }, clock: frozenClock(now) };
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
