import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../../certs/policy/load-policy.ts';
import { isGatewayError } from '../../../../src/domain/errors.ts';
import { listAnchors } from '../../../../src/formats/trusted-list/list-anchors.ts';
import { verifyTrustedList, type VerifiedList } from '../../../../src/formats/trusted-list/verify-trusted-list.ts';
import { readCertificate } from '../../../../src/formats/x509/certificate.ts';
import { pemOf } from '../../../../src/formats/x509/pem.ts';
import { testCa, testIdentity, type TestIdentity } from '../../../support/certificates.ts';
import { requireTool } from '../../../support/tools.ts';
import { appended, listXml, signatureTemplate, signXml, type ListDraft, type ServiceDraft } from '../../../support/trusted-list.ts';
import { requireVectors, vectorPath } from '../../../support/vectors.ts';

const NOW = new Date('2026-11-24T02:00:00Z');
const day = (text: string): Date => new Date(`${text}T00:00:00Z`);

let folder: string;
let operator: TestIdentity;
let stranger: TestIdentity;
let ca: TestIdentity;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lienthong-tsl-'));
  const dates = { notBefore: day('2020-01-01'), notAfter: day('2036-01-01') };
  operator = testIdentity({ name: [['C', 'VN'], ['CN', 'Người ký danh sách (mẫu)']], key: 'p256', ...dates });
  stranger = testIdentity({ name: [['C', 'VN'], ['CN', 'Kẻ lạ (mẫu)']], ...dates });
  ca = testCa([['C', 'VN'], ['CN', 'CA mẫu']]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const service = (over: Partial<ServiceDraft> = {}): ServiceDraft => ({ certificateDer: ca.certificateDer, ...over });
const draft = (over: Partial<ListDraft> = {}): string => listXml({ issuedAt: day('2026-11-01'), services: [service()], ...over });
const digestOf = ({ certificateDer }: TestIdentity): string => readCertificate(certificateDer).sha256Hex;

function verify(xml: string, signers: readonly TestIdentity[] = [operator]): VerifiedList {
  return verifyTrustedList({ bytes: Buffer.from(xml), signers: [], signerDigests: signers.map((signer) => digestOf(signer)), algorithms: loadPolicy('default').algorithms, now: NOW });
}

function refusal(xml: string, signers?: readonly TestIdentity[]): string {
  try {
    verify(xml, signers);
    return 'accepted';
  } catch (error) {
    if (isGatewayError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
}

describe('verifyTrustedList', () => {
  it('reads a list signed by the signer that was named (TS 119 612 §5.7)', () => {
    const { list, signer } = verify(signXml(draft({ sequenceNumber: 7 }), operator));
    expect(list).toMatchObject({ version: 6, sequenceNumber: 7, operator: 'Cơ quan Thử nghiệm', scheme: 'VN:Danh sách thử nghiệm', territory: 'VN', issuedAt: day('2026-11-01') });
    expect(list.services).toHaveLength(1);
    expect(signer.sha256Hex).toBe(digestOf(operator));
    expect(refusal(signXml(draft(), operator, '#list'))).toBe('accepted');
    expect(refusal(signXml(draft(), stranger), [stranger])).toBe('accepted'); // RSA
  });

  it('takes no signer merely found in the list', () => {
    expect(refusal(signXml(draft(), stranger))).toMatch(/^TRUSTED_LIST_INVALID .*none of the signers given signed it: it was signed with “.*Kẻ lạ/);
    expect(refusal(draft())).toContain('exactly one signature');
    const borrowed = signXml(draft(), { privateKey: stranger.privateKey, certificateDer: operator.certificateDer });
    expect(refusal(borrowed)).toMatch(/signature value is not made with that key|signature algorithm/);
  });

  it('refuses what was changed after signing', () => {
    const signed = signXml(draft({ services: [service({ status: 'withdrawn' })] }), operator);
    expect(refusal(signed.replace('Svcstatus/withdrawn', 'Svcstatus/granted'))).toContain('was changed');
    expect(refusal(signed.replace('xmlenc#sha256', 'xmlenc#sha512'))).toContain('signature value');
    // Comments are not signed; what is read is what was signed, hence without them.
    expect(verify(signed.replace('<TSLType>http', '<TSLType>ht<!-- x -->tp')).list.type).toBe('http://uri.etsi.org/TrstSvc/TrustedList/TSLType/CClist');
  });

  it('refuses a signed list wrapped in another one', () => {
    const genuine = signXml(draft(), operator, '#list').replace(/^<\?xml[^>]*>\s*/, '');
    const [signature] = /<ds:Signature .*<\/ds:Signature>/s.exec(genuine) ?? [''];
    const evil = draft({ sequenceNumber: 99, services: [service({ certificateDer: stranger.certificateDer })] });
    // The genuine list hidden inside, its signature moved up; the same identifier, another one, and none.
    const hidden = genuine.replace(signature, '');
    expect(refusal(appended(evil, `<SchemeExtensions>${hidden}</SchemeExtensions>${signature}`))).toContain('2 elements have the identifier');
    expect(refusal(appended(evil.replace('Id="list"', 'Id="other"'), `<SchemeExtensions>${hidden}</SchemeExtensions>${signature}`))).toMatch(/does not lie in what it signs/);
    expect(refusal(appended(evil.replace(' Id="list"', ''), `<SchemeExtensions>${genuine}</SchemeExtensions>`))).toContain('exactly one signature');
    expect(refusal(appended(genuine, signature))).toContain('exactly one signature');
  });

  it('refuses weak algorithms, foreign references and transforms that run programs', () => {
    const signed = signXml(draft(), operator);
    expect(refusal(signed.replace('xmldsig-more#ecdsa-sha256', 'xmldsig-more#ecdsa-sha1'))).toContain('is not accepted');
    for (const uri of ['http://127.0.0.1/x', '#xpointer(/)', `#a' or '1'='1`]) {
      expect(refusal(signXml(draft(), operator, uri.replaceAll("'", '&apos;')))).toContain('does not stand for a part of this document');
    }
  });

  it('refuses a list of the future, and one signed when the certificate was not valid', () => {
    expect(refusal(signXml(draft({ issuedAt: day('2026-12-01') }), operator))).toContain('issued in the future');
    expect(refusal(signXml(draft({ issuedAt: day('2019-01-01') }), operator))).toContain('not valid when it was issued');
  });

  it('refuses DOCTYPEs, bombs and what is too large, before the parser sees them', () => {
    const doctype = draft().replace('<TrustServiceStatusList', '<!DOCTYPE x [<!ENTITY a "b">]><TrustServiceStatusList');
    expect(refusal(doctype)).toMatch(/^XML_MALFORMED .*DOCTYPE/);
    expect(refusal(`${'<a>'.repeat(300)}${'</a>'.repeat(300)}`)).toContain('XML_MALFORMED');
    expect(refusal('<a/>'.repeat(1_000_001))).toContain('XML_LIMIT');
    expect(refusal('a'.repeat(33 * 1024 * 1024))).toContain('XML_LIMIT');
    expect(refusal(Buffer.from('﻿<a/>', 'utf16le').toString('latin1'))).toContain('XML_MALFORMED');
    expect(refusal(draft().replace('UTF-8', 'UTF-7'))).toContain('Only XML in UTF-8');
    expect(refusal('<a/>')).toContain('no TS 119 612 list');
  });
});

describe.skipIf(!requireVectors('defusedxml'))('hostile XML of others (defusedxml)', () => {
  it.each(['cyclic', 'dtd', 'dtd_element', 'external', 'external_file', 'quadratic', 'xmlbomb', 'xmlbomb2'])('refuses %s.xml', (name) => {
    expect(refusal(readFileSync(vectorPath('defusedxml', `${name}.xml`), 'utf8'))).toMatch(/^XML_MALFORMED .*DOCTYPE/);
  });
});

describe('listAnchors', () => {
  const anchors = (...services: ServiceDraft[]): ReturnType<typeof listAnchors> => listAnchors(verify(signXml(draft({ services }), operator)).list);

  it('gives types their purpose, and unknown ones none (TS 119 612 §5.5.1)', () => {
    const types = ['CA/QC', 'CA/PKC', 'NationalRootCA-QC', 'TSA', 'TSA/QTST', 'Certstatus/OCSP/QC', 'unspecified'];
    expect(types.map((type) => anchors(service({ type })).map(({ purpose }) => purpose).join())).toEqual(['signature', 'signature', 'signature', 'timestamp', 'timestamp', '', '']);
  });

  it('ends trust when the status does, and knows the times before (§5.5.4, §5.6)', () => {
    const history = [['granted', day('2022-01-01')], ['withdrawn', day('2021-06-01')], ['undersupervision', day('2020-01-01')]] as const;
    expect(anchors(service({ status: 'withdrawn', since: day('2024-01-01'), history }))[0]?.windows).toEqual([
      { from: day('2020-01-01'), until: day('2021-06-01') },
      { from: day('2022-01-01'), until: day('2024-01-01') },
    ]);
    expect(anchors(service({ status: 'granted', since: day('2024-01-01'), history: [['recognisedatnationallevel', day('2022-01-01')]] }))[0]?.windows).toEqual([{ from: day('2022-01-01'), until: null }]);
    expect(anchors(service({ status: 'withdrawn' }))).toEqual([]);
    expect(anchors(service({ status: 'mostly-harmless' }))).toEqual([]);
  });

  it('heeds what a service is for, and critical extensions it does not know (§5.5.9)', () => {
    const use = (uri: string): string => `<Extension Critical="true"><AdditionalServiceInformation><URI xml:lang="en">http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/${uri}</URI></AdditionalServiceInformation></Extension>`;
    expect(anchors(service({ extensions: use('ForeSignatures') }))).toHaveLength(1);
    expect(anchors(service({ extensions: use('ForWebSiteAuthentication') }))).toEqual([]);
    expect(anchors(service({ extensions: use('ForWebSiteAuthentication') + use('ForeSeals') }))).toHaveLength(1);
    expect(anchors(service({ extensions: '<Extension Critical="true"><x xmlns="urn:x"/></Extension>' }))).toEqual([]);
    expect(anchors(service({ extensions: '<Extension Critical="false"><x xmlns="urn:x"/></Extension>' }))).toHaveLength(1);
  });
});

describe.skipIf(!requireTool('xmlsec1'))('beside xmlsec1', () => {
  const at = (name: string): string => join(folder, name);
  const xmlsec = (...args: string[]): number | null => spawnSync('xmlsec1', args).status;

  it('verifies what xmlsec1 signed, and is verified by it', () => {
    for (const [name, signer] of [['ec', operator], ['rsa', stranger]] as const) {
      writeFileSync(at('key.pem'), signer.privateKey.export({ type: 'pkcs8', format: 'pem' }));
      writeFileSync(at('signer.pem'), pemOf('CERTIFICATE', signer.certificateDer));
      writeFileSync(at('template.xml'), appended(draft(), signatureTemplate(signer)));
      expect(xmlsec('--sign', '--privkey-pem', at('key.pem'), '--output', at(`${name}.xml`), at('template.xml'))).toBe(0);
      expect(refusal(readFileSync(at(`${name}.xml`), 'utf8'), [signer])).toBe('accepted');
      writeFileSync(at('ours.xml'), signXml(draft(), signer));
      expect(xmlsec('--verify', '--pubkey-cert-pem', at('signer.pem'), at('ours.xml'))).toBe(0);
    }
  });
});

describe.skipIf(!requireTool('xmllint') || !requireVectors('schemas'))('the lists of these tests', () => {
  it('are valid against the schema of TS 119 612 V2.4.1', () => {
    const uri = (name: string): string => pathToFileURL(vectorPath('schemas', name)).href;
    const systems = [['http://www.w3.org/2001/xml.xsd', 'xml.xsd'], ['http://www.w3.org/TR/2008/REC-xmldsig-core-20080610/xmldsig-core-schema.xsd', 'xmldsig-core-schema.xsd']] as const;
    writeFileSync(join(folder, 'catalog.xml'), `<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">${systems.map(([system, name]) => `<system systemId="${system}" uri="${uri(name)}"/><uri name="${system}" uri="${uri(name)}"/>`).join('')}</catalog>`);
    writeFileSync(join(folder, 'list.xml'), signXml(draft({ services: [service({ history: [['granted', day('2022-01-01')]] })] }), operator));
    const { status, stderr } = spawnSync('xmllint', ['--nonet', '--noout', '--schema', vectorPath('schemas', 'ts_119612v020401_xsd.xsd'), join(folder, 'list.xml')], { encoding: 'utf8', env: { ...process.env, XML_CATALOG_FILES: join(folder, 'catalog.xml') } });
    expect({ status, stderr }).toMatchObject({ status: 0 });
  });
});
