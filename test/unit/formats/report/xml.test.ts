import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../../certs/policy/load-policy.ts';
import type { ValidationReport } from '../../../../src/domain/validation-report.ts';
import { validationPolicy } from '../../../../src/formats/ades/policy.ts';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import { escapeXml } from '../../../../src/formats/xml/write-xml.ts';
import { reportXml } from '../../../../src/formats/report/xml.ts';
import { verifyDocument } from '../../../../src/usecases/verify-document.ts';
import { frozenClock } from '../../../support/clock.ts';
import { signedSamples, type SignedSamples } from '../../../support/signed-samples.ts';
import { requireTool } from '../../../support/tools.ts';
import { requireVectors, vectorPath } from '../../../support/vectors.ts';

let samples: SignedSamples;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lienthong-xml-'));
  samples = await signedSamples();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Where the schema's imports lie on this machine; nothing is fetched. */
const IMPORTS: Readonly<Record<string, string>> = {
  'http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd': 'xmldsig-core-schema.xsd',
  'http://www.w3.org/TR/2008/REC-xmldsig-core-20080610/xmldsig-core-schema.xsd': 'xmldsig-core-schema.xsd',
  'http://uri.etsi.org/01903/v1.3.2/XAdES.xsd': 'XAdES01903v132-202407.xsd',
  'http://uri.etsi.org/19612/v2.2.1/ts_119612v020201_201601xsd.xsd': 'ts_119612v020401_xsd.xsd',
  'http://www.w3.org/2001/xml.xsd': 'xml.xsd',
};

function catalog(): string {
  const entries = Object.entries(IMPORTS).map(([uri, file]) => `<uri name="${uri}" uri="${pathToFileURL(vectorPath('schemas', file)).href}"/>`);
  const path = join(folder, 'catalog.xml');
  writeFileSync(path, `<?xml version="1.0"?><catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">${entries.join('')}</catalog>`);
  return path;
}

/** What xmllint complains of, without its remarks on the schemas themselves; empty when every document is valid. */
function complaints(documents: readonly string[]): string {
  const paths = documents.map((xml, index) => {
    const path = join(folder, `report-${index}.xml`);
    writeFileSync(path, xml);
    return path;
  });
  const schema = vectorPath('schemas', '1910202xmlSchema.xsd');
  const { status, stderr } = spawnSync('xmllint', ['--nonet', '--noout', '--schema', schema, ...paths], { encoding: 'utf8', env: { ...process.env, XML_CATALOG_FILES: catalog() } });
  return status === 0 ? '' : stderr.replace(/^.*(Schemas parser warning|\.xml validates$).*\n/gm, '');
}

describe.skipIf(!requireTool('xmllint') || !requireVectors('schemas'))('reportXml, as xmllint judges it by the schema of TS 119 102-2', () => {
  it('is valid for every verdict', () => {
    expect(complaints(Object.values(samples).map(({ report }) => reportXml(report)))).toBe('');
  });

  it('is valid for whatever stands in names, reasons and details (XML 1.0 §2.2)', () => {
    const { report } = samples.passed;
    const [signature] = report.signatures;
    if (signature === undefined) throw new Error('the sample has no signature');
    const hostile = ']]><!--&amp;\u0000\u0008\ufffe\ud800"\'<x>\r\n😀';
    const xml = reportXml({
      ...report,
      policy: { ...report.policy, id: hostile.replace('\ud800', '') },
      signatures: [{ ...signature, id: hostile, reason: hostile, warnings: [hostile], coverage: { ...signature.coverage, changes: [hostile] }, checks: [{ name: 'x', clause: hostile, status: 'warning', detail: hostile }] }],
    });
    expect(complaints([xml])).toBe('');
  });

  it.skipIf(!requireVectors('pyhanko'))('is valid for other makers’ documents', async () => {
    const policy = validationPolicy(loadPolicy('default'));
    const ports = { trustStore: { anchors: () => Promise.resolve([]) }, clock: frozenClock(new Date('2026-11-24T00:00:00Z')) };
    const root = vectorPath('pyhanko', 'pdf');
    const reports: string[] = [];
    for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.pdf'))) {
      reports.push(reportXml(await verifyDocument(ports, { file: name, source: bytesSource(readFileSync(join(root, name))), policy })));
    }
    expect(reports.length).toBeGreaterThan(50);
    expect(complaints(reports)).toBe('');
  });

  it('would not be told valid if it were not', () => {
    expect(complaints([reportXml(samples.passed.report).replaceAll('MainIndication', 'Indication')])).toContain('Indication');
  });
});

