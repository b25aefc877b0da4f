import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createDevPki, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, type DevIdentity } from '../../certs/dev/identity.ts';
import { createFileSigner } from '../../connectors/key-file/index.ts';
import { answerTimestampRequest } from '../../sandbox/pki/tsa.ts';
import type { DossierCode } from '../../src/domain/dossier.ts';
import type { Evidence, ReceiptStatement } from '../../src/domain/evidence.ts';
import type { DeliveryId, PartnerId } from '../../src/domain/ids.ts';
import type { MessageManifest } from '../../src/domain/message.ts';
import { digestOf } from '../../src/formats/algorithms/digests.ts';
import { writeContainer } from '../../src/formats/asic/write-container.ts';
import { canonicalJson, sha256Hex } from '../../src/formats/canonical-json.ts';
import { BODY, MANIFEST, manifestEntry, partName, proofEntry, signatureEntry, statementEntry } from '../../src/formats/evidence/names.ts';
import { signCheckpoint } from '../../src/formats/transparency-log/checkpoint.ts';
import { inclusionSpans, leafHash, nodeHash, rootHash, spanHash, type NodeAt } from '../../src/formats/transparency-log/merkle-tree.ts';
import { verifierKeyOf, type NoteSigner } from '../../src/formats/transparency-log/signed-note.ts';
import { buildTimestampRequest } from '../../src/formats/tsp/request.ts';
import { readTimestampResponse } from '../../src/formats/tsp/response.ts';
import type { AttestPorts } from '../../src/ports/exchange-key.ts';
import { attestMessage, attestReceipt } from '../../src/usecases/attest.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { messageOf, newId } from './ledger.ts';

/** Evidence as a gateway makes it, without one: real keys, a real log of all samples, a real token over its checkpoint. */

export interface EvidenceSample {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly container: Buffer;
}

export interface EvidenceSamples {
  readonly pki: DevPki;
  readonly logKey: string;
  readonly samples: readonly EvidenceSample[];
  /** An RFC 3161 token over any bytes. */
  stamp(bytes: Uint8Array): Uint8Array;
}

const chance = systemChance(systemClock);

export async function makeEvidenceSamples(count: number): Promise<EvidenceSamples> {
  const pki = await createDevPki({ now: new Date() });
  const identity = await pki.issuing.issue({ name: 'exchange', subject: [['C', 'VN'], ['CN', 'Cổng Liên Thông (mẫu)']], profile: 'seal', key: 'ec-p256', notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 365 * 86_400_000) });
  const ports = attesting(identity);
  const made = await Promise.all(Array.from({ length: count }, (_, number) => attested(ports, number)));
  const log = growLog(made.flatMap(({ evidence }) => evidence));
  const stamp = (bytes: Uint8Array): Uint8Array => readTimestampResponse(answerTimestampRequest(pki, buildTimestampRequest({ digestAlgorithm: 'sha256', imprint: digestOf('sha256', bytes), nonce: chance.bytes(8), certReq: true }), new Date(), null)).tokenDer ?? new Uint8Array();
  const note = Buffer.from(log.note);
  const token = stamp(note);
  const now = Date.now();
  const crls = [pki.root, pki.issuing].map((authority) => authority.crl(new Date(now), new Date(now + 86_400_000)));
  const samples = await Promise.all(made.map(async ({ files, evidence }) => {
    for (const one of evidence) for (const [name, bytes] of entriesOf(one, log)) files.set(name, bytes);
    for (const crl of crls) files.set(`META-INF/revocation/${sha256Hex(crl)}.crl`, crl);
    files.set(`META-INF/log/${log.size}.txt`, note).set(`META-INF/log/${log.size}-1.tst`, token);
    return { files, container: await containerOf(files) };
  }));
  return { pki, logKey: log.key, samples, stamp };
}

