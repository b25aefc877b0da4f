import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf } from '../../certs/dev/identity.ts';
import { loadPolicy } from '../../certs/policy/load-policy.ts';
import { createFileSigner } from '../../connectors/key-file/index.ts';
import { createHttpTimestampAuthority, type HttpTimestampAuthority } from '../../connectors/tsa-http/index.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { CertificateQuestion, ValidationContext } from '../../src/formats/ades/context.ts';
import { NO_MATERIAL, readMaterial } from '../../src/formats/ades/context.ts';
import { documentJudge } from '../../src/formats/ades/judge-document.ts';
import { validationPolicy } from '../../src/formats/ades/policy.ts';
import { digestOf } from '../../src/formats/algorithms/digests.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import type { PreparePadesOptions } from '../../src/formats/pades/prepare.ts';
import { growingPdf } from '../../src/formats/ades/growing-pdf.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';
import { isolatedDigester, isolatedDocumentJudge, isolatedPdf } from '../../src/isolation/isolated-documents.ts';
import { isolationPool, type IsolationPool } from '../../src/isolation/pool.ts';
import { tasks, type Tasks } from '../../src/isolation/tasks.ts';
import { signBytes } from '../../src/usecases/sign-bytes.ts';
import { signDocument } from '../../src/usecases/sign-document.ts';
import { verifyDocument, verifyJudgedDocument, type VerifyPorts } from '../../src/usecases/verify-document.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { loadFonts } from '../../src/wiring/fonts.ts';
import { openRevocationCollector } from '../../src/wiring/revocation.ts';
import { frozenClock } from '../support/clock.ts';
import { onePagePdf, samplePdf } from '../support/pdf.ts';
import { slowPdf } from '../support/slow-pdf.ts';
import { requireVectors, vectorPath } from '../support/vectors.ts';

const NOW = new Date();
const clock = frozenClock(NOW);
const chance = systemChance(clock);
const policy = validationPolicy(loadPolicy('default'));
const LONG = { deadlineMs: 60_000 };
const SLOW_OBJECTS = 250_000;

let folder: string;
let server: SandboxPki;
let pki: DevPki;
let tsa: HttpTimestampAuthority;
let pool: IsolationPool<Tasks>;

