import { createDevPki, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, type DevIdentity } from '../../certs/dev/identity.ts';
import { loadPolicy } from '../../certs/policy/load-policy.ts';
import { createFileSigner } from '../../connectors/key-file/index.ts';
import { createHttpRevocationSource } from '../../connectors/revocation-http/index.ts';
import { createHttpTimestampAuthority } from '../../connectors/tsa-http/index.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { SignatureLevel, SignatureScheme } from '../../src/domain/signature.ts';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import { growingPdf } from '../../src/formats/ades/growing-pdf.ts';
import { validationPolicy } from '../../src/formats/ades/policy.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { readDss, type DocumentSecurityStore } from '../../src/formats/pades/dss.ts';
import { openPdf } from '../../src/formats/pdf/document.ts';
import type { Signer } from '../../src/ports/signer.ts';
import { createRevocationCollector } from '../../src/usecases/collect-revocation.ts';
import { raiseLevel, type RaisePorts, type RaiseTerms } from '../../src/usecases/raise-level.ts';
import type { SigningPorts } from '../../src/usecases/sign-digest.ts';
import { signDocument, type SignDocumentTerms } from '../../src/usecases/sign-document.ts';
import { verifyDocument } from '../../src/usecases/verify-document.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { outboundAgent } from '../../src/wiring/outbound-http.ts';
import { frozenClock, type FrozenClock } from './clock.ts';

/** A throw-away PKI on a socket, with a clock that both sides follow, and everything that signs to B-LTA against it. */
export interface LongTermWorld {
  readonly pki: DevPki;
  readonly server: SandboxPki;
  readonly clock: FrozenClock;
  /** With a collector that remembers nothing yet. */
  ports(): RaisePorts;
  signingPorts(identity: DevIdentity, scheme?: SignatureScheme): SigningPorts;
  sign(base: Uint8Array, identity: DevIdentity, level: SignatureLevel, terms?: Partial<SignDocumentTerms> & { readonly scheme?: SignatureScheme }): Promise<Buffer>;
  extend(base: Uint8Array, level: RaiseTerms['level'], ports?: RaisePorts, fieldName?: string): Promise<Buffer>;
  /** As somebody finds it who has the document and the anchor; without a network, unless `online`. */
  verify(pdf: Uint8Array, options?: { readonly online?: boolean }): Promise<ValidationReport>;
  close(): Promise<void>;
}

export async function startLongTermWorld(now = new Date()): Promise<LongTermWorld> {
  const clock = frozenClock(now);
  const chance = systemChance(clock);
  const server = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now, baseUrl }), now: () => clock.now() });
  const { pki } = server;
  const agent = outboundAgent({ allow: ['127.0.0.1'], connectTimeoutMs: 1_000 });
  const tsa = createHttpTimestampAuthority({ url: `${server.url}/tsa`, totalTimeoutMs: 2_000 });
  const policy = validationPolicy(loadPolicy('default'));
  const trustStore = { anchors: () => Promise.resolve([{ certificateDer: pki.root.identity.certificateDer, set: 'dev' }]) };
  const ports = (): RaisePorts => {
    const collector = createRevocationCollector({ source: createHttpRevocationSource({ dispatcher: agent, totalTimeoutMs: 600 }), clock, chance });
    return { timestampAuthorities: [tsa], clock, chance, longTerm: { trustStore, policy, collector } };
  };
  const signingPorts = (identity: DevIdentity, scheme?: SignatureScheme): SigningPorts => ({ ...ports(), signer: fileSignerOf(identity, scheme) });
  return {
    pki,
    server,
    clock,
    ports,
    signingPorts,
    async sign(base, identity, level, { scheme, ...terms } = {}) {
      const { increment } = await signDocument(signingPorts(identity, scheme), { source: bytesSource(base), level, ...terms });
      return Buffer.concat([base, increment]);
    },
    async extend(base, level, use = ports(), fieldName) {
      const { appended } = await raiseLevel(use, growingPdf(bytesSource(base)), { level, fieldName, appended: new Uint8Array(), digestAlgorithm: 'sha256' });
      return Buffer.concat([base, appended]);
    },
    verify: (pdf, { online = false } = {}) => verifyDocument({ trustStore, clock, collector: online ? ports().longTerm.collector : undefined }, { file: 'test', source: bytesSource(pdf), policy }),
    async close() {
      await tsa.close();
      await agent.destroy();
      await server.close();
    },
  };
}

export function fileSignerOf(identity: DevIdentity, scheme?: SignatureScheme): Signer {
  return createFileSigner({ keyId: identity.name, privateKeyPkcs8Der: privateKeyDerOf(identity.privateKey), chainDer: identity.chainDer, ...(scheme && { scheme }) });
}

export const storeOf = (pdf: Uint8Array): DocumentSecurityStore => readDss(openPdf(bytesSource(pdf)).latest);

/** The CMS or token of every signature and what it covers, cut out by /ByteRange, in the order of the file. */
export function cutSignatures(pdf: Buffer): { readonly cms: Buffer; readonly content: Buffer; readonly isTimestamp: boolean }[] {
  const text = pdf.toString('latin1');
  return [...text.matchAll(/\/SubFilter\/([A-Za-z0-9.]+)\/ByteRange ?\[(\d+) (\d+) (\d+) (\d+)/g)].map(([, subFilter, , a = '', b = '', c = '']) => {
    const [from, to, length] = [Number(a), Number(b), Number(c)];
    return { cms: Buffer.from(text.slice(from + 1, to - 1), 'hex'), content: Buffer.concat([pdf.subarray(0, from), pdf.subarray(to, to + length)]), isTimestamp: subFilter === 'ETSI.RFC3161' };
  });
}
