import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadPolicy } from '../../../certs/policy/load-policy.ts';
import { validationPolicy } from '../../../src/formats/ades/policy.ts';
import { bytesSource } from '../../../src/formats/byte-source.ts';
import { readVerifierKey } from '../../../src/formats/transparency-log/signed-note.ts';
import { verifyEvidence } from '../../../src/usecases/verify-evidence.ts';
import { systemClock } from '../../../src/wiring/clock.ts';
import { random } from '../../simulation/random.ts';
import { makeEvidenceSamples, type EvidenceSamples } from '../../support/evidence-samples.ts';
import { PROJECT_ROOT, vectorPath } from '../../support/vectors.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite, type SuiteResult } from '../suite.ts';
import { tamperedContainers } from './tampered.ts';

/** Good and tampered containers: what we say, a script of another language says, and unzip and openssl say by hand. */
export const suite: Suite = { name: 'evidence', run: () => run() };

const GOOD = 200;
const BAD = 200;
const SEED = 20261125;
const AT_ONCE = 4;

export async function run(): Promise<SuiteResult> {
  return sumUp(await outcomes({ good: GOOD, bad: BAD, foreign: true }), readDeviations('evidence'));
}

export interface Amounts {
  readonly good: number;
  readonly bad: number;
  /** Whether archives of other people's tests are among them. */
  readonly foreign: boolean;
}

export async function outcomes({ good, bad, foreign }: Amounts): Promise<CaseOutcome[]> {
  const samples = await makeEvidenceSamples(good);
  const folder = await mkdtemp(join(tmpdir(), 'lienthong-evidence-'));
  try {
    const anchors = join(folder, 'anchors.pem');
    await writeFile(anchors, pemOf(samples.pki.root.identity.certificateDer));
    const cases = [
      ...samples.samples.map(({ container }, number) => ({ id: `good ${number}`, bytes: container as Uint8Array, shouldPass: true })),
      ...(await tamperedContainers(samples, bad, random(SEED))).map((one) => ({ ...one, shouldPass: false })),
      ...(foreign ? await foreignArchives() : []).map((one) => ({ ...one, shouldPass: false })),
    ];
    const found: CaseOutcome[] = [];
    for (let at = 0; at < cases.length; at += AT_ONCE) {
      found.push(...(await Promise.all(cases.slice(at, at + AT_ONCE).map((one, place) => judged(samples, one, { file: join(folder, `${place}.asice`), anchors })))));
    }
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Case {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly shouldPass: boolean;
}

async function judged(samples: EvidenceSamples, { id, bytes, shouldPass }: Case, { file, anchors }: { readonly file: string; readonly anchors: string }): Promise<CaseOutcome> {
  await writeFile(file, bytes);
  const said = await Promise.all([ours(samples, bytes), toolSays('python3', [join(PROJECT_ROOT, 'docs/evidence/verify.py'), file, '--trust', anchors, '--log-key', samples.logKey]), toolSays('bash', [join(PROJECT_ROOT, 'docs/evidence/by-hand.sh'), file, anchors])]);
  const passed = said.map(({ valid }) => valid);
  return { id, shouldPass, passed: passed[0] === true, agrees: passed.every((one) => one === shouldPass), detail: said.map(({ who, valid, why }) => `${who}: ${valid ? 'valid' : why}`).join('; ') };
}

interface Said {
  readonly who: string;
  readonly valid: boolean;
  readonly why: string;
}

async function ours({ pki, logKey }: EvidenceSamples, bytes: Uint8Array): Promise<Said> {
  const trustStore = { anchors: () => Promise.resolve([{ certificateDer: pki.root.identity.certificateDer, set: 'dev' }]) };
  const { result, error, evidence } = await verifyEvidence({ clock: systemClock, trustStore }, { file: 'one.asice', policy, source: bytesSource(bytes), logKey: readVerifierKey(logKey) });
  return { who: 'we', valid: result === 'TOTAL-PASSED', why: error?.detail ?? `${result} ${evidence?.checks.filter(({ status }) => status === 'failed').map(({ detail }) => detail).join(', ')}` };
}

const policy = validationPolicy(loadPolicy('default'));

async function toolSays(command: string, args: readonly string[]): Promise<Said> {
  const who = command === 'bash' ? 'by hand' : command;
  try {
    await promisify(execFile)(command, [...args], { timeout: 120_000 });
    return { who, valid: true, why: '' };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
    if (!stdout.includes('NOT VALID')) throw new Error(`${who} did not answer: ${stdout}${stderr}`, { cause: error });
    return { who, valid: false, why: stdout.trim().split('\n').at(-1) ?? '' };
  }
}

async function foreignArchives(): Promise<{ readonly id: string; readonly bytes: Uint8Array }[]> {
  const folder = vectorPath('yauzl', 'failure');
  return Promise.all((await readdir(folder)).filter((name) => name.endsWith('.zip')).map(async (name) => ({ id: `yauzl ${name}`, bytes: await readFile(join(folder, name)) })));
}

function pemOf(der: Uint8Array): string {
  return `-----BEGIN CERTIFICATE-----\n${(Buffer.from(der).toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;
}
