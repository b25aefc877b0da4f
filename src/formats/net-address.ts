/**
 * Which addresses the gateway may call of its own accord. A URL given by a partner must not make it knock at its own neighbours' doors
 * (server-side request forgery). Judged on the address that is connected to, not on the text of a URL.
 * @see IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890)
 */

export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** An IPv4 address in dotted decimals, or an IPv6 address (RFC 4291 §2.2); null for anything else, `127.1` and `0x7f.1` included. */
export function readIpAddress(text: string): IpAddress | null {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  return readIpv4(bare) ?? readIpv6(bare);
}

function readIpv4(text: string): IpAddress | null {
  if (!/^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/.test(text)) return null;
  const octets = text.split('.').map(Number);
  if (octets.some((octet) => octet > 255)) return null;
  return { family: 4, value: octets.reduce((value, octet) => (value << 8n) | BigInt(octet), 0n) };
}

function readIpv6(text: string): IpAddress | null {
  if (text.length > 45 || !/^[0-9a-f:.]+$/i.test(text) || !text.includes(':')) return null;
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return null;
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  if (before === null || after === null) return null;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...before, ...Array.from({ length: missing }, () => 0), ...after];
  return { family: 6, value: groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n) };
}

/** Groups of 16 bits; the last two may be written as an IPv4 address. */
function groupsOf(text: string): number[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  const last = readIpv4(parts.at(-1) ?? '');
  const hex = last === null ? parts : parts.slice(0, -1);
  if (hex.some((part) => !/^[0-9a-f]{1,4}$/i.test(part))) return null;
  const groups = hex.map((part) => parseInt(part, 16));
  return last === null ? groups : [...groups, Number(last.value >> 16n), Number(last.value & 0xffffn)];
}

interface Range {
  readonly family: 4 | 6;
  readonly value: bigint;
  readonly bits: number;
}

function rangeOf(cidr: string): Range {
  const range = readRange(cidr);
  if (range === null) throw new Error(`not a range: ${cidr}`);
  return range;
}

function readRange(cidr: string): Range | null {
  const [text = '', bits] = cidr.split('/');
  const address = readIpAddress(text);
  if (address === null || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return null;
  const width = address.family === 4 ? 32 : 128;
  const length = bits === undefined ? width : Number(bits);
  return length > width ? null : { ...address, bits: length };
}

function isIn(address: IpAddress, range: Range): boolean {
  if (address.family !== range.family) return false;
  const shift = BigInt((range.family === 4 ? 32 : 128) - range.bits);
  return address.value >> shift === range.value >> shift;
}

const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
].map(rangeOf);
const GLOBAL_IPV6 = rangeOf('2000::/3'); // everything else is special or not given out
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'].map(rangeOf);
const NAT64 = rangeOf('64:ff9b::/96'); // RFC 6052: the IPv4 address behind it is what is called

/** Loopback, private, link-local, shared, documentation, multicast and the like, in both families and in the forms that wrap IPv4. */
export function isSpecialAddress(address: IpAddress): boolean {
  if (address.family === 4) return SPECIAL_IPV4.some((range) => isIn(address, range));
  if (isIn(address, NAT64)) return isSpecialAddress({ family: 4, value: address.value & 0xffff_ffffn });
  return !isIn(address, GLOBAL_IPV6) || SPECIAL_IPV6.some((range) => isIn(address, range));
}

/**
 * Ports of services that answer to a few bytes of HTTP with harm: those the Fetch standard blocks below 1024, and data stores.
 * @see https://fetch.spec.whatwg.org/#port-blocking
 */
const HTTP_PORTS = [80, 443];
const DATA_STORE_PORTS = [1433, 1521, 2375, 2376, 2379, 3306, 5432, 5984, 6379, 6380, 6443, 9042, 9200, 9300, 11211, 26379, 27017];

export function isForbiddenPort(port: number): boolean {
  return (port < 1024 && !HTTP_PORTS.includes(port)) || DATA_STORE_PORTS.includes(port);
}

/** What an operator allowed although it points inward: `host`, `host:port`, or a range such as `10.20.0.0/16`. */
export interface OutboundRules {
  readonly hosts: ReadonlySet<string>;
  readonly ranges: readonly Range[];
}

export function readOutboundRules(allow: readonly string[]): OutboundRules {
  const ranges = allow.flatMap((entry) => readRange(entry) ?? []);
  return { hosts: new Set(allow.map((entry) => entry.toLowerCase())), ranges };
}

/** Whether the operator named this host (without brackets or final dot) or host and port. */
export function isAllowedHost(rules: OutboundRules, host: string, port: number): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return [name, `${name}:${port}`, `[${name}]`, `[${name}]:${port}`].some((form) => rules.hosts.has(form));
}

/** Whether a connection to `address`, one of those that a host's name stands for, may be opened. A text that is no address may not. */
export function isAllowedAddress(rules: OutboundRules, address: string): boolean {
  const ip = readIpAddress(address);
  if (ip === null) return false;
  return !isSpecialAddress(ip) || rules.ranges.some((range) => isIn(ip, range));
}
