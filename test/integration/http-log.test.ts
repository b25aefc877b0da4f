import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/telemetry/log.ts';
import { askRaw, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';

/** What strangers send, and what stands in the log of it. */

/** Would be a line of its own, and move the cursor of who looks at it in a terminal. */
const FORGED = '{"level":50,"event":"forged"}';
const WAYS = [`\n${FORGED}\n`, `\r\n${FORGED}`, `\u2028${FORGED}\u2028`, `\u001b[2K${FORGED}\u001b[1A`, `","event":"forged","x":"`];

const lines: string[] = [];
let gateway: TestGateway;
let land: TestPartner;

beforeAll(async () => {
  gateway = await startTestGateway({ log: createLog({ level: 'debug', write: (line) => void lines.push(line) }) });
  land = await gateway.addPartner('land-registry', { agencies: ['H57.12'] });
});
afterAll(() => gateway.close());

describe('a log line', () => {
  it.each(WAYS)('is one JSON object, with none beside it and no control character, whatever is sent: %j', async (words) => {
    const opening = { agencyCode: 'H57.12', procedure: { code: '1', name: words }, title: words, [words]: words };
    await askRaw(gateway.url, `/v1/${encodeURIComponent(words)}?${encodeURIComponent(words)}=${encodeURIComponent(words)}`, { token: land.token });
    await askRaw(gateway.url, '/v1/dossiers', { token: land.token, json: opening });
    await askRaw(gateway.url, '/v1/dossiers', { token: encodeURIComponent(words), json: opening });
    const head = ['GET /v1/keys HTTP/1.1', 'Host: a', `User-Agent: ${words.replaceAll(/[\r\n]/g, ' ')}`, `X-Request-Id: ${words.replaceAll(/[\r\n]/g, ' ')}`, `Traceparent: ${FORGED}`, 'Connection: close'];
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.end(Buffer.from(`${head.join('\r\n')}\r\n\r\n`));
    expect(await text(socket)).toContain('HTTP/1.1 4');

    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) {
      expect(line.endsWith('\n') && !/[\u0000-\u001f\u007f]/.test(line.slice(0, -1)), line).toBe(true);
      expect((JSON.parse(line) as { event: string }).event).not.toBe('forged');
    }
  });
});
