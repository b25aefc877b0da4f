import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { privateKeyDerOf } from '../certs/dev/identity.ts';
import { readDevPki } from '../certs/dev/write-dev-pki.ts';
import { loadPolicy } from '../certs/policy/load-policy.ts';
import { createFileSigner } from '../connectors/key-file/index.ts';
import { createHttpRevocationSource } from '../connectors/revocation-http/index.ts';
import { createHttpTimestampAuthority, type HttpTimestampAuthority } from '../connectors/tsa-http/index.ts';
import { validationPolicy } from '../src/formats/ades/policy.ts';
import { bytesSource } from '../src/formats/byte-source.ts';
import type { RevocationSource } from '../src/ports/revocation-source.ts';
import { createRevocationCollector } from '../src/usecases/collect-revocation.ts';
import type { SigningPorts } from '../src/usecases/sign-digest.ts';
import { signDocument } from '../src/usecases/sign-document.ts';
import { systemChance } from '../src/wiring/chance.ts';
import { systemClock } from '../src/wiring/clock.ts';
import { outboundAgent } from '../src/wiring/outbound-http.ts';
import { inFolder } from './large-file.ts';
import { compare, type CaseResult } from './measure.ts';
import { samplePdfOf } from './samples.ts';

const LEVELS = ['B-B', 'B-T', 'B-LT', 'B-LTA'] as const;

/**
 * PAdES at every level against a PKI in a process of its own, over sockets. `roundTrips` counts requests per signature once the revocation
 * information of the chains is known: it is fetched once for each validity window, which `firstRoundTrips` counts. CPU time is the signer's.
 */
export function longTermLevels(): Promise<Record<string, CaseResult>> {
  return inFolder(async (folder) => {
    const { child, url } = await startPki(folder);
    const tsa = createHttpTimestampAuthority({ url: `${url}/tsa` });
    const agent = outboundAgent({ allow: ['127.0.0.1'] });
    try {
      return await measure(folder, tsa, createHttpRevocationSource({ dispatcher: agent }));
    } finally {
      await Promise.all([tsa.close(), agent.destroy()]);
      child.kill('SIGTERM');
    }
  });
}

async function startPki(folder: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const program = fileURLToPath(new URL('../sandbox/pki/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, '--dir', join(folder, 'pki'), '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = /http:\/\/[^\s"]+/.exec(line) ?? [];
    if (url !== undefined) return { child, url };
  }
  throw new Error('the PKI ended before it listened');
}

async function measure(folder: string, tsa: HttpTimestampAuthority, source: RevocationSource): Promise<Record<string, CaseResult>> {
  let asked = 0;
  const counting = <Input extends readonly unknown[], Output>(ask: (...input: Input) => Promise<Output>) => (...input: Input): Promise<Output> => ((asked += 1), ask(...input));
  const counted: RevocationSource = {
    fetchOcsp: counting((url, requestDer) => source.fetchOcsp(url, requestDer)),
    fetchCrl: counting((url) => source.fetchCrl(url)),
    fetchIssuers: counting((url) => source.fetchIssuers(url)),
  };
  const { officer, root } = await readDevPki(join(folder, 'pki'), randomBytes);
  const chance = systemChance(systemClock);
  const ports: SigningPorts = {
    signer: createFileSigner({ keyId: officer.name, privateKeyPkcs8Der: privateKeyDerOf(officer.privateKey), chainDer: officer.chainDer }),
    timestampAuthorities: [{ name: tsa.name, exchange: counting((requestDer: Uint8Array, signal?: AbortSignal) => tsa.exchange(requestDer, signal)) }],
    clock: systemClock,
    chance,
    longTerm: {
      trustStore: { anchors: () => Promise.resolve([{ certificateDer: root.identity.certificateDer, set: 'dev' }]) },
      policy: validationPolicy(loadPolicy('default')),
      collector: createRevocationCollector({ source: counted, clock: systemClock, chance }),
    },
  };
  const pdf = samplePdfOf(100_000);
  const sign = (level: (typeof LEVELS)[number]) => () => signDocument(ports, { source: bytesSource(pdf), level });
  const tripsOf = async (level: (typeof LEVELS)[number]): Promise<number> => {
    const before = asked;
    await sign(level)();
    return asked - before;
  };
  const first = await tripsOf('B-LTA');
  const trips = new Map<string, number>();
  for (const level of LEVELS) trips.set(level, await tripsOf(level));
  const speeds = await compare({ 'B-B': sign('B-B'), 'B-T': sign('B-T'), 'B-LT': sign('B-LT'), 'B-LTA': sign('B-LTA') });
  return Object.fromEntries(LEVELS.map((level) => [`pades-${level.toLowerCase().replace('-', '')}-100kb-rsa2048-over-sockets`, { ...speeds[level], roundTrips: trips.get(level) ?? 0, ...(level === 'B-LTA' && { firstRoundTrips: first }) }]));
}
