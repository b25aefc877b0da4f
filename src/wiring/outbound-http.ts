import { lookup, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { GatewayError } from '../domain/errors.ts';
import { isAllowedAddress, isAllowedHost, isForbiddenPort, readOutboundRules, type OutboundRules } from '../formats/net-address.ts';

export interface OutboundSettings {
  /** Hosts, host:port or ranges that may be called although their address is private or loopback, or their port is not one of HTTP. */
  readonly allow: readonly string[];
  /** Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Connections per host at once. Default 32. */
  readonly connectionsPerHost?: number;
  /** Ports that need no allowing; default: all but those of other services. What certificates name is fetched from 80 and 443 alone. */
  readonly ports?: readonly number[];
  /** How names are looked up; default: as the system does. */
  readonly lookup?: LookupAll;
}

/** `dns.lookup` with `all`. */
export type LookupAll = (host: string, options: { readonly all: true }, callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void) => void;

/**
 * The agent for every call that goes out to an address others may have chosen. The address is judged when the connection is opened,
 * and the one judged is the one connected to, so that a name which changes its meaning in between gains nothing. A forbidden one
 * fails with URL_FORBIDDEN before a byte is sent. Follows no redirects.
 */
export function outboundAgent(settings: OutboundSettings): Agent {
  const { allow, connectTimeoutMs = 5_000, connectionsPerHost = 32, ports, lookup: lookupAll = lookup } = settings;
  const rules = readOutboundRules(allow);
  const connectAnywhere = buildConnector({ timeout: connectTimeoutMs });
  const connectGuarded = buildConnector({ timeout: connectTimeoutMs, lookup: (host, options, callback) => guardedLookup(rules, lookupAll, host, options, callback) });
  return new Agent({
    connections: connectionsPerHost,
    pipelining: 1,
    maxHeaderSize: 16 * 1024,
    connect: (options, callback) => {
      const port = portOf(options);
      if (isAllowedHost(rules, options.hostname, port)) return connectAnywhere(options, callback);
      const fault = faultOf(rules, options.hostname, port, ports);
      if (fault === null) connectGuarded(options, callback);
      else callback(fault, null);
    },
  });
}

function portOf({ port, protocol }: { readonly port: string; readonly protocol: string }): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** What can be said before the name is looked up; addresses written out are never looked up. */
function faultOf(rules: OutboundRules, hostname: string, port: number, ports: readonly number[] | undefined): GatewayError | null {
  if (ports === undefined ? isForbiddenPort(port) : !ports.includes(port)) return forbidden(`port ${port} is not one of HTTP`);
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (host === 'localhost' || host.endsWith('.localhost')) return forbidden('it names this machine'); // RFC 6761 §6.3
  if (isIP(host) !== 0 && !isAllowedAddress(rules, host)) return forbidden('its address is not a public one');
  return null;
}

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** One address that is not public makes the whole name suspect: it is refused, not passed over. */
function guardedLookup(rules: OutboundRules, lookupAll: LookupAll, host: string, options: { readonly all?: boolean | undefined }, callback: LookupCallback): void {
  lookupAll(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, []);
    if (!addresses.every(({ address }) => isAllowedAddress(rules, address))) return callback(forbidden('its name stands for an address that is not public'), []);
    const [first] = addresses;
    if (options.all === true || first === undefined) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
}

function forbidden(why: string): GatewayError {
  return new GatewayError('URL_FORBIDDEN', `This URL may not be called: ${why}. An operator can allow it (LIENTHONG_OUTBOUND_ALLOW)`);
}
