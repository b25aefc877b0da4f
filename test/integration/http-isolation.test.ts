import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import { eventually } from '../support/eventually.ts';
import { ask, startTestGateway, type Answer, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { onePagePdf } from '../support/pdf.ts';
import { slowPdf } from '../support/slow-pdf.ts';
import { requireVectors, vectorPath } from '../support/vectors.ts';

/** Documents of strangers over HTTP: what they cost, others do not pay for. */

const DEADLINE_MS = 1_000;
const SLOW_OBJECTS = 480_000;
const OTHER_REQUESTS = 10;

let gateway: TestGateway;
let partner: TestPartner;
let slow: Buffer;

beforeAll(async () => {
  gateway = await startTestGateway({ documentTimeoutMs: DEADLINE_MS });
  partner = await gateway.addPartner('land-registry');
  slow = slowPdf(SLOW_OBJECTS);
  // Both workers warm, so that what follows measures documents and not the loading of modules.
  await eventually(() => Promise.all([verify(onePagePdf()), verify(onePagePdf())]), (answers) => answers.every(({ status }) => status === 200), 60_000);
});
afterAll(() => gateway.close());

const verify = (body: Uint8Array, signal?: AbortSignal): Promise<Answer<ValidationReport & { readonly code?: string }>> =>
  ask(gateway.url, '/v1/verifications', { token: partner.token, body: new Uint8Array(body), headers: { 'content-type': 'application/pdf' }, ...(signal !== undefined && { signal }) });

const incoming = (): readonly number[] => {
  const folder = join(gateway.documentsPath, 'incoming');
  return readdirSync(folder).map((name) => statSync(join(folder, name)).size);
};
const isTakenIn = (sizes: readonly number[]): boolean => sizes.includes(slow.length);

describe('a document that takes long', () => {
  it('holds up no other request, and ends at the deadline without a verdict', async () => {
    const ended: string[] = [];
    const slowAnswer = verify(slow).finally(() => ended.push('slow'));
    await eventually(incoming, isTakenIn);
    for (let count = 0; count < OTHER_REQUESTS; count++) {
      expect((await ask(gateway.url, '/v1/keys', { token: partner.token })).status).toBe(200);
      ended.push('other');
    }
    const { status, body, headers } = await slowAnswer;
    expect(ended).toEqual([...Array.from({ length: OTHER_REQUESTS }, () => 'other'), 'slow']);
    expect({ status, type: headers.get('content-type') }).toEqual({ status: 422, type: expect.stringContaining('application/problem+json') as string });
    expect(body.code).toBe('BUDGET_EXCEEDED');
    expect(incoming()).toEqual([]);
  });

  it('is given up and removed when its caller goes away, and the next document is judged', async () => {
    const gone = new AbortController();
    const abandoned = verify(slow, gone.signal).then(() => 'answered', () => 'abandoned');
    await eventually(incoming, isTakenIn);
    gone.abort();
    expect(await abandoned).toBe('abandoned');
    await eventually(incoming, (sizes) => sizes.length === 0);
    const { status, body } = await eventually(() => verify(onePagePdf()), (answer) => answer.status !== 503 && answer.body.code !== 'BUDGET_EXCEEDED');
    expect({ status, result: body.result }).toEqual({ status: 200, result: 'NO-SIGNATURE' });
  });
});

const HOSTILE = ['circular-page-tree.pdf', 'form-tree-circular-ref-input.pdf', 'struct-tree-circular-ref.pdf', 'minimal-startxref-hopeless.pdf', 'malformed-encrypt-dict1.pdf', 'broken-objstream1.pdf'];

describe.skipIf(!requireVectors('pyhanko', 'pdf'))('a hostile document (pyHanko’s vectors)', () => {
  it.each(HOSTILE)('%s is answered, never as valid', async (name) => {
    const bytes = readFileSync(vectorPath('pyhanko', 'pdf', name));
    const { status, body } = await eventually(() => verify(bytes), (answer) => answer.status !== 503);
    expect(status).toBe(200);
    expect(['UNREADABLE', 'NO-SIGNATURE']).toContain(body.result);
  });
});
