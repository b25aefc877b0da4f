import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../../src/domain/errors.ts';
import { buildManifest, readManifest, type AsicManifest } from '../../../../src/formats/asic/manifest.ts';
import { requireTool } from '../../../support/tools.ts';
import { requireVectors, vectorPath } from '../../../support/vectors.ts';

const digest = createHash('sha256').update('x').digest();
const manifest: AsicManifest = {
  signature: 'META-INF/signature001.p7s',
  signatureMediaType: 'application/x-pkcs7-signature',
  objects: [
    { name: 'manifest.json', mediaType: 'application/json', digestAlgorithm: 'sha256', digest, isRoot: true },
    { name: 'parts/1 Quyết định #2 & 50%.pdf', mediaType: null, digestAlgorithm: 'sha256', digest, isRoot: false },
  ],
};
const bytes = buildManifest(manifest);
const changed = (from: string | RegExp, to: string): Uint8Array => Buffer.from(Buffer.from(bytes).toString().replace(from, to));

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'none';
  } catch (error) {
    return isGatewayError(error) ? error.code : `not ours: ${String(error)}`;
  }
}

describe('an ASiCManifest (EN 319 162-1 A.4)', () => {
  it('is read as it was written, names with spaces, signs and accents among it', () => {
    expect(readManifest(bytes)).toEqual({ ...manifest, objects: manifest.objects.map((object) => ({ ...object, digest: new Uint8Array(digest) })) });
    expect(Buffer.from(bytes).toString()).toContain('URI="parts/1%20Quy%E1%BA%BFt%20%C4%91%E1%BB%8Bnh%20%232%20%26%2050%25.pdf"');
  });

  it.skipIf(!requireTool('xmllint') || !requireVectors('schemas'))('is valid by its schema (xmllint)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lienthong-asic-'));
    try {
      const importedAs = 'http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd';
      writeFileSync(join(folder, 'catalog.xml'), `<?xml version="1.0"?><catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog"><uri name="${importedAs}" uri="${pathToFileURL(vectorPath('schemas', 'xmldsig-core-schema.xsd')).href}"/></catalog>`);
      const lint = (content: Uint8Array): number | null => {
        writeFileSync(join(folder, 'manifest.xml'), content);
        return spawnSync('xmllint', ['--nonet', '--noout', '--schema', vectorPath('schemas', 'en_31916201v010101.xsd'), join(folder, 'manifest.xml')], { env: { ...process.env, XML_CATALOG_FILES: join(folder, 'catalog.xml') } }).status;
      };
      expect(lint(bytes)).toBe(0);
      expect(lint(changed('SigReference', 'Reference'))).not.toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each([
    ['another element', changed(/ASiCManifest/g, 'Manifest')],
    ['another namespace', changed('02918', '02919')],
    ['an object twice', changed(/(<asic:DataObjectReference .*?<\/asic:DataObjectReference>)/, '$1$1')],
    ['no object', changed(/<asic:DataObjectReference .*<\/asic:DataObjectReference>/, '')],
    ['no signature', changed(/<asic:SigReference [^>]*>/, '')],
    ['two signatures', changed(/(<asic:SigReference [^>]*>)/, '$1$1')],
    ['SHA-1', changed('http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2000/09/xmldsig#sha1')],
    ['a digest that is no base64', changed(/<ds:DigestValue>./, '<ds:DigestValue>!')],
    ['a URI that is none', changed('manifest.json', '%zz')],
    ['a critical extension', changed('</asic:ASiCManifest>', '<asic:ASiCManifestExtensions><asic:Extension Critical="true"/></asic:ASiCManifestExtensions></asic:ASiCManifest>')],
    ['a DOCTYPE', changed('?>', '?><!DOCTYPE a>')],
    ['too many objects', changed('<asic:DataObjectReference', '<a/>'.repeat(10_000) + '<asic:DataObjectReference')],
    ['no XML', Buffer.from('{}')],
  ])('with %s is not taken', (_, content) => {
    expect(codeOf(() => readManifest(content))).toBe('EVIDENCE_MALFORMED');
  });

  it('may have an extension that is not critical', () => {
    expect(readManifest(changed('</asic:ASiCManifest>', '<asic:ASiCManifestExtensions><asic:Extension Critical="false"/></asic:ASiCManifestExtensions></asic:ASiCManifest>')).objects).toHaveLength(2);
  });
});
