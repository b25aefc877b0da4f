import { readdirSync, readFileSync } from 'node:fs';
import type { XmlElement } from 'libxml2-wasm';
import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../../certs/policy/load-policy.ts';
import { readCertificate } from '../../../../src/formats/x509/certificate.ts';
import { withXml } from '../../../../src/formats/xml/read-xml.ts';
import { carriedCertificates, verifyXmlSignature } from '../../../../src/formats/xml/verify-signature.ts';
import { requireVectors, vectorPath } from '../../../support/vectors.ts';

const LIMITS = { maxBytes: 1_000_000, maxTags: 10_000, maxAttributes: 10_000 };

/** Outcome for the first certificate carried, which in these files is the signer's. */
function outcome(bytes: Uint8Array): string {
  return withXml(bytes, LIMITS, (document) => {
    const signature = document.get('//ds:Signature', { ds: 'http://www.w3.org/2000/09/xmldsig#' }) as XmlElement;
    const [signer] = carriedCertificates(signature);
    if (signer === undefined) return 'no certificate';
    return verifyXmlSignature({ document, signature, spkiDer: readCertificate(signer).spkiDer, algorithms: loadPolicy('default').algorithms, at: new Date('2025-01-01T00:00:00Z') }).fault ?? 'valid';
  });
}

describe.skipIf(!requireVectors('xmlsec'))('verifyXmlSignature on the vectors of xmlsec', () => {
  const folder = (): string => vectorPath('xmlsec', 'aleksey-xmldsig-01');
  const file = (name: string): Uint8Array => readFileSync(`${folder()}/${name}.xml`);

  const RIGHT = ['rsa-pss-sha256', 'rsa-pss-sha384', 'rsa-pss-sha512', 'rsa-pss-sha3_256', 'rsa-pss-sha3_384', 'rsa-pss-sha3_512', 'sha256-ecdsa-sha256', 'sha256-rsa-sha256', 'sha384-ecdsa-sha384', 'sha384-rsa-sha384', 'sha512-ecdsa-sha512', 'sha512-rsa-sha512'];
  it.each(RIGHT)('accepts enveloping-%s, and not once its object was changed', (name) => {
    const bytes = file(`enveloping-${name}`);
    expect(outcome(bytes)).toBe('valid');
    const text = Buffer.from(bytes).toString('utf8');
    const changed = text.replace(/(<(?:\w+:)?Object\b[^>]*>[^<]*)/, '$1x');
    expect(changed).not.toBe(text);
    expect(outcome(Buffer.from(changed))).toMatch(/was changed$/);
  });

  const WEAK = ['enveloping-sha1-rsa-sha1', 'enveloping-sha1-ecdsa-sha1', 'enveloping-md5-rsa-md5', 'enveloping-ripemd160-rsa-ripemd160', 'enveloping-sha256-dsa2048-sha256', 'enveloping-rsa-pss-sha1'];
  it.each(WEAK)('refuses %s for its algorithm', (name) => {
    expect(outcome(file(name))).toMatch(/signature algorithm .* is not accepted/);
  });

  it('fetches nothing, runs no XPath, and takes ECDSA values only as r and s side by side (RFC 9231 §2.3.6)', () => {
    expect(outcome(file('enveloping-sha256-rsa-sha256-relationship'))).toContain('does not stand for a part of this document');
    expect(outcome(file('enveloped-x509-same-subj-cert'))).toContain('xpath-19991116 is not accepted');
    expect(outcome(file('enveloping-sha512-ecdsa-sha512-with-asn1'))).toContain('signature value');
  });

  it('accepts none of the others that carry a certificate', () => {
    const others = readdirSync(vectorPath('xmlsec'), { recursive: true, encoding: 'utf8' }).filter((name) => /xmldsig.*\.xml$/.test(name) && !RIGHT.some((right) => name.endsWith(`enveloping-${right}.xml`)));
    expect(others.length).toBeGreaterThan(100);
    const accepted = others.filter((name) => {
      const bytes = readFileSync(vectorPath('xmlsec', name));
      if (!bytes.includes('Signature') || bytes.includes('<!DOCTYPE') || !bytes.includes('X509Certificate>')) return false;
      return outcome(bytes) === 'valid';
    });
    expect(accepted).toEqual([]);
  });
});
