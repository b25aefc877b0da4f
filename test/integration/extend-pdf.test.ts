import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { revokeIdentity } from '../../certs/dev/create-dev-pki.ts';
import type { DevIdentity } from '../../certs/dev/identity.ts';
import { isGatewayError } from '../../src/domain/errors.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import type { SignatureLevel } from '../../src/domain/signature.ts';
import { testIdentity } from '../support/certificates.ts';
import { cutSignatures, startLongTermWorld, storeOf, type LongTermWorld } from '../support/long-term.ts';
import { opensslFolder } from '../support/openssl.ts';
import { appendUpdate, onePagePdf, pdfsigVerdicts, qpdfComplaints, qpdfRewrite, samplePdf, signPdf } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';
import { requireVectors, vectorPath } from '../support/vectors.ts';
import { dict } from '../../src/formats/pdf/objects.ts';

const YEAR_MS = 365 * 86_400_000;
let world: LongTermWorld;

beforeAll(async () => {
  world = await startLongTermWorld();
});
afterAll(() => world.close());

const levelsOf = async (pdf: Uint8Array): Promise<string[]> => (await world.verify(pdf)).signatures.map(({ level, indication }) => `${level} ${indication}`);
const startsWith = (pdf: Buffer, base: Buffer): boolean => pdf.subarray(0, base.length).equals(base);

describe('raising what is signed (EN 319 142-1 §5.4, §6.3)', () => {
  const steps: readonly (readonly [SignatureLevel, 'B-T' | 'B-LT' | 'B-LTA', string])[] = [
    ['B-B', 'B-T', 'B-T INDETERMINATE'], // nothing of revocation is in the document
    ['B-B', 'B-LT', 'B-LT TOTAL-PASSED'],
    ['B-B', 'B-LTA', 'B-LTA TOTAL-PASSED'],
    ['B-T', 'B-LT', 'B-LT TOTAL-PASSED'],
    ['B-T', 'B-LTA', 'B-LTA TOTAL-PASSED'],
    ['B-LT', 'B-LTA', 'B-LTA TOTAL-PASSED'],
  ];

  it.each(steps)('raises %s to %s and touches no byte of what was there', async (from, to, expected) => {
    const base = await world.sign(await samplePdf({ objectStreams: to === 'B-LT' }), world.pki.officer, from);
    const raised = await world.extend(base, to);
    expect(startsWith(raised, base)).toBe(true);
    expect(await levelsOf(raised)).toEqual([expected]);
    if (requireTool('qpdf')) expect(qpdfComplaints(raised)).toBe('');
    if (requireTool('pdfsig')) expect(pdfsigVerdicts(raised)[0]?.valid).toBe(true);
  });

  it.each(['B-T', 'B-LT'] as const)('adds nothing to what is at %s already', async (level) => {
    const base = await world.sign(onePagePdf(), world.pki.seal, level);
    expect((await world.extend(base, level)).length).toBe(base.length);
  });

  it.skipIf(!requireTool('openssl'))('gives B-T by a document time-stamp that openssl verifies over its ByteRange', async () => {
    const raised = await world.extend(await world.sign(onePagePdf(), world.pki.seal, 'B-B'), 'B-T');
    const stamp = cutSignatures(raised).find(({ isTimestamp }) => isTimestamp);
    const folder = opensslFolder();
    try {
      folder.write('root.pem', pemOf('CERTIFICATE', world.pki.root.identity.certificateDer));
      folder.write('stamp.tst', stamp?.cms ?? '');
      folder.write('stamped.bin', stamp?.content ?? '');
      expect(folder.judge('ts', '-verify', '-token_in', '-in', 'stamp.tst', '-data', 'stamped.bin', '-CAfile', 'root.pem').said).toContain('Verification: OK');
    } finally {
      folder.remove();
    }
  });

  it('raises two signatures at once, each with validation data of its own', async () => {
    const twice = await world.sign(await world.sign(onePagePdf(), world.pki.officer, 'B-B'), world.pki.seal, 'B-T');
    expect(await levelsOf(await world.extend(twice, 'B-LTA'))).toEqual(['B-LTA TOTAL-PASSED', 'B-LTA TOTAL-PASSED']);
  });

  it('raises a document that certifies and allows nothing: validation data and time-stamps are no changes (ISO 32000-2 §12.8.2.2)', async () => {
    const certified = await world.sign(onePagePdf(), world.pki.officer, 'B-T', { presentation: { certify: 1 } });
    const raised = await world.extend(certified, 'B-LTA');
    expect(await levelsOf(raised)).toEqual(['B-LTA TOTAL-PASSED']);
    expect((await world.verify(raised)).signatures[0]).toMatchObject({ certification: 1, coverage: { changesAfter: 'permitted' } });
  });

  it('keeps a hybrid and a linearised file what they are', async () => {
    const hybrid = readFileSync(vectorPath('pyhanko', 'pdf/minimal-hybrid-xref.pdf'));
    for (const base of [hybrid, qpdfRewrite(await samplePdf({ pages: 4 }), '--linearize')]) {
      const raised = await world.extend(await world.sign(base, world.pki.seal, 'B-B'), 'B-LTA');
      expect(qpdfComplaints(raised)).toBe('');
      expect(await levelsOf(raised)).toEqual(['B-LTA TOTAL-PASSED']);
    }
  });
});

