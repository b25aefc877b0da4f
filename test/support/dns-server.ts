import { createSocket, type Socket } from 'node:dgram';
import { promises, type LookupAddress } from 'node:dns';
import { isIPv4 } from 'node:net';
import { readIpAddress } from '../../src/formats/net-address.ts';
import type { LookupAll } from '../../src/wiring/outbound-http.ts';

/** Addresses of a name, one entry per look-up; the last one stays. Names that are not listed do not exist. */
export type Zone = Readonly<Record<string, readonly (readonly string[])[]>>;

export interface DnsServer {
  /** Looks names up at this server, as an agent's `lookup`. */
  readonly lookup: LookupAll;
  /** Look-ups so far per name. */
  readonly asked: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** A name server over UDP that gives A and AAAA records and can change its mind between two look-ups (RFC 1035). */
export async function startDnsServer(zone: Zone): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const asked = new Map<string, number>();
  const turn = new Map<string, number>();
  socket.on('message', (query, peer) => socket.send(answerTo(query, (name) => zone[name]?.[Math.min(turn.get(name) ?? 0, (zone[name]?.length ?? 1) - 1)]), peer.port, peer.address));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const resolver = new promises.Resolver({ timeout: 2_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  const lookup: LookupAll = (host, _options, callback) => {
    const name = host.toLowerCase();
    turn.set(name, asked.get(name) ?? 0);
    asked.set(name, (asked.get(name) ?? 0) + 1);
    void answer(resolver, name, callback);
  };
  return { lookup, asked, close: () => closeAll(socket, resolver) };
}

async function answer(resolver: promises.Resolver, name: string, callback: Parameters<LookupAll>[2]): Promise<void> {
  const addresses = await addressesFrom(resolver, name);
  callback(addresses.length === 0 ? new Error(`${name} has no address`) : null, addresses);
}

async function addressesFrom(resolver: promises.Resolver, name: string): Promise<LookupAddress[]> {
  const [four, six] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const of = (result: PromiseSettledResult<string[]>, family: number): LookupAddress[] => (result.status === 'fulfilled' ? result.value.map((address) => ({ address, family })) : []);
  return [...of(four, 4), ...of(six, 6)];
}

function closeAll(socket: Socket, resolver: promises.Resolver): Promise<void> {
  resolver.cancel();
  return new Promise((resolve) => socket.close(() => resolve()));
}

const TYPE = { a: 1, aaaa: 28 } as const;

function answerTo(query: Buffer, addressesOf: (name: string) => readonly string[] | undefined): Buffer {
  const { name, end } = questionOf(query);
  const type = query.readUInt16BE(end);
  const addresses = addressesOf(name);
  const fitting = (addresses ?? []).filter((address) => type === (isIPv4(address) ? TYPE.a : TYPE.aaaa));
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(addresses === undefined ? 0x8183 : 0x8180, 2); // NXDOMAIN, or no error
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(fitting.length, 6);
  return Buffer.concat([header, query.subarray(12, end + 4), ...fitting.map((address) => record(type, address))]);
}

function questionOf(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

function record(type: number, address: string): Buffer {
  const size = type === TYPE.a ? 4 : 16;
  const head = Buffer.from([0xc0, 0x0c, 0, type, 0, 1, 0, 0, 0, 0, 0, size]); // the question's name, class IN, not to be kept
  const value = readIpAddress(address)?.value ?? 0n;
  return Buffer.concat([head, Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex')]);
}
