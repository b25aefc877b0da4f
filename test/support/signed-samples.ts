import { createDevPki, revokeIdentity, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, type DevIdentity } from '../../certs/dev/identity.ts';
import { loadPolicy } from '../../certs/policy/load-policy.ts';
import { createFileSigner } from '../../connectors/key-file/index.ts';
import { createHttpTimestampAuthority } from '../../connectors/tsa-http/index.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import { readMaterial, type RevocationMaterial } from '../../src/formats/ades/context.ts';
import { validationPolicy } from '../../src/formats/ades/policy.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import type { PreparePadesOptions } from '../../src/formats/pades/prepare.ts';
import { signDocument } from '../../src/usecases/sign-document.ts';
import { verifyDocument } from '../../src/usecases/verify-document.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { loadFonts } from '../../src/wiring/fonts.ts';
import { frozenClock } from './clock.ts';
import { samplePdf } from './pdf.ts';

export interface Sample {
  readonly pdf: Buffer;
  readonly report: ValidationReport;
}

/**
 * One document for every verdict, signed through the sandbox's CA and TSA and verified by the product. `overlapping`: two visible signatures on
 * page 2, the second over the lower left of the first, in a field that the first one placed. `unchecked`: as `passed`, without OCSP or CRL.
 * `tampered`: as `passed`, one character of the signed page changed.
 */
export type SignedSamples = Readonly<Record<'passed' | 'overlapping' | 'unchecked' | 'revoked' | 'tampered' | 'unsigned' | 'unreadable', Sample>>;

/** In the past by little: the sandbox's certificates begin a day before. */
const NOW = new Date();
const policy = validationPolicy(loadPolicy('default'));

export async function signedSamples(): Promise<SignedSamples> {
  const server = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: NOW, baseUrl }), now: () => NOW });
  const tsa = createHttpTimestampAuthority({ url: `${server.url}/tsa`, totalTimeoutMs: 10_000 });
  try {
    return await makeSamples(server, async (identity, pdf, presentation = {}) => {
      const signer = createFileSigner({ keyId: identity.name, privateKeyPkcs8Der: privateKeyDerOf(identity.privateKey), chainDer: identity.chainDer });
      const clock = frozenClock(NOW);
      const { increment } = await signDocument({ signer, timestampAuthorities: [tsa], clock, chance: systemChance(clock) }, { source: bytesSource(pdf), level: 'B-T', presentation });
      return Buffer.concat([pdf, increment]);
    });
  } finally {
    await tsa.close();
    await server.close();
  }
}

type Sign = (identity: DevIdentity, pdf: Buffer, presentation?: Omit<PreparePadesOptions, 'subFilter' | 'contentsBytes' | 'revisionId' | 'signingTime'>) => Promise<Buffer>;

async function makeSamples(server: SandboxPki, sign: Sign): Promise<SignedSamples> {
  const { pki } = server;
  const revocation = await crlsOf(server);
  const pdf = await sign(pki.seal, await samplePdf({ pages: 2 }));
  const overlapping = await signOverlapping(pki, sign);
  const samples = {
    passed: { pdf, report: await verify(pki, pdf, revocation) },
    overlapping: { pdf: overlapping, report: await verify(pki, overlapping, revocation) },
    unchecked: { pdf, report: await verify(pki, pdf) },
    tampered: await verified(pki, tamper(pdf), revocation),
    unsigned: await verified(pki, await samplePdf(), revocation),
    unreadable: await verified(pki, Buffer.from('%PDF-1.7\nnothing that could be read'), revocation),
  };
  revokeIdentity(pki, pki.seal, new Date(NOW.getTime() - 1000));
  return { ...samples, revoked: { pdf, report: await verify(pki, pdf, await crlsOf(server)) } };
}

async function signOverlapping(pki: DevPki, sign: Sign): Promise<Buffer> {
  const fonts = await loadFonts();
  const appearance = (signerName: string) => ({ kind: 'standard', signerName, time: NOW, fonts }) as const;
  const first = await sign(pki.officer, await samplePdf({ pages: 3 }), {
    appearance: appearance('Nguyễn Thị Hoài Mẫu'),
    page: 2,
    rect: { x: 330, y: 120, width: 200, height: 80 },
    emptyFields: [{ name: 'Seal', page: 2, rect: { x: 320, y: 110, width: 150, height: 50 } }],
  });
  return sign(pki.seal, first, { fieldName: 'Seal', appearance: appearance('Văn phòng (mẫu)') });
}

const verified = async (pki: DevPki, pdf: Buffer, revocation?: RevocationMaterial): Promise<Sample> => ({ pdf, report: await verify(pki, pdf, revocation) });

function verify(pki: DevPki, pdf: Buffer, revocation?: RevocationMaterial): Promise<ValidationReport> {
  const trustStore = { anchors: () => Promise.resolve([{ certificateDer: pki.root.identity.certificateDer, set: 'dev' }]) };
  return verifyDocument({ trustStore, clock: frozenClock(NOW) }, { file: 'quyết định.pdf', source: bytesSource(pdf), policy, ...(revocation !== undefined && { revocation }) });
}

async function crlsOf({ url }: SandboxPki): Promise<RevocationMaterial> {
  const answers = await Promise.all(['root', 'issuing'].map((name) => fetch(`${url}/crl/${name}.crl`)));
  return readMaterial('fetched', await Promise.all(answers.map(async (answer) => new Uint8Array(await answer.arrayBuffer()))), []);
}

/** A byte within the page's own text, which every reader shows. */
function tamper(pdf: Buffer): Buffer {
  const changed = Buffer.from(pdf);
  const at = changed.indexOf('/MediaBox');
  const digit = changed.indexOf('595', at);
  changed.write('594', digit, 'latin1');
  return changed;
}
