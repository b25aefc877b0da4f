import { loadPolicy } from '../../certs/policy/load-policy.ts';
import { isGatewayError } from '../../src/domain/errors.ts';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import { NO_MATERIAL } from '../../src/formats/ades/context.ts';
import { validationPolicy, type ValidationPolicy } from '../../src/formats/ades/policy.ts';
import { digestOf } from '../../src/formats/algorithms/digests.ts';
import { readAsn1, type Asn1Node } from '../../src/formats/asn1/reader.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { nullValue } from '../../src/formats/asn1/writer.ts';
import { attribute } from '../../src/formats/cms/build-attributes.ts';
import { growSignedData, NOTHING_ADDED } from '../../src/formats/cms/grow-signed-data.ts';
import { ATTRIBUTE } from '../../src/formats/cms/oids.ts';
import { readSignedData, type SignedData } from '../../src/formats/cms/signed-data.ts';
import { readCrl } from '../../src/formats/crl/read-crl.ts';
import { readOcspRequest } from '../../src/formats/ocsp/read-ocsp-request.ts';
import { readOcspResponse } from '../../src/formats/ocsp/read-ocsp-response.ts';
import { preparePades } from '../../src/formats/pades/prepare.ts';
import { readPkcs12 } from '../../src/formats/pkcs12/read-pkcs12.ts';
import { checkTimestampToken } from '../../src/formats/tsp/check-token.ts';
import { readTimestampResponse } from '../../src/formats/tsp/response.ts';
import { readTimestampToken } from '../../src/formats/tsp/token.ts';
import { readTrustedList } from '../../src/formats/trusted-list/read-trusted-list.ts';
import { verifyTrustedList } from '../../src/formats/trusted-list/verify-trusted-list.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';
import { checkRevocation } from '../../src/formats/x509/path/revocation.ts';
import { validatePath } from '../../src/formats/x509/path/validate-path.ts';
import { verifyDocument } from '../../src/usecases/verify-document.ts';
import type { Notary } from '../conformance/mutants/notary.ts';
import { DATA } from '../conformance/tsp-own/tokens.ts';
import { BINARY, DER, PDF, type Mutator } from './mutators.ts';
import { PASSPHRASE, SIGNED_TEXT, type Seeds } from './seeds.ts';

/** One reader under attack. */
export interface Target {
  readonly name: keyof Seeds;
  readonly seeds: readonly Buffer[];
  readonly mutators: readonly [Mutator, ...Mutator[]];
  /** Inputs a turn: dear targets get fewer. */
  readonly share: number;
  /** Reads as far as the input lets it. Throws GatewayError, or what is wrong in words. */
  readonly run: (input: Buffer) => void | Promise<void>;
}

/** Everything that takes untrusted bytes, each read and then judged as deep as it goes. */
export function targetsOf(notary: Notary, seeds: Seeds): readonly Target[] {
  const policy = validationPolicy(loadPolicy('default'));
  const [leaf, issuing, root] = notary.officer.chainDer.map((der) => readCertificate(der));
  if (leaf === undefined || issuing === undefined || root === undefined) throw new Error('the chain is too short');
  const anchor = { certificate: root, set: 'dev' };
  const path = validatePath({ leaf, intermediates: [issuing], anchors: [anchor], at: notary.now, rules: policy.signaturePath });
  if (path.anchor === null) throw new Error('the officer’s own path does not hold');
  const chain = { certificates: path.chain, anchor: path.anchor };
  const revocation = { chain, certificates: [], at: notary.now, now: notary.now, rules: policy.revocation };
  return [
    { name: 'der', seeds: seeds.der, mutators: DER, share: 8, run: (input) => readBoth(input) },
    { name: 'cms', seeds: seeds.cms, mutators: DER, share: 2, run: async (input) => (await judgeCms(notary, policy, input), growCms(input, leaf.der)) },
    { name: 'x509', seeds: seeds.x509, mutators: DER, share: 4, run: (input) => void validatePath({ leaf: readCertificate(input), intermediates: [issuing], anchors: [anchor], at: notary.now, rules: policy.signaturePath }) },
    { name: 'ocsp', seeds: seeds.ocsp, mutators: DER, share: 4, run: (input) => inTurn(() => void readOcspRequest(input), () => void checkRevocation({ ...revocation, crls: [], ocsps: [readOcspResponse(input)] })) },
    { name: 'crl', seeds: seeds.crl, mutators: DER, share: 4, run: (input) => void checkRevocation({ ...revocation, crls: [readCrl(input)], ocsps: [] }) },
    { name: 'tsp', seeds: seeds.tsp, mutators: DER, share: 3, run: (input) => inTurn(() => void readTimestampResponse(input), () => void checkTimestampToken(readTimestampToken(input), { imprint: (digest) => digestOf(digest, DATA), at: notary.now })) },
    { name: 'pdf', seeds: seeds.pdf, mutators: PDF, share: 2, run: pdfJudge(notary, seeds.pdf) },
    { name: 'pkcs12', seeds: seeds.pkcs12, mutators: [...DER, ...BINARY], share: 1, run: (input) => readPkcs12(input, PASSPHRASE).then(() => undefined) },
    { name: 'xml', seeds: seeds.xml, mutators: BINARY, share: 2, run: (input) => inTurn(() => void readTrustedList(input), () => void verifyTrustedList({ bytes: input, signers: [leaf], signerDigests: [], algorithms: policy.algorithms, now: notary.now })) },
  ];
}

