/**
 * `sign.mjs libpdf|signpdf <pdf> <p12> <passphrase> <ms>`: signs the file again and again, set up as each one's own documentation does it, and prints
 * `{opsPerSecond, cpuPerOpMs, baseRssMb, peakRssMb}`. Only for `npm run bench -- sign`; needs `npm ci --prefix bench/peers`.
 */
import { readFileSync } from 'node:fs';

const SIGNERS = {
  async libpdf(p12, passphrase) {
    const { PDF, P12Signer } = await import('@libpdf/core');
    const signer = await P12Signer.create(new Uint8Array(p12), passphrase);
    return async (pdf) => {
      const document = await PDF.load(new Uint8Array(pdf));
      await document.sign({ signer });
      return document.save();
    };
  },
  async signpdf(p12, passphrase) {
    const [{ SignPdf }, { P12Signer }, { plainAddPlaceholder }] = await Promise.all([import('@signpdf/signpdf'), import('@signpdf/signer-p12'), import('@signpdf/placeholder-plain')]);
    const about = { reason: 'Ban hành', contactInfo: '', name: 'Mẫu', location: '' };
    return (pdf) => new SignPdf().sign(plainAddPlaceholder({ pdfBuffer: pdf, ...about, signatureLength: 12_288 }), new P12Signer(p12, { passphrase }));
  },
};

const [name, path, p12Path, passphrase, ms] = process.argv.slice(2);
const pdf = readFileSync(path);
const sign = await SIGNERS[name](readFileSync(p12Path), passphrase);
const baseRssMb = process.memoryUsage.rss() / 1024 ** 2;
await sign(pdf);
const cpu = process.cpuUsage();
const start = performance.now();
let ops = 0;
do {
  await sign(pdf);
  ops += 1;
} while (performance.now() - start < Number(ms));
const elapsedMs = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(`${JSON.stringify({ opsPerSecond: (ops / elapsedMs) * 1_000, cpuPerOpMs: (user + system) / 1_000 / ops, baseRssMb, peakRssMb: process.resourceUsage().maxRSS / 1024 })}\n`);
