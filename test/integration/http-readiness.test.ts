import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { ask, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { serverConnection } from '../support/postgres.ts';

let gateway: TestGateway;
let land: TestPartner;

beforeAll(async () => {
  gateway = await startTestGateway();
  land = await gateway.addPartner('land-registry');
});
afterAll(() => gateway.close());

/** Shuts the gateway's database to everybody, or opens it again, as an outage would. */
async function setDatabase(open: boolean): Promise<void> {
  const client = new pg.Client(await serverConnection());
  await client.connect();
  try {
    const { database } = gateway.fresh.connection;
    await client.query(`ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS ${String(open)}`);
    if (!open) await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]);
  } finally {
    await client.end();
  }
}

interface Ready {
  readonly ready: boolean;
  readonly parts: { readonly database: string; readonly documents: string; readonly queue: string };
}

const ready = (): ReturnType<typeof ask<Ready>> => ask<Ready>(gateway.url, '/readyz');

describe('while the database is down', () => {
  it('the process lives, is not ready, and tells callers to come again; afterwards it works as before', async () => {
    expect(await eventually(ready, ({ body }) => body.parts.queue === 'up')).toMatchObject({ status: 200, body: { ready: true, degraded: false } });
    await setDatabase(false);
    try {
      expect(await eventually(ready, ({ status }) => status === 503)).toMatchObject({ body: { ready: false, parts: { database: 'down', documents: 'up' } } });
      expect((await ask(gateway.url, '/healthz')).status).toBe(200);
      const refused = await ask(gateway.url, '/v1/keys', { token: land.token });
      expect(refused).toMatchObject({ status: 503, body: { code: 'DATABASE_UNAVAILABLE', origin: 'gateway', retryable: true } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    } finally {
      await setDatabase(true);
    }
    await eventually(ready, ({ status }) => status === 200);
    expect((await ask(gateway.url, '/v1/keys', { token: land.token })).status).toBe(200);
  });
});