const onePool = (maxHeapMb = 512): IsolationPool<Tasks> => isolationPool({ tasks, threads: 1, children: 1, maxWaiting: 10, maxHeapMb });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lienthong-isolated-'));
  server = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: NOW, baseUrl }), now: () => NOW });
  ({ pki } = server);
  tsa = createHttpTimestampAuthority({ url: `${server.url}/tsa`, totalTimeoutMs: 10_000 });
  pool = onePool();
});
afterEach(() => Object.assign(server.faults, { ocsp: null, crl: null }));
afterAll(async () => {
  await pool.close();
  await tsa.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function fileOf(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

function context(extra: Partial<ValidationContext> = {}): ValidationContext {
  const anchors = [{ certificate: readCertificate(pki.root.identity.certificateDer), set: 'dev' }];
  return { policy, at: NOW, anchors: { signature: anchors, timestamp: anchors }, certificates: [], revocation: NO_MATERIAL, ...extra };
}

const signingPorts = () => {
  const { officer } = pki;
  const signer = createFileSigner({ keyId: officer.name, privateKeyPkcs8Der: privateKeyDerOf(officer.privateKey), chainDer: officer.chainDer });
  return { signer, timestampAuthorities: [tsa], clock, chance };
};

async function signedPdf(): Promise<Buffer> {
  const pdf = await samplePdf({ pages: 2 });
  const { increment } = await signDocument(signingPorts(), { source: bytesSource(pdf), level: 'B-T' });
  return Buffer.concat([pdf, increment]);
}

describe('a document judged in a worker', () => {
  it('gets the report it gets here, with what was fetched between two looks (EN 319 102-1 §5.3)', async () => {
    const pdf = await signedPdf();
    const path = await fileOf('signed.pdf', pdf);
    const opened = openRevocationCollector({ allow: ['127.0.0.1'], clock, chance });
    try {
      const trustStore = { anchors: () => Promise.resolve([{ certificateDer: pki.root.identity.certificateDer, set: 'dev' }]) };
      const ports: VerifyPorts = { clock, trustStore, collector: opened.collector };
      const isolated = await verifyJudgedDocument(ports, isolatedDocumentJudge(pool, { path, detachedPath: null, password: null }, LONG), { file: 'quyết định.pdf', policy });
      expect(isolated.result).toBe('TOTAL-PASSED');
      expect(isolated).toEqual(await verifyDocument(ports, { file: 'quyết định.pdf', source: bytesSource(pdf), policy }));
    } finally {
      await opened.close();
    }
  });

  it('asks the questions that are asked here, for signer and time-stamp, with all that came with them', async () => {
    const pdf = await signedPdf();
    const path = await fileOf('questions.pdf', pdf);
    const [here, there]: [CertificateQuestion[], CertificateQuestion[]] = [[], []];
    documentJudge(bytesSource(pdf))(context({ onQuestion: (question) => here.push(question) }));
    await isolatedDocumentJudge(pool, { path, detachedPath: null, password: null }, LONG)(context({ onQuestion: (question) => there.push(question) }));
    expect(there).toEqual(here);
    expect(new Set(there.map(({ rules }) => (rules === policy.timestampPath ? 'timestamp' : 'signature')))).toEqual(new Set(['signature', 'timestamp']));
  });

  it('asks nothing once everything is known: given certificates, revocation information and reasons arrive there', async () => {
    const path = await fileOf('known.pdf', await signedPdf());
    const crlsDer = await Promise.all(['root', 'issuing'].map(async (name) => new Uint8Array(await (await fetch(`${server.url}/crl/${name}.crl`)).arrayBuffer())));
    const asked: CertificateQuestion[] = [];
    const judge = isolatedDocumentJudge(pool, { path, detachedPath: null, password: null }, LONG);
    const onQuestion = (question: CertificateQuestion): void => void asked.push(question);
    const known = await judge(context({ onQuestion, certificates: [readCertificate(pki.issuing.identity.certificateDer)], revocation: readMaterial('given', crlsDer, []) }));
    expect(known.signatures).toMatchObject([{ indication: 'TOTAL-PASSED', revocation: [{ source: 'given', type: 'crl' }, { source: 'given', type: 'crl' }] }]);
    expect(asked).toEqual([]);
    const { sha256Hex } = readCertificate(pki.officer.certificateDer);
    const unfetched = await judge(context({ unfetched: new Map([[sha256Hex, ['nobody answered']]]) }));
    expect(unfetched.signatures[0]?.checks).toContainEqual(expect.objectContaining({ name: 'revocation-fetched', detail: 'nobody answered' }));
  });

  it('may be a detached signature in one file about the bytes of another (RFC 5652 §5.2)', async () => {
    const content = Buffer.from('Nội dung của một quyết định');
    const { cmsDer } = await signBytes(signingPorts(), { source: bytesSource(content), level: 'B-B' });
    const [path, detachedPath, other] = [await fileOf('a.p7s', cmsDer), await fileOf('a.txt', content), await fileOf('b.txt', Buffer.from('khác'))];
    const judged = await isolatedDocumentJudge(pool, { path, detachedPath, password: null }, LONG)(context());
    expect(judged).toEqual(documentJudge(bytesSource(cmsDer), bytesSource(content))(context()));
    expect(judged.signatures).toMatchObject([{ integrity: 'intact' }]);
    expect((await isolatedDocumentJudge(pool, { path, detachedPath: other, password: null }, LONG)(context())).signatures).toMatchObject([{ integrity: 'broken' }]);
  });

  it('is UNREADABLE as data, not as a failure of the worker', async () => {
    const path = await fileOf('broken.pdf', (await samplePdf()).subarray(0, 400));
    expect(await isolatedDocumentJudge(pool, { path, detachedPath: null, password: null }, LONG)(context())).toMatchObject({ mediaType: 'application/pdf', signatures: [], error: { code: 'PDF_BROKEN' } });
  });

  it('gets no verdict, but BUDGET_EXCEEDED, at the deadline; the next one is judged', async () => {
    const [slow, quick] = [await fileOf('slow.pdf', slowPdf(SLOW_OBJECTS)), await fileOf('quick.pdf', onePagePdf())];
    const judge = (path: string, deadlineMs: number) => isolatedDocumentJudge(pool, { path, detachedPath: null, password: null }, { deadlineMs })(context());
    await judge(quick, 60_000);
    await expect(judge(slow, 500)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' });
    expect(await judge(quick, 60_000)).toMatchObject({ error: null });
  });

  it('is given up when its caller is gone, and its only worker takes the next', async () => {
    const [slow, quick] = [await fileOf('slow.pdf', slowPdf(SLOW_OBJECTS)), await fileOf('quick.pdf', onePagePdf())];
    const gone = new AbortController();
    const slowEnds = isolatedDocumentJudge(pool, { path: slow, detachedPath: null, password: null }, { ...LONG, signal: gone.signal })(context());
    const quickEnds = isolatedDocumentJudge(pool, { path: quick, detachedPath: null, password: null }, LONG)(context());
    await delay(300); // the slow one is being judged by then
    gone.abort();
    await expect(slowEnds).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await quickEnds).toMatchObject({ error: null });
  });

  it('that takes all memory of its worker ends that worker, and nothing else', async () => {
    const small = onePool(40);
    try {
      const [large, quick] = [await fileOf('large.pdf', slowPdf(SLOW_OBJECTS)), await fileOf('quick.pdf', onePagePdf())];
      await expect(isolatedDocumentJudge(small, { path: large, detachedPath: null, password: null }, LONG)(context())).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' });
      expect(await isolatedDocumentJudge(small, { path: quick, detachedPath: null, password: null }, LONG)(context())).toMatchObject({ error: null });
    } finally {
      await small.close();
    }
  });
});

describe.skipIf(!requireVectors('pyhanko', 'pdf'))('the PDF vectors of pyHanko', () => {
  it('get the same judgement in a worker as here', async () => {
    const root = vectorPath('pyhanko', 'pdf');
    const names = (await readdir(root)).filter((name) => /^(minimal-(signed|two-fields-signed)|circular|form-tree|struct-tree|pades|signed|broken|malformed|ed448).*\.pdf$/.test(name));
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      const bytes = await readFile(join(root, name));
      const judged = await isolatedDocumentJudge(pool, { path: join(root, name), detachedPath: null, password: null }, LONG)(context());
      expect(judged, name).toEqual(documentJudge(bytesSource(bytes))(context()));
    }
  });
});

describe('a document prepared in a worker', () => {
  const options = async (): Promise<PreparePadesOptions> => ({
    subFilter: 'ETSI.CAdES.detached',
    contentsBytes: 8192,
    revisionId: Buffer.alloc(16, 7),
    signingTime: NOW,
    rect: { x: 300, y: 80, width: 200, height: 80 },
    appearance: { kind: 'standard', signerName: 'Người ký mẫu', time: NOW, fonts: await loadFonts() },
    reason: 'Ban hành',
  });

  it('gets the field, the ranges and the digest it gets here (ISO 32000-2 §12.8.1)', async () => {
    const pdf = await samplePdf();
    const path = await fileOf('unsigned.pdf', pdf);
    const there = await isolatedPdf(pool, path, LONG).prepare(new Uint8Array(), await options(), 'sha384');
    const here = await growingPdf(bytesSource(pdf)).prepare(new Uint8Array(), await options(), 'sha384');
    expect({ ...there.prepared, increment: null }).toEqual({ ...here.prepared, increment: null });
    const whole = Buffer.concat([pdf, there.prepared.increment]);
    const [, first, second, length] = there.prepared.byteRange;
    expect(Buffer.from(there.contentDigest)).toEqual(Buffer.from(digestOf('sha384', whole.subarray(0, first), whole.subarray(second, second + length))));
  });

  it('is refused with the code it is refused with here', async () => {
    const path = await fileOf('text.pdf', Buffer.from('Đây không phải PDF'));
    await expect(isolatedPdf(pool, path, LONG).prepare(new Uint8Array(), await options(), 'sha256')).rejects.toMatchObject({ code: 'PDF_NOT_PDF', origin: 'caller' });
  });
});

describe('a file digested in a worker', () => {
  it.each(['sha256', 'sha512', 'sha3-256'] as const)('has its %s', async (name) => {
    const bytes = Buffer.alloc(3 * 1024 * 1024 + 5, 'công văn');
    const path = await fileOf('large.bin', bytes);
    expect(Buffer.from(await isolatedDigester(pool, path, LONG)(name))).toEqual(Buffer.from(digestOf(name, bytes)));
  });
});
