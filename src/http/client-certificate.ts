import { createHash, X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { GatewayError } from '../domain/errors.ts';

/** Reads the certificate with which a caller met the proxy in front of us. */
export type ClientCertificates = (request: IncomingMessage) => string | null;

export interface ClientCertificateSettings {
  /** Field in which the proxy writes it: `client-cert` (RFC 9440), or PEM, also percent-encoded. */
  readonly header: string;
  /** Addresses or networks of the proxies; from anybody else the field counts nothing. */
  readonly proxies: readonly string[];
}

/**
 * SHA-256 of the certificate, base64url, as tokens are bound to it (RFC 8705 §3.1); null: none came, or not from a proxy we trust.
 * @throws CONFIG_INVALID when no proxy is named, or one is not an address or network
 */
export function clientCertificates({ header, proxies }: ClientCertificateSettings): ClientCertificates {
  const name = header.toLowerCase();
  const trusted = readProxies(proxies);
  return (request) => {
    const value = request.headers[name];
    const from = request.socket.remoteAddress;
    return typeof value === 'string' && from !== undefined && trusted(from) ? thumbprintOf(value) : null;
  };
}

function thumbprintOf(value: string): string | null {
  try {
    const binary = /^:([A-Za-z0-9+/=]+):$/.exec(value.trim())?.[1];
    const certificate = new X509Certificate(binary === undefined ? decodeURIComponent(value) : Buffer.from(binary, 'base64'));
    return createHash('sha256').update(certificate.raw).digest('base64url');
  } catch {
    return null; // not a certificate: as good as none
  }
}

function readProxies(proxies: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (isIP(address) === 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) throw new GatewayError('CONFIG_INVALID', 'LIENTHONG_TRUSTED_PROXIES lists addresses or networks, such as 10.0.0.5 or 10.0.0.0/24');
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  if (proxies.length === 0) throw new GatewayError('CONFIG_INVALID', 'LIENTHONG_CLIENT_CERT_HEADER needs LIENTHONG_TRUSTED_PROXIES: anybody could write that field');
  return (address) => {
    const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
    return list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  };
}
