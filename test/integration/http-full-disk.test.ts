import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SANDBOX_CLIENT, startSandboxCsc, type SandboxCsc } from '../../sandbox/csc/start.ts';
import { dict, stream } from '../../src/formats/pdf/objects.ts';
import type { KeyId } from '../../src/domain/ids.ts';
import type { Problem } from '../../src/formats/api/problem.ts';
import { addKeyElsewhere, grantKey } from '../../src/usecases/administer-keys.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { cscSecretsBytes } from '../../src/wiring/key-secrets.ts';
import { ask, askRaw, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { appendUpdate, samplePdf } from '../support/pdf.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';
import { canMount, smallDisk, type SmallDisk } from '../support/small-disk.ts';

/** The gateway on a disk that fills up, as its callers see it. */

const DISK_KIB = 4_096;
const KEY = 'seal' as KeyId;

describe.skipIf(!canMount())('a full disk (needs the right to mount one)', () => {
  let disk: SmallDisk;
  let fresh: FreshRecords;
  let gateway: TestGateway;
  let csc: SandboxCsc;
  let land: TestPartner;
  let bytes: Buffer;

  beforeAll(async () => {
    disk = smallDisk(DISK_KIB);
    fresh = await freshRecords();
    csc = await startSandboxCsc();
    gateway = await startTestGateway({ beside: { fresh, documentsPath: join(disk.path, 'documents') } });
    land = await gateway.addPartner('land-registry');
    const ports = { ...fresh, clock: systemClock, chance: systemChance(systemClock) };
    const [leaf, ...issuers] = csc.credentials.get('con-dau')?.chainDer ?? [];
    if (leaf === undefined) throw new Error('no credential');
    const access = { kind: 'client-credentials', tokenUrl: `${csc.apiUrl}/oauth2/token`, clientId: SANDBOX_CLIENT.clientId } as const;
    await addKeyElsewhere(ports, 'operator:test', { id: KEY, purpose: 'document', scheme: 'pkcs1', chainDer: [leaf, ...issuers], picturePng: null, place: { kind: 'csc', url: csc.apiUrl, credentialId: 'con-dau', access }, secret: cscSecretsBytes({ access: SANDBOX_CLIENT.clientSecret, pin: null }) });
    await grantKey(ports, 'operator:test', land.id, KEY);
    // Bytes that do not fit twice where they fit once.
    bytes = appendUpdate(await samplePdf(), (update) => update.add(stream(dict({}), randomBytes(600_000))));
  });
  afterEach(() => rmSync(filler(), { force: true }));
  afterAll(async () => {
    await gateway.close();
    await csc.close();
    await fresh.close();
    disk.remove();
  });

  const filler = (): string => join(disk.path, 'filler');
  function leaveFree(kib: number): void {
    rmSync(filler(), { force: true });
    const { bavail, bsize } = statfsSync(disk.path);
    writeFileSync(filler(), randomBytes(Math.max(0, bavail * bsize - kib * 1024)));
  }
  const files = (): string[] => readdirSync(disk.path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name !== 'filler').map(({ name }) => name).sort();
  const sign = (): Promise<Response> => {
    const body = new FormData();
    body.set('options', JSON.stringify({ keyId: KEY }));
    body.set('document', new Blob([new Uint8Array(bytes)], { type: 'application/pdf' }), 'a.pdf');
    return askRaw(gateway.url, '/v1/signatures', { token: land.token, body });
  };
  const signed = async (): Promise<{ result: string }[]> => (await fresh.handle.pool.query<{ result: string }>(`SELECT result FROM signature_evidence WHERE result = 'signed'`)).rows;

  it.each([
    ['while the document comes', 100, 0],
    ['when the signed one is put away', 900, 1],
  ])('%s: STORAGE_FULL, nothing released, nothing left behind, and the next one is signed when there is room', async (_, free, usesMore) => {
    const [before, made, uses] = [files(), (await signed()).length, (await fresh.records.keys.uses(KEY)).failed];
    leaveFree(free);
    const refused = await sign();
    expect([refused.status, (await refused.json()) as Problem]).toEqual([507, expect.objectContaining({ code: 'STORAGE_FULL', retryable: true })]);
    expect([files(), (await signed()).length, (await fresh.records.keys.uses(KEY)).failed]).toEqual([before, made, uses + usesMore]);
    rmSync(filler());
    expect((await sign()).status).toBe(200);
    expect((await signed()).length).toBe(made + 1);
  });

  it('answers STORAGE_FULL to a document that is handed in to be kept, and keeps nothing of it', async () => {
    const before = files();
    leaveFree(100);
    const { status, body } = await ask(gateway.url, '/v1/documents', { token: land.token, method: 'POST', body: new Uint8Array(bytes), headers: { 'content-type': 'application/pdf' } });
    expect([status, body.code]).toEqual([507, 'STORAGE_FULL']);
    expect(files()).toEqual(before);
  });
});
