import { once } from 'node:events';
import { request as httpRequest, Agent, type IncomingMessage, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../src/domain/errors.ts';
import { bodyBytes, wholeBody } from '../../../src/http/request-body.ts';
import { startHttpServer, type HttpServer, type ServerSettings } from '../../../src/http/server.ts';

const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(listener: RequestListener, settings: Partial<ServerSettings> = {}): Promise<HttpServer> {
  const server = await startHttpServer(() => listener, { host: '127.0.0.1', port: 0, drainMs: 100, ...settings });
  servers.push(server);
  return server;
}

describe('startHttpServer', () => {
  it('finishes what is under way, refuses what is new, and closes idle connections when it is closed', async () => {
    let finish: (() => void) | undefined;
    const server = await start((request, response) => {
      if (request.url === '/slow') finish = () => response.end('done');
      else response.end('quick');
    }, { drainMs: 20_000 });
    const agent = new Agent({ keepAlive: true });
    const idle = httpRequest(`${server.url}/quick`, { agent }).end();
    const [quick] = (await once(idle, 'response')) as [NodeJS.ReadableStream];
    expect(await text(quick)).toBe('quick');
    const slow = fetch(`${server.url}/slow`);
    await expect.poll(() => finish !== undefined).toBe(true);
    expect(server.isDraining()).toBe(false);
    const closed = server.close();
    expect(server.isDraining()).toBe(true);
    await expect.poll(() => fetch(`${server.url}/quick`).then(() => 'answered', () => 'refused')).toBe('refused');
    finish?.();
    expect(await (await slow).text()).toBe('done');
    await closed;
    agent.destroy();
  });

  it('answers a request that comes over a kept connection while it closes, and says that the connection ends (RFC 9112 §9.6)', async () => {
    const server = await start((_, response) => response.end('answer'), { drainMs: 20_000, lingerMs: 200 });
    const socket = connect(server.port, '127.0.0.1');
    const said: string[] = [];
    socket.setEncoding('utf8').on('data', (chunk: string) => said.push(chunk));
    const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    socket.write(request);
    await expect.poll(() => said.join('')).toContain('answer');
    expect(said.join('')).not.toContain('Connection: close');
    said.length = 0;
    socket.write(request);
    const closed = server.close();
    await once(socket, 'close');
    expect(said.join('')).toMatch(/connection: close[^]*answer/i);
    await closed;
  });

  it('says so too in an answer that was under way, and closes a connection nobody uses', async () => {
    let finish: (() => void) | undefined;
    const server = await start((_, response) => void (finish = () => response.end('done')), { drainMs: 20_000, lingerMs: 50 });
    const agent = new Agent({ keepAlive: true });
    const slow = httpRequest(server.url, { agent }).end();
    const idle = connect(server.port, '127.0.0.1');
    await once(idle, 'connect');
    await expect.poll(() => finish !== undefined).toBe(true);
    const closed = server.close();
    finish?.();
    const [answer] = (await once(slow, 'response')) as [IncomingMessage];
    expect([answer.headers.connection, await text(answer)]).toEqual(['close', 'done']);
    await once(idle, 'close');
    await closed;
    agent.destroy();
  });

  it('answers every connection that the kernel has taken for it when it closes: none is reset', async () => {
    const server = await start((_, response) => response.end('answer'), { drainMs: 20_000, lingerMs: 300 });
    const sockets = Array.from({ length: 20 }, () => connect(server.port, '127.0.0.1'));
    const answers = sockets.map((socket) => {
      socket.once('connect', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
      return text(socket);
    });
    await server.close();
    expect((await Promise.all(answers)).filter((answer) => !answer.includes('answer'))).toEqual([]);
  });

  it('cuts what does not end by the deadline', async () => {
    let arrive: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const server = await start(() => arrive?.(), { drainMs: 50 });
    const hanging = fetch(`${server.url}/never`).catch((error: unknown) => String(error));
    await arrived;
    await server.close();
    expect(await hanging).toContain('fetch failed');
  });

  it('says that a port is in use', async () => {
    const { port } = await start((_, response) => response.end());
    await expect(startHttpServer(() => () => undefined, { host: '127.0.0.1', port })).rejects.toSatisfy((error) => isGatewayError(error, 'PORT_IN_USE'));
  });

  it('can be closed twice', async () => {
    const server = await start((_, response) => response.end());
    await expect(Promise.all([server.close(), server.close()])).resolves.toEqual([undefined, undefined]);
  });
});

describe('a request body', () => {
  it('that stops coming is given up: no caller holds a connection by doing nothing', async () => {
    let outcome: Promise<unknown> | undefined;
    const server = await start((request, response) => {
      outcome = wholeBody(request, { maxBytes: 1_000, minBytesPerSecond: 1_000_000, graceMs: 0 }).then(
        () => 'whole',
        (error: unknown) => error,
      );
      void outcome.then(() => response.end());
    });
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined); // it is cut, which is what is wanted
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nten bytes.');
    await once(socket, 'close');
    expect(isGatewayError(await outcome, 'CANCELLED')).toBe(true);
  });

  it('that ends in the middle is told from a whole one', async () => {
    let outcome: Promise<unknown> | undefined;
    const server = await start((request) => {
      outcome = wholeBody(request, { maxBytes: 1_000, minBytesPerSecond: 1, graceMs: 10_000 }).catch((error: unknown) => error);
    });
    const socket = connect(server.port, '127.0.0.1');
    socket.end('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nten bytes.');
    await once(socket.resume(), 'close');
    expect(isGatewayError(await outcome, 'CANCELLED')).toBe(true);
  });

  it('larger than announced limits is refused at its cap, and the connection serves the next request', async () => {
    const server = await start((request, response) => {
      void (async () => {
        try {
          for await (const chunk of bodyBytes(request, { maxBytes: 100, minBytesPerSecond: 1, graceMs: 10_000 })) expect(chunk.length).toBeGreaterThan(0);
          response.end('whole');
        } catch (error) {
          response.statusCode = 413;
          response.end(isGatewayError(error) ? error.code : 'unknown');
        }
      })();
    });
    for (const [size, said] of [[101, 'BODY_TOO_LARGE'], [100, 'whole']] as const) {
      const response = await fetch(server.url, { method: 'POST', body: 'x'.repeat(size) });
      expect(await response.text()).toBe(said);
    }
  });
});
