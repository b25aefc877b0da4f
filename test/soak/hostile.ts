import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { request, type Dispatcher } from 'undici';

/** Requests that mean no good, each with the answer it must get. */

export interface HostileTarget {
  readonly url: string;
  readonly apiKey: string;
  readonly dispatcher: Dispatcher;
}

export interface Hostile {
  readonly name: string;
  readonly status: number;
  readonly send: (target: HostileTarget) => Promise<number>;
}

interface Call {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const MESSAGES = '/v1/dossiers/H57.12.03-261124-00001/messages';
const JSON_TYPE = { 'content-type': 'application/json' };

/** A POST of JSON to /v1/dossiers, where nothing else is said. */
function call(name: string, status: number, { method = 'POST', path = '/v1/dossiers', headers = JSON_TYPE, body = '{}' }: Call): Hostile {
  return {
    name,
    status,
    async send({ url, apiKey, dispatcher }) {
      const answer = await request(url + path, { method, headers: { authorization: `Bearer ${apiKey}`, ...headers }, body: method === 'POST' ? body : null, dispatcher });
      await answer.body.dump();
      return answer.statusCode;
    },
  };
}

/** Bytes that no client of HTTP would send. */
function wire(name: string, status: number, bytes: string): Hostile {
  return {
    name,
    status,
    async send({ url }) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.setTimeout(30_000, () => socket.destroy(new Error('no answer')));
      socket.end(bytes);
      return Number(/^HTTP\/1\.1 (\d{3})/.exec(await text(socket))?.[1] ?? 0);
    },
  };
}

export const HOSTILE: readonly Hostile[] = [
  call('malformed JSON', 400, { body: '{"agencyCode": ' }),
  call('bytes that are not UTF-8', 400, { body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) }),
  call('half a surrogate pair', 400, { body: '{"agencyCode":"\\ud800"}' }),
  call('JSON a hundred thousand levels deep', 400, { body: '['.repeat(100_000) + ']'.repeat(100_000) }),
  call('a key that reaches for the prototype', 400, { body: '{"agencyCode":"H57.12","__proto__":{"polluted":true}}' }),
  call('another media type', 415, { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'agencyCode=H57.12' }),
  call('a compressed body', 415, { headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }),
  call('an array', 422, { body: '[]' }),
  call('two megabytes of JSON', 413, { body: JSON.stringify({ title: 'x'.repeat(2 * 1024 * 1024) }) }),
  call('10,000 recipients', 422, { path: MESSAGES, body: JSON.stringify({ type: 'dossier.progress', to: Array.from({ length: 10_000 }, () => 'H57.21') }) }),
  call('a body of a message above its cap', 422, { path: MESSAGES, body: JSON.stringify({ type: 'dossier.progress', to: ['H57.21'], body: { own: 'x'.repeat(300 * 1024) } }) }),
  call('an agency nobody serves', 422, { path: MESSAGES, body: JSON.stringify({ type: 'dossier.progress', to: ['H99.99'] }) }),
  call('a paper there is not', 404, { path: MESSAGES, body: JSON.stringify({ type: 'dossier.progress', to: ['H57.21'], documents: [{ documentId: '00000000-0000-4000-8000-000000000000', role: 'paper' }] }) }),
  call('a receipt for nothing', 404, { path: '/v1/inbox/00000000-0000-4000-8000-000000000000/receipt', body: JSON.stringify({ messageId: '00000000-0000-4000-8000-000000000000', manifestSha256: 'ab'.repeat(32) }) }),
  call('an Idempotency-Key that is none', 422, { path: MESSAGES, headers: { ...JSON_TYPE, 'idempotency-key': 'a'.repeat(256) }, body: JSON.stringify({ type: 'dossier.progress', to: ['H57.21'] }) }),
  call('a code that is none', 422, { method: 'GET', path: '/v1/dossiers/H57.12-261332-0001' }),
  call('an address that cannot be decoded', 400, { method: 'GET', path: '/v1/dossiers/%E0%A4%A' }),
  call('lines for the log', 404, { method: 'GET', path: '/v1/%0d%0a%7b%22level%22%3a60%7d' }),
  call('a method there is not', 405, { method: 'DELETE' }),
  call('a wrong key', 401, { headers: { ...JSON_TYPE, authorization: `Bearer lt_${'0'.repeat(32)}_${'A'.repeat(43)}` } }),
  wire('content-length and chunked together', 400, 'POST /v1/dossiers HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  wire('two lengths', 400, 'POST /v1/dossiers HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde'),
  wire('no host', 400, 'GET /healthz HTTP/1.1\r\n\r\n'),
  wire('something that is not HTTP', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
  wire('17 KB of headers', 431, `GET /healthz HTTP/1.1\r\nHost: a\r\nX-Large: ${'x'.repeat(17 * 1024)}\r\n\r\n`),
];
