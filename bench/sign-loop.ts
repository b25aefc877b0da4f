import { readFileSync } from 'node:fs';
import { createFileSigner } from '../connectors/key-file/index.ts';
import { bytesSource } from '../src/formats/byte-source.ts';
import { readPkcs12 } from '../src/formats/pkcs12/read-pkcs12.ts';
import { signDocument } from '../src/usecases/sign-document.ts';
import { systemChance } from '../src/wiring/chance.ts';
import { systemClock } from '../src/wiring/clock.ts';
import { peakRssMb } from './measure.ts';

/** `sign-loop.ts <pdf> <p12> <passphrase> <ms>`: what `peers/sign.mjs` does, by this program: the key opened once, then the file signed again and again. */
const [path = '', p12 = '', passphrase = '', ms = ''] = process.argv.slice(2);
const pdf = readFileSync(path);
const signer = createFileSigner({ keyId: 'bench', ...(await readPkcs12(readFileSync(p12), passphrase)) });
const ports = { signer, timestampAuthorities: [], clock: systemClock, chance: systemChance(systemClock) };
/** The increment: whoever has the file appends it, as the program itself does; the others give the whole file anew. */
const sign = () => signDocument(ports, { source: bytesSource(pdf), level: 'B-B' });
const baseRssMb = process.memoryUsage.rss() / 1024 ** 2;
await sign();
const cpu = process.cpuUsage();
const start = performance.now();
let ops = 0;
do {
  await sign();
  ops += 1;
} while (performance.now() - start < Number(ms));
const elapsedMs = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(`${JSON.stringify({ opsPerSecond: (ops / elapsedMs) * 1_000, cpuPerOpMs: (user + system) / 1_000 / ops, baseRssMb, peakRssMb: peakRssMb() })}\n`);
