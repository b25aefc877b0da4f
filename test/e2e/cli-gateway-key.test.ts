import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki } from '../../certs/dev/create-dev-pki.ts';
import { writeDevPki } from '../../certs/dev/write-dev-pki.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { samplePdf } from '../support/pdf.ts';
import { freshDatabase, type FreshDatabase } from '../support/postgres.ts';

/** `sign --key`: a key of the gateway's store, used by whoever administers it, with its journal and its evidence. */

let folder: string;
let server: SandboxPki;
let database: FreshDatabase;
let client: pg.Client;
let env: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lienthong-cli-gateway-key-'));
  server = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
  await writeDevPki(server.pki, join(folder, 'pki'));
  writeFileSync(join(folder, 'a.pdf'), await samplePdf());
  writeFileSync(join(folder, 'b.pdf'), await samplePdf({ pages: 2 }));
  database = await freshDatabase();
  client = new pg.Client(database.connection);
  await client.connect();
  const { host, port, user, password, database: name } = database.connection as unknown as Readonly<Record<string, string>>;
  env = {
    DATABASE_URL: `postgres://${user}:${encodeURIComponent(password ?? '')}@localhost:${port}/${name}?host=${encodeURIComponent(host ?? '')}`,
    LIENTHONG_DATA: join(folder, 'data'),
    LIENTHONG_OUTBOUND_ALLOW: new URL(server.url).host,
    LIENTHONG_TSA_URLS: `${server.url}/tsa`,
    LIENTHONG_TRUST: join(folder, 'pki/trust'),
  };
  const added = await cli('keys', 'add', 'can-bo', '--p12', 'pki/keys/officer.p12', '--passphrase-file', 'pki/keys/officer.passphrase');
  expect(added).toMatchObject({ exitCode: 0 });
}, 60_000);
afterAll(async () => {
  await client.end();
  await database.drop();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (...args: readonly string[]): Promise<CliResult> => runCli(args, { env, cwd: folder });

interface EvidenceRow {
  readonly result: string;
  readonly partner_id: string | null;
  readonly key_id: string;
  readonly use_id: string | null;
  readonly input_sha256: string;
  readonly output_sha256: string | null;
  readonly level: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

const evidence = async (): Promise<readonly EvidenceRow[]> => (await client.query<EvidenceRow>('SELECT * FROM signature_evidence ORDER BY at')).rows;
const uses = async (): Promise<number> => Number((await client.query<{ count: string }>('SELECT count(*) FROM key_use')).rows[0]?.count);
const sha256Of = (file: string): string => createHash('sha256').update(readFileSync(join(folder, file))).digest('hex');

describe('lienthong sign --key', () => {
  it('signs at B-LTA with the gateway’s authorities, anchors and policy; the use is counted, and evidence names the operator', async () => {
    const signed = await cli('sign', 'a.pdf', '--out', 'a.signed.pdf', '--key', 'can-bo', '--level', 'B-LTA', '--json');
    expect(signed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(signed.stdout)).toMatchObject({ level: 'B-LTA', chain: 'reached', revocation: 'good' });
    const verified = await cli('verify', 'a.signed.pdf', '--trust', 'pki/trust', '--offline', '--json');
    expect((JSON.parse(verified.stdout) as ValidationReport).signatures).toMatchObject([{ level: 'B-LTA', indication: 'TOTAL-PASSED' }]);
    expect(await evidence()).toMatchObject([{ result: 'signed', partner_id: null, key_id: 'can-bo', use_id: expect.any(String) as string, level: 'B-LTA', input_sha256: sha256Of('a.pdf'), output_sha256: sha256Of('a.signed.pdf'), detail: { actor: expect.stringMatching(/^operator:/) as string, certificateStatus: 'good' } }]);
    const { rows } = await client.query("SELECT actor, subject FROM audit WHERE action = 'sign-document'");
    expect(rows).toMatchObject([{ actor: expect.stringMatching(/^operator:/) as string, subject: 'key:can-bo' }]);
  });

  it('signs many, one use and one row of evidence each, as enveloping CAdES too', async () => {
    const before = { uses: await uses(), rows: (await evidence()).length };
    expect(await cli('sign', 'a.pdf', 'b.pdf', '--out-dir', '.', '--key', 'can-bo', '--format', 'cades', '--packaging', 'enveloping')).toMatchObject({ exitCode: 0 });
    expect({ uses: await uses(), rows: (await evidence()).length }).toEqual({ uses: before.uses + 2, rows: before.rows + 2 });
    expect((await evidence()).map(({ output_sha256 }) => output_sha256)).toEqual(expect.arrayContaining([sha256Of('a.pdf.p7m'), sha256Of('b.pdf.p7m')]));
  });

  it('writes down what failed, and releases nothing', async () => {
    server.faults.tsa = { kind: 'reset' };
    try {
      expect(await cli('sign', 'a.pdf', '--out', 'x.pdf', '--key', 'can-bo', '--level', 'B-T')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('[TSA_UNAVAILABLE]') as string });
    } finally {
      server.faults.tsa = null;
    }
    expect((await evidence()).at(-1)).toMatchObject({ result: 'failed', use_id: expect.any(String) as string, output_sha256: null, detail: { code: 'TSA_UNAVAILABLE' } });
    expect(existsSync(join(folder, 'x.pdf'))).toBe(false);
  });

  it('refuses a key that is not there, one that serves something else, and two keys at once', async () => {
    const sign = (...more: readonly string[]): Promise<CliResult> => cli('sign', 'a.pdf', '--out', 'x.pdf', ...more);
    expect(await sign('--key', 'ai-do')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('[KEY_NOT_FOUND]') as string });
    expect(await sign('--key', 'can-bo', '--p12', 'pki/keys/officer.p12')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Say one key') as string });
    expect(await cli('keys', 'add', 'trao-doi', '--purpose', 'exchange', '--p12', 'pki/keys/officer.p12', '--passphrase-file', 'pki/keys/officer.passphrase')).toMatchObject({ exitCode: 0 });
    expect(await sign('--key', 'trao-doi')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('[KEY_NOT_GRANTED]') as string });
  });
});
