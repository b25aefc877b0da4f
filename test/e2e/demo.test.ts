import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPdfSignatures } from '../../src/formats/pades/signatures.ts';
import { signedBytes } from '../../src/formats/pades/embed.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { readAsn1Prefix } from '../../src/formats/asn1/reader.ts';
import { readSignedData } from '../../src/formats/cms/signed-data.ts';
import { checkSignerInfo } from '../../src/formats/cms/check-signer-info.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { pdfsigVerdicts, qpdfComplaints } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';

/** The demo as a stranger runs it, its results judged by other people's software. */

let dir: string;
let result: CliResult;
const out = (name: string): string => join(dir, 'out', name);
const read = async (name: string): Promise<Buffer> => readFile(out(name));
const json = async <T>(name: string): Promise<T> => JSON.parse((await read(name)).toString('utf8')) as T;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lienthong-demo-'));
  result = await runCli(['demo', '--json', '--out', join(dir, 'out')], { cwd: dir });
}, 120_000);

afterAll(() => rm(dir, { recursive: true, force: true }));

interface Summary {
  readonly ok: boolean;
  readonly dossier: string;
  readonly couriersBooked: number;
  readonly steps: readonly { readonly name: string; readonly ms: number }[];
  readonly files: Readonly<Record<string, string>>;
}

describe('lienthong demo', () => {
  it('succeeds, and its last line is the summary', async () => {
    expect(result.stderr).toBe('');
    expect(result.exitCode).toBe(0);
    const summary = JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '') as Summary;
    expect(summary).toEqual(await json<Summary>('summary.json'));
    expect(summary).toMatchObject({ ok: true, couriersBooked: 1 });
    expect(summary.dossier).toMatch(/^H57\.12\.03-\d{6}-\d{4}$/);
    for (const file of Object.values(summary.files)) expect(existsSync(join(dir, file)), file).toBe(true);
  });

  it('keeps the original a byte prefix of the signed file, and the once-signed one of the twice-signed', async () => {
    const [original, once, twice] = [await read('quyet-dinh.original.pdf'), await read('quyet-dinh.signed-officer.pdf'), await read('quyet-dinh.signed.pdf')];
    expect(once.subarray(0, original.length).equals(original)).toBe(true);
    expect(twice.subarray(0, once.length).equals(once)).toBe(true);
  });

  it('raises the decision for the archive: both signatures B-LTA, found so without a network', async () => {
    const [signed, archived] = [await read('quyet-dinh.signed.pdf'), await read('quyet-dinh.lta.pdf')];
    expect(archived.subarray(0, signed.length).equals(signed)).toBe(true);
    const { exitCode, stdout } = await runCli(['verify', out('quyet-dinh.lta.pdf'), '--trust', out('trust'), '--offline', '--json']);
    const report = JSON.parse(stdout) as { readonly signatures: readonly { readonly level: string }[] };
    expect({ exitCode, levels: report.signatures.map(({ level }) => level) }).toEqual({ exitCode: 0, levels: ['B-LTA', 'B-LTA'] });
  });

  it('shows the seal over the officer’s signature without alarm: the officer’s signature foresaw its field', async () => {
    const { signatures } = await json<{ signatures: { integrity: string; coverage: { changesAfter: string }; warnings: string[] }[] }>('verification.json');
    expect(signatures.map(({ integrity, coverage }) => [integrity, coverage.changesAfter])).toEqual([['intact', 'permitted'], ['intact', 'none']]);
    expect(signatures.flatMap(({ warnings }) => warnings).filter((warning) => /field|page|look/.test(warning))).toEqual([]);
  });

  it('verifies as TOTAL-PASSED, every certificate of the officer and the agency asked about (EN 319 102-1 §5.3)', async () => {
    interface Verified {
      readonly result: string;
      readonly signatures: readonly { readonly indication: string; readonly revocation: readonly { readonly status: string; readonly source: string }[] }[];
      readonly timestamps: readonly { readonly indication: string }[];
    }
    const { result: verdict, signatures, timestamps } = await json<Verified>('verification.json');
    expect(verdict).toBe('TOTAL-PASSED');
    expect((await json<{ verification: string }>('summary.json')).verification).toBe('TOTAL-PASSED');
    expect(signatures.map(({ indication }) => indication)).toEqual(['TOTAL-PASSED', 'TOTAL-PASSED']);
    for (const { status, source } of signatures.flatMap(({ revocation }) => revocation)) expect({ status, source }).toEqual({ status: 'good', source: 'fetched' });
    expect(timestamps.map(({ indication }) => indication)).toEqual(['PASSED', 'PASSED']);
  });

  it('leaves one timeline: created, signed twice, sent, delivered, taken in, ordered, delivered by the post', async () => {
    const { timeline } = await json<{ timeline: { seq: number; kind: string }[] }>('timeline.json');
    expect(timeline.map(({ seq }) => seq)).toEqual(timeline.map((_, index) => index + 1));
    const kinds = timeline.map(({ kind }) => kind);
    expect(kinds[0]).toBe('dossier.created');
    for (const kind of ['signature.made', 'message.accepted', 'message.delivered', 'postal.ordered', 'postal.accepted', 'postal.delivered']) expect(kinds).toContain(kind);
    expect(kinds.filter((kind) => kind === 'signature.made')).toHaveLength(2);
    expect(kinds.filter((kind) => kind === 'postal.accepted')).toHaveLength(1);
  });

  it('shows unverified codes of the carrier raw, and only 4 as delivered (vietnam.md A1.2)', async () => {
    const { state, events } = await json<{ state: string; events: { status: string; carrierCode: string; carrierText: string }[] }>('postal-order.json');
    expect(state).toBe('DELIVERED');
    for (const { status, carrierCode, carrierText } of events) {
      expect(status).toBe(carrierCode === '4' ? 'DELIVERED' : 'UNKNOWN');
      expect(carrierText).not.toBe('');
    }
    expect(events.length).toBeGreaterThan(1);
  });

  it('writes no personal data and no secret into the log', async () => {
    const log = (await read('gateway.log')).toString('utf8');
    for (const canary of ['Trần Văn', 'Trần Thị', 'sandbox-secret', 'whsec_', 'Bearer', 'PRIVATE KEY']) expect(log).not.toContain(canary);
    expect(log.split('\n').filter((line) => line !== '').every((line) => typeof JSON.parse(line) === 'object')).toBe(true);
  });
});

