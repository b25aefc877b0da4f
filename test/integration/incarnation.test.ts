import { afterAll, beforeAll, expect, it } from 'vitest';
import { createClient } from '../../client/index.ts';
import { eventually } from '../support/eventually.ts';
import { askRaw, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { RECEIPT, startHttpPartner, type HttpPartner } from '../support/http-partner.ts';

/** Which life of the store speaks, as partners see it: in every answer, and in every push under its signature. */

const NEXT_LIFE = 1_764_000_000;
let gateway: TestGateway;
let restored: TestGateway;
let desk: HttpPartner;
let land: TestPartner;

beforeAll(async () => {
  gateway = await startTestGateway();
  desk = await startHttpPartner({ secret: '', deduplicates: true });
  desk.setReaction(() => RECEIPT);
  land = await gateway.addPartner('land', { agencies: ['H57.12'] });
  desk.setSecret((await gateway.addPartner('desk', { agencies: ['H57.02'], pushUrl: desk.url })).webhookSecret ?? '');
});
afterAll(async () => {
  await restored.close();
  await gateway.close();
  await desk.close();
});

it('stands in answers of every kind and in pushes, and the client tells when it changes', async () => {
  for (const path of ['/healthz', '/v1/dossiers', '/v1/nowhere', '/docs']) expect((await askRaw(gateway.url, path, { token: land.token })).headers.get('gateway-incarnation')).toBe('1');
  const told: number[] = [];
  let { url } = gateway;
  const client = createClient({ url: 'http://gateway.invalid', apiKey: land.token, onIncarnation: (incarnation) => told.push(incarnation), fetch: (address, init) => fetch((address as string).replace('http://gateway.invalid', url), init) });
  const { code } = await client.openDossier({ agencyCode: 'H57.12', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' });
  await gateway.fresh.handle.pool.query('UPDATE standing SET incarnation = $1', [NEXT_LIFE]); // as a restoration does
  restored = await startTestGateway({ beside: gateway });
  ({ url } = restored);
  await client.sendMessage(code, { type: 'dossier.progress', from: 'H57.12', to: ['H57.02'] });
  expect(told).toEqual([1, NEXT_LIFE]);
  const [push] = await eventually(() => desk.pushes, (pushes) => pushes.length > 0);
  expect(push?.headers['gateway-incarnation']).toBe(String(NEXT_LIFE));
  expect(push?.headers['signature-input']).toContain('"gateway-incarnation"');
});
