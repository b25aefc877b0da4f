import { describe, expect, it } from 'vitest';
import { readPkcs11Uri } from '../../../../connectors/key-pkcs11/uri.ts';

describe('PKCS #11 URI', () => {
  it('reads token, key, module and PIN file, percent-decoded as UTF-8 (RFC 7512 §2.3, §2.4)', () => {
    const uri = readPkcs11Uri('pkcs11:token=S%E1%BB%9F%20TN;serial=12ab;object=con-dau;id=%01%fF;type=private?module-path=/usr/lib/p11.so&pin-source=file:/run/secrets/pin');
    expect(uri).toEqual({
      token: { label: 'Sở TN', serial: '12ab' },
      key: { label: 'con-dau', id: Buffer.from([1, 255]) },
      modulePath: '/usr/lib/p11.so',
      pinFile: '/run/secrets/pin',
    });
  });

  it('takes an absolute path and a file URL as pin-source', () => {
    expect(readPkcs11Uri('pkcs11:object=a?pin-source=/run/pin').pinFile).toBe('/run/pin');
    expect(readPkcs11Uri('pkcs11:object=a?pin-source=file:///run/pin').pinFile).toBe('/run/pin');
    expect(readPkcs11Uri('pkcs11:object=a').pinFile).toBeNull();
  });

  it.each([
    ['another scheme', 'http://token', 'begin with pkcs11:'],
    ['a PIN in it', 'pkcs11:token=a?pin-value=135790', 'holds a PIN'],
    ['a PIN in it, in the path', 'pkcs11:token=a;pin-value=135790', 'holds a PIN'],
    ['a command as pin-source', 'pkcs11:token=a?pin-source=%7Ccat%20/etc/pin', 'takes its PIN from a command'],
    ['an attribute that would be left out', 'pkcs11:token=a;slot-id=3', 'slot-id'],
    ['an attribute twice', 'pkcs11:token=a;token=b', 'twice'],
    ['a certificate', 'pkcs11:object=a;type=cert', 'other than a private key'],
    ['a relative module path', 'pkcs11:object=a?module-path=p11.so', 'no absolute path'],
    ['octets that are not UTF-8', 'pkcs11:token=%ff', 'not UTF-8'],
    ['raw white space', 'pkcs11:token=a b', 'percent-encoded'],
    ['a broken escape', 'pkcs11:token=%4', 'percent-encoded'],
    ['two queries', 'pkcs11:token=a?module-path=/a?module-path=/b', 'question mark'],
    ['an endless text', `pkcs11:token=${'a'.repeat(5000)}`, '4096'],
  ])('refuses %s, without repeating what stands there', (_, text, says) => {
    const refusal = (): unknown => readPkcs11Uri(text);
    expect(refusal).toThrow(says);
    expect(refusal).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(refusal).not.toThrow('135790');
  });
});