describe.skipIf(!requireTool('pdfsig') || !requireTool('qpdf'))('the demo’s document before pdfsig and qpdf', () => {
  it('both signatures are valid, the last over the total document, and the structure is clean', async () => {
    const signed = await read('quyet-dinh.signed.pdf');
    expect(pdfsigVerdicts(signed)).toEqual([{ valid: true, wholeDocument: false }, { valid: true, wholeDocument: true }]);
    expect(qpdfComplaints(signed)).toBe('');
  });
});

describe.skipIf(!requireTool('openssl'))('the demo’s signatures before openssl', () => {
  it('accepts each CMS as CAdES over its byte ranges, and each time-stamp over its signature value', async () => {
    const source = bytesSource(await read('quyet-dinh.signed.pdf'));
    for (const { id, contents, byteRange } of readPdfSignatures(source).signatures) {
      const [content, cms, token, value] = ['content', 'cms', 'token', 'value'].map((name) => out(`${id}.${name}`)) as [string, string, string, string];
      await writeFile(content, Buffer.concat([...signedBytes(source, byteRange ?? [])]));
      const signedData = readSignedData(contents);
      await writeFile(cms, readAsn1Prefix(contents, { rules: 'BER' }).bytes); // without the padding
      const signerInfo = signedData.signerInfos[0];
      if (signerInfo === undefined) throw new Error('no SignerInfo');
      const { signatureTimestamps } = checkSignerInfo({ signedData, signerInfo, profile: 'pades' });
      await writeFile(token, signatureTimestamps[0] ?? new Uint8Array());
      await writeFile(value, signerInfo.signature);
      execFileSync('openssl', ['cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', cms, '-content', content, '-CAfile', out('trust/root.pem'), '-purpose', 'any', '-out', '/dev/null'], { stdio: 'pipe' });
      const said = execFileSync('openssl', ['ts', '-verify', '-token_in', '-in', token, '-data', value, '-CAfile', out('trust/root.pem')], { stdio: 'pipe' }).toString();
      expect(said).toContain('Verification: OK');
    }
  });
});