export async function containerOf(files: Iterable<readonly [string, Uint8Array]>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeContainer([...files].map(([name, content]) => ({ name, content })))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function attesting(identity: DevIdentity): AttestPorts {
  const signer = createFileSigner({ keyId: 'exchange', privateKeyPkcs8Der: privateKeyDerOf(identity.privateKey), chainDer: identity.chainDer });
  return { exchangeKey: { signer: () => Promise.resolve(signer) }, chance };
}

/** Every third was taken in, every fourth refused, every fifth erased afterwards; from none to three papers. */
async function attested(ports: AttestPorts, number: number): Promise<{ readonly files: Map<string, Uint8Array>; readonly evidence: readonly Evidence[] }> {
  const papers = Array.from({ length: number % 4 }, (_, part) => Buffer.from(`%PDF-1.7\n% giấy tờ mẫu ${number}/${part}\n${'x'.repeat(50 * part)}\n`));
  const body = { note: `Hồ sơ mẫu số ${number}` };
  const dossierCode = `H57.12.03-261124-${String(number + 1).padStart(6, '0')}` as DossierCode;
  const parts = papers.map((bytes, part) => ({ sha256: sha256Hex(bytes), sizeBytes: bytes.length, mediaType: 'application/pdf', name: `giấy ${part}.pdf`, role: 'application' }));
  const at = new Date();
  const message = messageOf(dossierCode, 'one-stop', { createdAt: at });
  const manifest: MessageManifest = { version: 1, messageId: message.id, type: 'dossier.submit', dossierCode, from: { partnerId: 'one-stop' as PartnerId, agencyCode: null }, to: message.toAgencyCodes, createdAt: at.toISOString(), bodySha256: sha256Hex(canonicalJson(body)), parts };
  const manifestJson = canonicalJson(manifest);
  const facts = { version: 1, messageId: message.id, manifestSha256: sha256Hex(manifestJson), dossierCode, at: at.toISOString() } as const;
  const recipient = 'land-registry' as PartnerId;
  const data = new Map<string, Uint8Array>([[BODY, Buffer.from(canonicalJson(body))], ...papers.map((bytes, part) => [partName({ mediaType: 'application/pdf' }, part), bytes] as const)]);
  const isErased = number % 5 === 4;
  const decided = (kind: 'taken-in' | 'refused'): ReceiptStatement => ({ ...facts, kind, recipient, decision: { messageId: messageOf(dossierCode, 'land-registry').id, manifestSha256: sha256Hex('decision') } });
  const statements: ReceiptStatement[] = [
    { ...facts, kind: 'delivered', recipient, deliveryId: newId() as DeliveryId, source: 'call', reference: null, signedBy: 'gateway' },
    ...(number % 3 === 2 ? [decided('taken-in')] : []),
    ...(number % 4 === 3 ? [decided('refused')] : []),
    ...(isErased ? [{ ...facts, kind: 'erased' as const, procedure: '1.004238.H57', basis: 'Điều 16 (mẫu)', objects: [...data].map(([name, bytes]) => ({ name, sha256: sha256Hex(bytes) })) }] : []),
  ];
  const evidence = [await attestMessage(ports, message, [recipient], manifest, manifestJson), ...(await Promise.all(statements.map((statement) => attestReceipt(ports, statement, { sender: message.fromPartnerId, at }))))];
  return { files: new Map([[MANIFEST, Buffer.from(manifestJson)], ...(isErased ? [] : data)]), evidence };
}

interface SampleLog {
  readonly size: number;
  readonly key: string;
  readonly note: string;
  readonly nodeAt: NodeAt;
  readonly indexOf: (evidence: Evidence) => number;
  readonly saltOf: (evidence: Evidence) => Uint8Array;
}

function growLog(evidence: readonly Evidence[]): SampleLog {
  const salts = new Map(evidence.map((one) => [one, chance.bytes(16)]));
  const leaves = evidence.map((one) => leafHash(createHash('sha256').update(salts.get(one) ?? '').update(createHash('sha256').update(one.cmsDer).digest()).digest()));
  const nodeAt: NodeAt = ({ level, index }) => (level === 0 ? (leaves[index] ?? new Uint8Array()) : nodeHash(nodeAt({ level: level - 1, index: 2 * index }), nodeAt({ level: level - 1, index: 2 * index + 1 })));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signer: NoteSigner = { keyName: 'gateway.example.vn/log', publicKey, sign: (message) => sign(null, message, privateKey) };
  const size = leaves.length;
  return { size, key: verifierKeyOf(signer), note: signCheckpoint({ size, root: rootHash(size, nodeAt) }, signer), nodeAt, indexOf: (one) => evidence.indexOf(one), saltOf: (one) => salts.get(one) ?? new Uint8Array() };
}

function entriesOf(one: Evidence, { size, key, nodeAt, indexOf, saltOf }: SampleLog): readonly (readonly [string, Uint8Array])[] {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const index = indexOf(one);
  const proof = { version: 1, logKey: key, leaf: { index, salt: base64(saltOf(one)) }, tree: { size, path: inclusionSpans(index, size).map((span) => base64(spanHash(span, nodeAt))) }, checkpoint: `META-INF/log/${size}.txt`, timestamps: [`META-INF/log/${size}-1.tst`] };
  return [
    [manifestEntry(one.name), one.manifestXml],
    [signatureEntry(one.name), one.cmsDer],
    ...(one.statement === null ? [] : [[statementEntry(one.name), Buffer.from(one.statement)] as const]),
    [proofEntry(one.name), Buffer.from(canonicalJson(proof))],
  ];
}