const indicationsOf = (xml: string): string[] => Array.from(xml.matchAll(/<SignatureValidationStatus><MainIndication>([^<]+)<\/MainIndication>/g), ([, uri = '']) => uri);

describe('reportXml', () => {
  it.each([
    ['passed', 'total-passed', undefined],
    ['unchecked', 'indeterminate', 'urn:etsi:019102:subindication:CERTIFICATE_CHAIN_GENERAL_FAILURE'],
    ['tampered', 'total-failed', 'urn:etsi:019102:subindication:HASH_FAILURE'],
    ['unreadable', 'total-failed', 'urn:etsi:019102:subindication:FORMAT_FAILURE'],
    ['unsigned', 'indeterminate', 'urn:lienthong:subindication:NO_SIGNATURE_FOUND'],
  ] as const)('names the verdict of %s by the URI of clause 4.3.4', (name, main, sub) => {
    const xml = reportXml(samples[name].report);
    expect(indicationsOf(xml)[0]).toBe(`urn:etsi:019102:mainindication:${main}`);
    if (sub !== undefined) expect(xml).toContain(`<SubIndication>${sub}</SubIndication>`);
  });

  it('refers only to objects that stand in it, each once (clause 4.4)', () => {
    for (const { report } of Object.values(samples)) {
      const xml = reportXml(report);
      const ids = Array.from(xml.matchAll(/\sid="([^"]+)"/g), ([, id = '']) => id);
      const references = Array.from(xml.matchAll(/VOReference="([^"]+)"/g), ([, id = '']) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(references.filter((reference) => !ids.includes(reference))).toEqual([]);
    }
  });

  it('names the proof of the best signature time and its time-stamp, with a report of its own (clauses 4.3.6, 4.4.7)', () => {
    const { report } = samples.passed;
    const [signature] = report.signatures;
    const xml = reportXml(report);
    expect(xml).toContain(`<BestSignatureTime><POETime>${signature?.signingTime.best}</POETime><TypeOfProof>urn:etsi:019102:poetype:validation</TypeOfProof><POEObject VOReference="T1"/></BestSignatureTime>`);
    expect(indicationsOf(xml)).toEqual(['urn:etsi:019102:mainindication:total-passed', 'urn:etsi:019102:mainindication:passed']);
  });

  it('lets no time-stamp that did not pass prove anything', () => {
    const xml = reportXml(samples.unchecked.report);
    expect(xml).toContain('<ValidationObject id="T1">');
    expect(xml).not.toMatch(/POEProvisioning|POEObject/);
  });

  it('reports every check as its own constraint, and what was not asked never as passed (clause 4.3.5.4)', () => {
    const { report } = samples.unchecked;
    const [signature] = report.signatures;
    if (signature === undefined) throw new Error('the sample has no signature');
    const skipped: ValidationReport = { ...report, timestamps: [], signatures: [{ ...signature, checks: [{ name: 'asked-of-nobody', clause: 'RFC 5280 §6.3', status: 'skipped', detail: 'no' }] }] };
    const [constraint = ''] = /<ValidationConstraint>.*<\/ValidationConstraint>/.exec(reportXml(skipped)) ?? [];
    expect(constraint).toContain('<ValidationConstraintIdentifier>urn:lienthong:check:asked-of-nobody</ValidationConstraintIdentifier>');
    expect(constraint).toContain('<MainIndication>urn:etsi:019102:mainindication:indeterminate</MainIndication>');
    const all = reportXml(report).match(/<ValidationConstraint>/g)?.length ?? 0;
    expect(all).toBe([...report.signatures, ...report.timestamps].reduce((sum, { checks }) => sum + checks.length, 0));
  });
});

it('escapeXml replaces what XML cannot hold and keeps every other character (XML 1.0 §2.2)', () => {
  expect(escapeXml('a<b>&"\u0001\ud800😀\t')).toBe('a&lt;b&gt;&amp;&quot;\ufffd\ufffd😀\t');
});
