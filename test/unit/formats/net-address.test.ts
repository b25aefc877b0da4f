import { describe, expect, it } from 'vitest';
import { isAllowedAddress, isAllowedHost, isForbiddenPort, readIpAddress, readOutboundRules } from '../../../src/formats/net-address.ts';

const none = readOutboundRules([]);

describe('addresses the gateway does not call of its own accord (RFC 6890 registries)', () => {
  it.each([
    '127.0.0.1', '127.255.255.254', '0.0.0.0', '10.0.0.1', '100.64.0.1', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.168.1.1', '192.0.0.1', '192.0.2.1',
    '198.18.0.1', '198.51.100.7', '203.0.113.9', '224.0.0.1', '255.255.255.255', '240.0.0.1',
    '::', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8', 'fc00::1', 'fd12:3456::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '64:ff9b::7f00:1', '64:ff9b::10.0.0.1',
    '64:ff9b:1::1', '100::1', '2001::1', '2001:db8::1', '2002:7f00:1::', '3fff::1', '5f00::1', '[::1]',
  ])('refuses %s', (address) => {
    expect(isAllowedAddress(none, address)).toBe(false);
  });

  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '203.162.0.1', '2606:4700::1111', '2405:4800::1', '64:ff9b::8.8.8.8'])('lets %s pass', (address) => {
    expect(isAllowedAddress(none, address)).toBe(true);
  });

  it.each(['', 'localhost', '127.1', '2130706433', '0x7f.1', '0177.0.0.1', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', ':::', '1::2::3', '12345::', '1:2:3:4:5:6:7:8:9', '::1.2.3', 'g::1'])(
    'takes %s for no address at all',
    (text) => {
      expect(readIpAddress(text)).toBeNull();
      expect(isAllowedAddress(none, text)).toBe(false);
    },
  );

  it('reads both families exactly', () => {
    expect(readIpAddress('1.2.3.4')).toEqual({ family: 4, value: 0x01020304n });
    expect(readIpAddress('2001:db8::ff00:42:8329')).toEqual({ family: 6, value: 0x20010db8000000000000ff0000428329n });
    expect(readIpAddress('::1.2.3.4')).toEqual({ family: 6, value: 0x01020304n });
  });
});

describe("an operator's exceptions", () => {
  const rules = readOutboundRules(['portal.hue.example', 'lgsp.hue.example:8443', '10.20.0.0/16', '127.0.0.1:9000', '[::1]:9001']);

  it('name hosts, with or without their port', () => {
    expect(isAllowedHost(rules, 'Portal.Hue.example.', 1)).toBe(true);
    expect(isAllowedHost(rules, 'lgsp.hue.example', 8443)).toBe(true);
    expect(isAllowedHost(rules, 'lgsp.hue.example', 443)).toBe(false);
    expect(isAllowedHost(rules, '127.0.0.1', 9000)).toBe(true);
    expect(isAllowedHost(rules, '127.0.0.1', 9001)).toBe(false);
    expect(isAllowedHost(rules, '[::1]', 9001)).toBe(true);
    expect(isAllowedHost(rules, 'evil-portal.hue.example', 443)).toBe(false);
  });

  it('name ranges of addresses', () => {
    expect(isAllowedAddress(rules, '10.20.255.1')).toBe(true);
    expect(isAllowedAddress(rules, '10.21.0.1')).toBe(false);
  });

  it('do not open ports of other services', () => {
    expect([22, 25, 6379, 5432, 11211].every(isForbiddenPort)).toBe(true);
    expect([80, 443, 8080, 8443].some(isForbiddenPort)).toBe(false);
  });
});
