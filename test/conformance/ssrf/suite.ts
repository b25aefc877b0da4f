import { GatewayError } from '../../../src/domain/errors.ts';
import { createHttpRevocationSource } from '../../../connectors/revocation-http/index.ts';
import type { RevocationSource } from '../../../src/ports/revocation-source.ts';
import { outboundAgent } from '../../../src/wiring/outbound-http.ts';
import { startDnsServer, type DnsServer, type Zone } from '../../support/dns-server.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite, type SuiteResult } from '../suite.ts';
import { reach, startBadServer, startCanary, startWrongTlsServer, type BadServer, type Canary } from './canary.ts';

/** Addresses in certificates that lead inside, or to harm: each is refused, and a canary on loopback hears nothing. */
export const suite: Suite = { name: 'ssrf', run };

export async function run(): Promise<SuiteResult> {
  return sumUp(await outcomes(), readDeviations('ssrf'));
}

/** Global unicast that nobody was given (IANA): "public" for the rules, and no packet of a test disturbs anyone. */
const PUBLIC = '2d00::1';

const ZONE: Zone = {
  'metadata.google.internal': [['169.254.169.254']],
  'loopback.example': [['127.0.0.1']],
  'mixed.example': [[PUBLIC, '127.0.0.1']],
  'rebinding.example': [[PUBLIC], ['127.0.0.1']],
};

interface Stage {
  readonly canary: Canary;
  readonly bad: BadServer;
  readonly wrongTls: BadServer;
  readonly dns: DnsServer;
  /** Port 80, 443 and the canary's are open, so that only the address can refuse; the bad servers are allowed by name. */
  readonly guarded: RevocationSource;
  /** As the gateway sets it up. */
  readonly asSetUp: RevocationSource;
}

interface Case {
  readonly id: string;
  readonly rule: string;
  readonly code: 'URL_FORBIDDEN' | 'REVOCATION_UNAVAILABLE';
  readonly fetches: (stage: Stage) => readonly Promise<unknown>[];
}

export async function outcomes(): Promise<CaseOutcome[]> {
  const [canary, wrongTls, dns] = await Promise.all([startCanary(), startWrongTlsServer(), startDnsServer(ZONE)]);
  const bad = await startBadServer(canary.port);
  const allow = [bad.host, wrongTls.host];
  const agent = outboundAgent({ allow, connectTimeoutMs: 500, ports: [80, 443, canary.port], lookup: dns.lookup });
  const strict = outboundAgent({ allow: [], connectTimeoutMs: 500, ports: [80, 443], lookup: dns.lookup });
  const limits = { totalTimeoutMs: 1_500, maxBytes: { crl: 1024 * 1024 } };
  const stage: Stage = { canary, bad, wrongTls, dns, guarded: createHttpRevocationSource({ dispatcher: agent, ...limits }), asSetUp: createHttpRevocationSource({ dispatcher: strict, ...limits }) };
  try {
    if (!(await reach(canary.port, '127.0.0.1'))) throw new Error('the canary cannot be reached even by us: the suite would prove nothing');
    const heard = canary.hits;
    const results: CaseOutcome[] = [];
    for (const one of CASES) results.push(await outcomeOf(one, stage, heard));
    return results;
  } finally {
    await Promise.all([agent.destroy(), strict.destroy(), canary.close(), bad.close(), wrongTls.close(), dns.close()]);
  }
}

/** Passed means that the attack did: it was let through, or the canary heard of it, or the refusal was of another kind. */
async function outcomeOf({ id, rule, code, fetches }: Case, stage: Stage, heard: number): Promise<CaseOutcome> {
  const settled = await Promise.allSettled(fetches(stage));
  const faults = settled.map((result) => (result.status === 'fulfilled' ? 'was answered' : codeOf(result.reason) === code ? null : `failed with ${codeOf(result.reason)} instead of ${code}`));
  const hits = stage.canary.hits - heard;
  const passed = hits > 0 || faults.some((fault) => fault !== null);
  return { id, shouldPass: false, passed, detail: `${rule}: ${faults.map((fault) => fault ?? 'refused').join(', ')}; ${hits} connections to the canary` };
}

const codeOf = (error: unknown): string => (error instanceof GatewayError ? error.code : String(error));

const toCanary = (...hosts: readonly string[]): Case['fetches'] => ({ guarded, canary }) =>
  hosts.flatMap((host) => [guarded.fetchCrl(`http://${host}:${canary.port}/a.crl`), guarded.fetchIssuers(`http://${host}:${canary.port}/a.crt`), guarded.fetchOcsp(`http://${host}:${canary.port}/`, new Uint8Array([0x30, 0]))]);
const crls = (...paths: readonly string[]): Case['fetches'] => ({ guarded, bad }) => paths.map((path) => guarded.fetchCrl(bad.url + path));
const forbidden = (id: string, rule: string, fetches: Case['fetches']): Case => ({ id, rule, code: 'URL_FORBIDDEN', fetches });
const broken = (id: string, rule: string, fetches: Case['fetches']): Case => ({ id, rule, code: 'REVOCATION_UNAVAILABLE', fetches });