describe('a signer whose certificate was revoked later', () => {
  it('is kept valid where a time-stamp proves that the signature is older, and not where nothing does (EN 319 102-1 §5.5.4)', async () => {
    const { pki, clock } = world;
    const begin = clock.now();
    const validity = { notBefore: new Date(begin.getTime() - 86_400_000), notAfter: new Date(begin.getTime() + YEAR_MS) };
    const leaver = await pki.issuing.issue({ name: 'nghi-viec', subject: [['C', 'VN'], ['CN', 'Người đã nghỉ việc (mẫu)']], profile: 'signer', key: 'ec-p256', ...validity });
    const [stamped, bare] = [await world.sign(onePagePdf(), leaver, 'B-T'), await world.sign(onePagePdf(), leaver, 'B-B')];
    clock.advance(3_600_000);
    revokeIdentity(pki, leaver, clock.now(), 'affiliationChanged');
    clock.advance(3_600_000);
    try {
      expect(await levelsOf(await world.extend(stamped, 'B-LTA'))).toEqual(['B-LTA TOTAL-PASSED']);
      await expect(world.extend(bare, 'B-LT')).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
    } finally {
      clock.set(begin);
    }
  });
});

describe('renewing B-LTA', () => {
  it('carries a signature past the end of its certificate and of the first authority’s', async () => {
    const { clock, pki, server } = world;
    const [begin, firstTsa] = [clock.now(), pki.tsa];
    const signed = await world.sign(await samplePdf(), pki.officer, 'B-LTA');
    clock.advance(2 * YEAR_MS);
    const issueTsa = (): Promise<DevIdentity> => pki.issuing.issue({ name: 'tsa-2', subject: [['C', 'VN'], ['CN', 'Dấu thời gian thử nghiệm 2']], profile: 'tsa', key: 'rsa-2048', notBefore: clock.now(), notAfter: new Date(clock.now().getTime() + 3 * YEAR_MS) });
    Object.assign(pki, { tsa: await issueTsa() });
    try {
      const before = { ...server.served };
      const renewed = await world.extend(signed, 'B-LTA');
      expect(startsWith(renewed, signed)).toBe(true);
      expect(server.served.tsa - before.tsa).toBe(1);
      expect(server.served.ocsp - before.ocsp).toBeGreaterThan(0); // fresh information for the chain of the first document time-stamp
      expect(storeOf(renewed).ocspsDer.length).toBeGreaterThan(storeOf(signed).ocspsDer.length);
      clock.advance(2 * YEAR_MS);
      expect(await world.verify(renewed, { online: true })).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ level: 'B-LTA', signingTime: { source: 'document-timestamp' } }] });
      expect((await world.verify(signed, { online: true })).result).toBe('INDETERMINATE');
    } finally {
      Object.assign(pki, { tsa: firstTsa });
      clock.set(begin);
    }
  });
});