/** Runs all of them, and is a refusal when each of them is. */
function inTurn(...runs: readonly (() => void)[]): void {
  const refusals = runs.flatMap((run) => {
    try {
      run();
      return [];
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      return [error];
    }
  });
  if (refusals.length === runs.length) throw refusals[0] ?? new Error('nothing was run');
}

function readBoth(input: Buffer): void {
  inTurn(() => visit(readAsn1(input, { rules: 'DER' })), () => visit(readAsn1(input, { rules: 'BER' })));
}

function visit(node: Asn1Node): void {
  if (node.constructed) for (const child of node.children) visit(child);
}

async function judgeCms(notary: Notary, policy: ValidationPolicy, input: Buffer): Promise<void> {
  const anchors = [{ certificateDer: notary.pki.root.identity.certificateDer, set: 'dev' }];
  const ports = { trustStore: { anchors: () => Promise.resolve(anchors) }, clock: notary.ports.clock };
  await verifyDocument(ports, { file: 'fuzz.p7s', source: bytesSource(input), detached: bytesSource(SIGNED_TEXT), policy, revocation: NO_MATERIAL });
}

/** What raising a signature does with it: what is signed must stay as it was. */
function growCms(input: Buffer, certificateDer: Uint8Array): void {
  const before = readSignedData(input);
  const grown = readSignedData(growSignedData(input.subarray(0, before.sizeBytes), { ...NOTHING_ADDED, certificatesDer: [certificateDer], unsignedAttributes: [{ signerIndex: 0, attributeDer: attribute(ATTRIBUTE.archiveTimestampV3, nullValue()) }] }));
  const signedParts = ({ signerInfos, encapsulatedContent }: SignedData): string => [encapsulatedContent ?? '', ...signerInfos.flatMap(({ fieldsRaw }) => fieldsRaw.map(({ bytes }) => bytes))].map((part) => Buffer.from(part).toString('hex')).join();
  if (signedParts(before) !== signedParts(grown)) throw new Error('what is signed changed when the file grew');
}

/** Verifies, prepares a signature, and holds what passes against the seeds: no signed byte may have changed. */
function pdfJudge(notary: Notary, seeds: readonly Buffer[]): Target['run'] {
  const signed = seeds.flatMap((seed) => signedRanges(seed));
  return async (input) => {
    const report = await notary.verify(input);
    if (passes(report) && !signed.some(({ before, after, gapBytes }) => holds(input, before, after, gapBytes))) throw new Error('a document passes whose signed bytes are those of no seed');
    await preparePades(bytesSource(input), { subFilter: 'ETSI.CAdES.detached', contentsBytes: 1024, revisionId: Buffer.alloc(16) });
  };
}

const passes = ({ signatures }: ValidationReport): boolean => signatures.some(({ indication }) => indication === 'TOTAL-PASSED');

interface SignedRange {
  readonly before: Buffer;
  readonly after: Buffer;
  readonly gapBytes: number;
}

function signedRanges(seed: Buffer): SignedRange[] {
  return [...seed.toString('latin1').matchAll(/\/ByteRange ?\[0 (\d+) (\d+) (\d+) ?\]/g)].map(([, first, second, length]) => {
    const [gapStart, gapEnd, rest] = [Number(first), Number(second), Number(length)];
    return { before: seed.subarray(0, gapStart), after: seed.subarray(gapEnd, gapEnd + rest), gapBytes: gapEnd - gapStart };
  });
}

function holds(input: Buffer, before: Buffer, after: Buffer, gapBytes: number): boolean {
  const at = before.length + gapBytes;
  return input.subarray(0, before.length).equals(before) && input.subarray(at, at + after.length).equals(after);
}

