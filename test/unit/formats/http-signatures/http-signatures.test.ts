import { describe, expect, it } from 'vitest';
import { checkHttpSignature } from '../../../../src/formats/http-signatures/algorithms.ts';
import { readHttpSignatures } from '../../../../src/formats/http-signatures/read-signatures.ts';
import { buildSignatureBase, type SignedRequest } from '../../../../src/formats/http-signatures/signature-base.ts';

/** The request and key of RFC 9421, appendix B. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  date: ['Tue, 20 Apr 2021 02:07:55 GMT'],
  'content-type': ['application/json'],
  'content-length': ['18'],
  twice: [' a ', 'b'],
};
const REQUEST: SignedRequest = { method: 'POST', scheme: 'https', authority: 'example.com', requestTarget: '/foo?param=Value&Pet=dog', values: (name) => FIELDS[name] ?? [] };
const KEY = Buffer.from('MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=', 'base64');
const INPUT = 'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"';
const VALUE = 'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:';

const read = (input: string, value = VALUE) => {
  const [found] = readHttpSignatures(input, value);
  if (found === undefined) throw new Error('no signature');
  return found;
};
const baseOf = (input: string): string => new TextDecoder().decode(buildSignatureBase(REQUEST, read(input.replace(/^[\w-]+=/, 'sig-b26=')).covered));

describe('a signature of a request', () => {
  it('holds over exactly what it covers (RFC 9421 appendix B.2.6)', () => {
    const { covered, value, keyId, created } = read(INPUT);
    expect([keyId, created]).toEqual(['test-key-ed25519', 1_618_884_473]);
    expect(checkHttpSignature('ed25519', KEY, buildSignatureBase(REQUEST, covered), value)).toBe(true);
    for (const change of [{ method: 'PUT' }, { requestTarget: '/bar' }, { authority: 'example.org' }, { values: (name: string) => (name === 'date' ? ['now'] : (FIELDS[name] ?? [])) }]) {
      expect(checkHttpSignature('ed25519', KEY, buildSignatureBase({ ...REQUEST, ...change }, covered), value)).toBe(false);
    }
  });

  it('derives components as §2.2 says, and joins fields that come twice (§2.1)', () => {
    expect(baseOf('a=("@target-uri" "@scheme" "@request-target" "@query" "twice");nonce="n"').split('\n')).toEqual([
      '"@target-uri": https://example.com/foo?param=Value&Pet=dog',
      '"@scheme": https',
      '"@request-target": /foo?param=Value&Pet=dog',
      '"@query": ?param=Value&Pet=dog',
      '"twice": a, b',
      '"@signature-params": ("@target-uri" "@scheme" "@request-target" "@query" "twice");nonce="n"',
    ]);
  });

  it.each([
    ['covers what the request does not have', 'a=("x-missing")'],
    ['covers something twice', 'a=("date" "date")'],
    ['covers a derived component that is not known', 'a=("@constructor")'],
    ['covers a part of a field', 'a=("date";sf)'],
    ['covers a name in capitals', 'a=("Date")'],
  ])('that %s is refused', (_, input) => {
    expect(() => baseOf(input)).toThrowError(expect.objectContaining({ code: 'REQUEST_SIGNATURE_INVALID' }));
  });

  it.each([
    ['is no structured field', 'sig=(', VALUE],
    ['has signatures without end', Array.from({ length: 5 }, (_, i) => `s${i}=()`).join(', '), VALUE],
    ['is very long', `sig-b26=("${'a'.repeat(9_000)}")`, VALUE],
  ])('whose field %s is refused', (_, input, value) => {
    expect(() => readHttpSignatures(input, value)).toThrowError(expect.objectContaining({ code: 'REQUEST_SIGNATURE_INVALID' }));
  });

  it('without its value, or with a value that is no byte sequence, is none', () => {
    expect(readHttpSignatures(INPUT, 'other=:AAAA:')).toEqual([]);
    expect(readHttpSignatures(INPUT, 'sig-b26="text"')).toEqual([]);
  });
});