describe('what cannot be raised', () => {
  const tampered = async (): Promise<Buffer> => {
    const pdf = await world.sign(await samplePdf(), world.pki.officer, 'B-T');
    pdf.write('/MediaBoz', pdf.indexOf('/MediaBox'), 'latin1');
    return pdf;
  };
  const changed = async (): Promise<Buffer> =>
    appendUpdate(await world.sign(onePagePdf(), world.pki.officer, 'B-T'), (update) => update.put({ kind: 'ref', num: 3, gen: 0 }, dict({ Rotate: 90 })));

  it.each<[string, () => Promise<Uint8Array>, string, RegExp]>([
    ['a document without a signature', () => samplePdf(), 'NOT_SIGNED', /sign it first/],
    ['a signature over other bytes', tampered, 'SIGNATURE_INVALID', /is not what the document holds/],
    ['a document changed after its signature', changed, 'SIGNATURE_INVALID', /changes were made after it/],
    ['bytes after the end', async () => Buffer.concat([await world.sign(onePagePdf(), world.pki.seal, 'B-B'), Buffer.from('more\n')]), 'SIGNATURE_INVALID', /what it covers is not clear/],
    ['what is no PDF', () => Promise.resolve(Buffer.from('PK\x03\x04')), 'MEDIA_TYPE_UNSUPPORTED', /neither a PDF nor/],
    ['an empty file', () => Promise.resolve(Buffer.alloc(0)), 'DOCUMENT_EMPTY', /empty/],
  ])('refuses %s, in words, before an authority is asked', async (_, make, code, words) => {
    const bytes = await make();
    const asked = world.server.served.tsa;
    await expect(world.extend(bytes, 'B-LTA')).rejects.toMatchObject({ code, message: expect.stringMatching(words) as string });
    expect(world.server.served.tsa).toBe(asked);
  });

  it('names the one signature that leads to no anchor, and raises the other when asked for it alone', async () => {
    const twice = await signPdf(await world.sign(onePagePdf(), world.pki.officer, 'B-T'), testIdentity({ key: 'p256' }));
    await expect(world.extend(twice, 'B-LT')).rejects.toMatchObject({ code: 'CERTIFICATE_CHAIN', message: expect.stringContaining('“Signature2”') as string });
    const raised = await world.extend(twice, 'B-LTA', world.ports(), 'Signature1');
    expect((await levelsOf(raised))[0]).toBe('B-LTA TOTAL-PASSED');
    await expect(world.extend(twice, 'B-T', world.ports(), 'Nobody')).rejects.toMatchObject({ code: 'PDF_FIELD_NOT_FOUND', message: expect.stringContaining('“Signature1”, “Signature2”') as string });
  });
});

describe.skipIf(!requireVectors('pyhanko-generated'))('what others signed', () => {
  it('is raised to B-T without a byte of it changed, or refused with a reason', async () => {
    const rows = readFileSync(vectorPath('pyhanko-generated', 'expected.tsv'), 'utf8').trim().split('\n').slice(1).map((line) => line.split('\t')[1] ?? '');
    const outcomes = new Map<string, number>();
    for (const file of [...new Set(rows)].slice(0, 400)) {
      const base = readFileSync(vectorPath('pyhanko-generated', file));
      const outcome = await world.extend(base, 'B-T').then(
        async (raised) => {
          expect(startsWith(raised, base)).toBe(true);
          return (await world.verify(raised)).signatures.every(({ level, integrity }) => integrity === 'intact' && (level === 'B-T' || level === 'B-LT' || level === 'B-LTA')) ? 'raised' : `${file} was not raised`;
        },
        (error: unknown) => (isGatewayError(error) ? error.code : `${file} failed otherwise`),
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect([...outcomes.keys()].filter((outcome) => !/^(raised|NOT_SIGNED|SIGNATURE_INVALID|LEVEL_UNSUPPORTED|PDF_[A-Z]+)$/.test(outcome))).toEqual([]);
    expect(outcomes.get('raised')).toBeGreaterThan(25);
  });
});
