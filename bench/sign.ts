import { createHash, sign, verify, X509Certificate } from 'node:crypto';
import { createDevPki } from '../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, type DevIdentity } from '../certs/dev/identity.ts';
import { createFileSigner } from '../connectors/key-file/index.ts';
import { loadPaperFonts } from '../sandbox/papers/fonts.ts';
import { drawPapers } from '../sandbox/papers/draw-papers.ts';
import { sampleCase } from '../sandbox/papers/sample-case.ts';
import { bytesSource } from '../src/formats/byte-source.ts';
import { signDocument } from '../src/usecases/sign-document.ts';
import { systemChance } from '../src/wiring/chance.ts';
import { systemClock } from '../src/wiring/clock.ts';
import { measure, peakRssMb, type Bench, type CaseResult } from './measure.ts';

/** PAdES B-B on the sample decision, invisible, beside the bare operations it cannot do without: one hash pass, one signature, one verification of it. */
export const signBench: Bench = {
  name: 'sign',
  run: async () => {
    const pki = await createDevPki({ now: new Date() });
    const { decision } = await drawPapers(sampleCase('H57.12.03-261124-0001', new Date()), await loadPaperFonts());
    return { 'rsa-2048': await signCase(pki.officer, decision.pdf), 'ecdsa-p256': await signCase(pki.seal, decision.pdf) };
  },
};

async function signCase(identity: DevIdentity, pdf: Uint8Array): Promise<CaseResult> {
  const signer = createFileSigner({ keyId: identity.name, privateKeyPkcs8Der: privateKeyDerOf(identity.privateKey), chainDer: identity.chainDer, scheme: identity.scheme });
  const ports = { signer, timestampAuthorities: [], clock: systemClock, chance: systemChance(systemClock) };
  const whole = await measure(() => signDocument(ports, { source: bytesSource(pdf), level: 'B-B' }));
  const publicKey = new X509Certificate(identity.certificateDer).publicKey;
  const bare = await measure(() => {
    const digest = createHash('sha256').update(pdf).digest();
    return verify('sha256', digest, publicKey, sign('sha256', digest, identity.privateKey));
  });
  return { ...whole, ratioToPrimitives: bare.cpuPerOpMs / whole.cpuPerOpMs, peakRssMb: peakRssMb() };
}
