import { createDevPki, type DevPki } from '../../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, type DevIdentity } from '../../../certs/dev/identity.ts';
import { loadPolicy } from '../../../certs/policy/load-policy.ts';
import { createFileSigner } from '../../../connectors/key-file/index.ts';
import type { ValidationReport } from '../../../src/domain/validation-report.ts';
import { NO_MATERIAL, readMaterial } from '../../../src/formats/ades/context.ts';
import { documentJudge, type DocumentJudge } from '../../../src/formats/ades/judge-document.ts';
import { validationPolicy } from '../../../src/formats/ades/policy.ts';
import { digestOfChunks } from '../../../src/formats/algorithms/digests.ts';
import { appendedSource, bytesSource, type ByteSource } from '../../../src/formats/byte-source.ts';
import { embedContents, signedBytes } from '../../../src/formats/pades/embed.ts';
import { preparePades, type PreparedPdf, type PreparePadesOptions } from '../../../src/formats/pades/prepare.ts';
import { readKnownCertificate } from '../../../src/formats/x509/certificate-memo.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { TrustStore } from '../../../src/ports/trust-store.ts';
import { signDigest, type SigningPorts } from '../../../src/usecases/sign-digest.ts';
import { signDocument, type SignDocumentRequest } from '../../../src/usecases/sign-document.ts';
import { verifyJudgedDocument } from '../../../src/usecases/verify-document.ts';
import { systemChance } from '../../../src/wiring/chance.ts';

const NOW = new Date('2026-11-24T02:30:15Z');
const HOUR_MS = 3_600_000;
const CONTENTS_BYTES = 6144;

export type Presentation = NonNullable<SignDocumentRequest['presentation']>;

/** Signs as the gateway does and judges with trust and revocation given, so that a sound document is TOTAL-PASSED. */
export interface Notary {
  sign(pdf: Uint8Array, presentation?: Presentation): Promise<Buffer>;
  /** Signs whatever the caller makes of the prepared increment and of the bytes to hash: for signers that break rules. */
  signCrafted(pdf: Uint8Array, craft: (prepared: PreparedPdf) => Crafted, options?: Partial<PreparePadesOptions>): Promise<Buffer>;
  /** Puts any value into /Contents; `make` is given the digest's input. */
  embed(pdf: Uint8Array, make: (content: Buffer) => Uint8Array, options?: Partial<PreparePadesOptions>): Promise<Buffer>;
  verify(pdf: Uint8Array): Promise<ValidationReport>;
  verifySource(source: ByteSource): Promise<ValidationReport>;
  /** The same wherever `judge` reads the document. */
  verifyWith(judge: DocumentJudge): Promise<ValidationReport>;
  readonly officer: DevIdentity;
  readonly pki: DevPki;
  /** Keys of the officer's, a clock that stands still, no time-stamping. */
  readonly ports: SigningPorts;
  readonly now: Date;
}

export interface Crafted {
  /** The increment with another /ByteRange, say. */
  readonly increment?: Uint8Array;
  /** What the signature is made over, as offset and length in turn. */
  readonly hashed: readonly number[];
}

export async function createNotary(): Promise<Notary> {
  const pki = await createDevPki({ now: NOW });
  const ports = signingPorts(pki.officer);
  const verifyWith = verifier(pki);
  const verifySource = (source: ByteSource): Promise<ValidationReport> => verifyWith(documentJudge(source));
  return {
    officer: pki.officer,
    pki,
    ports,
    now: NOW,
    async sign(pdf, presentation = {}) {
      const { increment } = await signDocument(ports, { source: bytesSource(pdf), level: 'B-B', presentation });
      return Buffer.concat([pdf, increment]);
    },
    async signCrafted(pdf, craft, options = {}) {
      const prepared = await prepare(pdf, options);
      const { increment = prepared.increment, hashed } = craft(prepared);
      const contentDigest = digestOfChunks('sha256', signedBytes(appendedSource(bytesSource(pdf), increment), hashed));
      const identity = { certificate: readKnownCertificate(pki.officer.certificateDer), checkedAt: NOW };
      const { cmsDer } = await signDigest(ports, { level: 'B-B', contentDigest, digestAlgorithm: 'sha256', identity });
      return Buffer.concat([pdf, embedContents({ ...prepared, increment }, cmsDer)]);
    },
    async embed(pdf, make, options = {}) {
      const prepared = await prepare(pdf, options);
      const content = Buffer.concat([...signedBytes(appendedSource(bytesSource(pdf), prepared.increment), prepared.byteRange)]);
      return Buffer.concat([pdf, embedContents(prepared, make(content))]);
    },
    verify: (pdf) => verifySource(bytesSource(pdf)),
    verifySource,
    verifyWith,
  };
}

function prepare(pdf: Uint8Array, options: Partial<PreparePadesOptions>): Promise<PreparedPdf> {
  return preparePades(bytesSource(pdf), { subFilter: 'ETSI.CAdES.detached', contentsBytes: CONTENTS_BYTES, revisionId: Buffer.alloc(16, 5), signingTime: NOW, ...options });
}

const clock: Clock = { now: () => NOW, sleep: () => Promise.resolve() };

function signingPorts({ name, privateKey, chainDer, scheme }: DevIdentity): SigningPorts {
  const signer = createFileSigner({ keyId: name, privateKeyPkcs8Der: privateKeyDerOf(privateKey), chainDer, scheme });
  return { signer, timestampAuthorities: [], clock, chance: systemChance(clock) };
}

function verifier({ root, issuing }: DevPki): Notary['verifyWith'] {
  const anchor = { certificateDer: root.identity.certificateDer, set: 'dev' };
  const trustStore: TrustStore = { anchors: () => Promise.resolve([anchor]) };
  const lists = [root, issuing].map((authority) => authority.crl(new Date(NOW.getTime() - HOUR_MS), new Date(NOW.getTime() + HOUR_MS)));
  const revocation = { ...NO_MATERIAL, ...readMaterial('given', lists, []) };
  const policy = validationPolicy(loadPolicy('default'));
  return (judge) => verifyJudgedDocument({ trustStore, clock }, judge, { file: 'mutant.pdf', policy, revocation });
}