const CASES: readonly Case[] = [
  forbidden('SSRF-1', 'loopback', toCanary('127.0.0.1', '127.255.255.254')),
  forbidden('SSRF-2', 'loopback in two parts', toCanary('127.1')),
  forbidden('SSRF-3', 'loopback as one number', toCanary('2130706433')),
  forbidden('SSRF-4', 'loopback in hexadecimal', toCanary('0x7f.1', '0x7f000001')),
  forbidden('SSRF-5', 'loopback in octal', toCanary('0177.0.0.1', '017700000001')),
  forbidden('SSRF-6', 'IPv6 loopback', toCanary('[::1]', '[0:0:0:0:0:0:0:1]', '[::]')),
  forbidden('SSRF-7', 'IPv4 mapped and compatible', toCanary('[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]')),
  forbidden('SSRF-8', 'this host', toCanary('0.0.0.0', '0')),
  forbidden('SSRF-9', 'names of this machine', toCanary('localhost', 'localhost.', 'LOCALHOST', 'a.localhost', 'loopback.example')),
  forbidden('SSRF-10', 'metadata services of clouds', toCanary('169.254.169.254', 'metadata.google.internal', '[fd00:ec2::254]')),
  forbidden('SSRF-11', 'private networks (RFC 1918)', toCanary('10.0.0.1', '172.16.0.1', '172.31.255.254', '192.168.0.1')),
  forbidden('SSRF-12', 'shared, benchmark, documentation, multicast, broadcast', toCanary('100.64.0.1', '198.18.0.1', '192.0.2.1', '224.0.0.1', '255.255.255.255')),
  forbidden('SSRF-13', 'unique local and link-local IPv6', toCanary('[fc00::1]', '[fdff::1]', '[fe80::1]', '[fec0::1]', '[ff02::1]')),
  forbidden('SSRF-14', 'IPv4 behind NAT64, 6to4, Teredo', toCanary('[64:ff9b::7f00:1]', '[64:ff9b:1::7f00:1]', '[2002:7f00:1::]', '[2001:0:7f00:1::]')),
  forbidden('SSRF-15', 'user name and password before the host', toCanary('user:pass@127.0.0.1', 'ocsp.example@127.0.0.1', 'user:pass@mixed.example')),
  forbidden('SSRF-16', 'other full stops and digits of IDN', toCanary('127。0。0。1', '127．0．0．1', '１２７.0.0.1', '①②⑦.0.0.1')),
  forbidden('SSRF-17', 'host in percent escapes', toCanary('%31%32%37.0.0.1', '127%2e0%2e0%2e1', '%6c%6f%63alhost')),
  forbidden('SSRF-18', 'a name with a public and a private address', toCanary('mixed.example')),
  { id: 'SSRF-19', rule: 'a name that turns private after the first look-up', code: 'URL_FORBIDDEN', fetches: (stage) => [rebinding(stage)] },
  { id: 'SSRF-20', rule: 'redirects to the inside, to a file, to a login', code: 'URL_FORBIDDEN', fetches: crls('/to-loopback', '/to-metadata', '/to-file', '/to-user') },
  broken('SSRF-21', 'a redirect loop; any redirect of a responder', ({ guarded, bad }) => [guarded.fetchCrl(`${bad.url}/loop`), guarded.fetchOcsp(`${bad.url}/loop`, new Uint8Array([0x30, 0]))]),
  forbidden('SSRF-22', 'other schemes, other ports', ({ asSetUp, bad, canary }) => [
    ...['file:///etc/passwd', 'ftp://ocsp.example/a', 'ldap://127.0.0.1/cn=a', 'gopher://127.0.0.1:6379/_', 'data:application/pkix-crl,0', 'javascript:0', '//127.0.0.1/', ''].map((url) => asSetUp.fetchCrl(url)),
    ...[22, 25, 6379, 5432, 8080, canary.port].map((port) => asSetUp.fetchCrl(`http://[${PUBLIC}]:${port}/`)),
    asSetUp.fetchCrl(`${bad.url}/slow`),
  ]),
  broken('SSRF-23', 'one byte at a time, a gigabyte announced, without end, a gzip bomb', crls('/slow', '/announced', '/endless', '/gzip')),
  broken('SSRF-24', 'TLS whose certificate is of another name and of nobody known', tlsCase),
];

/** The first look-up may connect (to nobody), the second must be refused: the address judged is the one used. */
async function rebinding({ guarded, canary }: Stage): Promise<unknown> {
  const url = `http://rebinding.example:${canary.port}/a.crl`;
  const first = await guarded.fetchCrl(url).then(
    () => 'was answered',
    (error: unknown) => codeOf(error),
  );
  if (first !== 'REVOCATION_UNAVAILABLE') throw new Error(`the public address gave ${first}`);
  return guarded.fetchCrl(url);
}

function tlsCase({ guarded, wrongTls }: Stage): readonly Promise<unknown>[] {
  const asked = guarded.fetchCrl(`${wrongTls.url}/a.crl`).finally(() => {
    if (wrongTls.served.size > 0) throw new Error('a request was sent over it');
  });
  return [asked];
}
