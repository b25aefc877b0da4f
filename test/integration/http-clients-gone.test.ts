import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { ask, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';

/** Clients that leave in the middle of what they send, a thousand of them. */

const MB = 1024 * 1024;
const LANES = 50;

describe.skipIf(process.platform !== 'linux')('clients gone in the middle of an upload (looks into /proc)', () => {
  let gateway: TestGateway;
  let land: TestPartner;
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;

  beforeAll(async () => {
    gateway = await startTestGateway();
    land = await gateway.addPartner('land-registry');
  });
  afterAll(() => gateway.close());

  const bounds = '--canh-giua--';
  const head = (): Buffer =>
    Buffer.from(
      [
        'POST /v1/signatures HTTP/1.1',
        'Host: gateway',
        `Authorization: Bearer ${land.token}`,
        `Content-Type: multipart/form-data; boundary=${bounds}`,
        `Content-Length: ${10 * MB}`,
        '',
        `--${bounds}`,
        'Content-Disposition: form-data; name="document"; filename="a.pdf"',
        'Content-Type: application/pdf',
        '',
        '',
      ].join('\r\n'),
    );
  const part = Buffer.alloc(64 * 1024, 0x20);

  async function leave(after: number): Promise<void> {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    await new Promise((resolve) => socket.write(Buffer.concat([head(), part.subarray(0, after)]), resolve));
    socket.resetAndDestroy();
  }
  async function leaveOften(count: number): Promise<void> {
    let left = count;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await leave((left * 977) % part.length);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }
  const incoming = (): string[] => readdirSync(join(gateway.documentsPath, 'incoming'));
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const heapMb = (): number => {
    collectGarbage();
    return process.memoryUsage().heapUsed / MB;
  };

  it('leave no descriptor, no file and no memory behind, and the gateway goes on', async () => {
    await leaveOften(200); // whatever is made once is made
    await eventually(() => incoming().length, (count) => count === 0);
    const [descriptorsBefore, heapBefore] = [descriptors(), heapMb()];
    await leaveOften(1_000);
    await eventually(() => incoming().length, (count) => count === 0);
    await eventually(() => descriptors(), (count) => count <= descriptorsBefore + 2);
    await eventually(() => heapMb() - heapBefore, (grown) => grown < 8);
    expect((await ask(gateway.url, '/v1/keys', { token: land.token })).status).toBe(200);
  }, 180_000);
});
