import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../../certs/policy/load-policy.ts';
import { GatewayError } from '../../../../src/domain/errors.ts';
import { NO_MATERIAL, type ValidationContext } from '../../../../src/formats/ades/context.ts';
import { documentJudge } from '../../../../src/formats/ades/judge-document.ts';
import { validationPolicy } from '../../../../src/formats/ades/policy.ts';
import { bytesSource, type ByteSource } from '../../../../src/formats/byte-source.ts';
import { pemOf } from '../../../../src/formats/x509/pem.ts';
import { CONTENT, craft } from '../../../conformance/cms-forgery/craft.ts';
import { testCa, testIdentity } from '../../../support/certificates.ts';
import { onePagePdf } from '../../../support/pdf.ts';

const context: ValidationContext = { policy: validationPolicy(loadPolicy('default')), at: new Date(), anchors: { signature: [], timestamp: [] }, certificates: [], revocation: NO_MATERIAL };
const cms = craft({ identity: testIdentity({ issuer: testCa(), key: 'p256' }) });

/** Counts how many bytes are read. */
function counted(bytes: Uint8Array): ByteSource & { readonly read: ByteSource['read']; total(): number } {
  const source = bytesSource(bytes);
  let total = 0;
  return {
    sizeBytes: source.sizeBytes,
    total: () => total,
    read: (offset, length) => {
      total += length;
      return source.read(offset, length);
    },
  };
}

describe('what a document is', () => {
  it.each([
    ['a PDF', onePagePdf(), 'application/pdf'],
    ['a PDF after 1000 other bytes (ISO 32000-1 Annex H.3.4.1)', Buffer.concat([Buffer.alloc(1000, 32), onePagePdf()]), 'application/pdf'],
    ['a CMS in DER', cms, 'application/pkcs7-signature'],
    ['a CMS in PEM (RFC 7468 §9)', Buffer.from(pemOf('CMS', cms)), 'application/pkcs7-signature'],
    ['a PEM of something else', Buffer.from(pemOf('CERTIFICATE', cms)), 'application/octet-stream'],
    ['a text', Buffer.from('Quyết định'), 'application/octet-stream'],
  ] as const)('is told by its bytes: %s', (_, bytes, mediaType) => {
    expect(documentJudge(bytesSource(bytes))(context)).toMatchObject({ mediaType, sha256: createHash('sha256').update(bytes).digest('hex') });
  });

  it.each([
    ['empty', Buffer.alloc(0), 'DOCUMENT_EMPTY'],
    ['neither PDF nor CMS', Buffer.from('Quyết định'), 'MEDIA_TYPE_UNSUPPORTED'],
    ['a CMS cut short', cms.subarray(0, 40), 'CMS_MALFORMED'],
    ['a PDF cut short', onePagePdf().subarray(0, 60), 'PDF_BROKEN'],
  ] as const)('is an answer too where it cannot be read: %s', (_, bytes, code) => {
    expect(documentJudge(bytesSource(bytes))(context)).toMatchObject({ signatures: [], timestamps: [], error: { code } });
  });

  it('is refused as a CMS above 64 MiB, unread', () => {
    const sizeBytes = 64 * 1024 * 1024 + 1;
    const head = Buffer.alloc(1024 * 1024, 0x06);
    head[0] = 0x30;
    const source: ByteSource = { sizeBytes, read: (_, length) => head.subarray(0, length) };
    expect(documentJudge(source)(context)).toMatchObject({ mediaType: 'application/pkcs7-signature', error: { code: 'BODY_TOO_LARGE' } });
  });
});

describe('judging again', () => {
  it('reads and digests nothing again, neither signature nor what it is about', () => {
    const [source, detached] = [counted(cms), counted(CONTENT)];
    const judge = documentJudge(source, detached);
    const first = judge(context);
    const read = [source.total(), detached.total()];
    expect(judge(context)).toEqual(first);
    expect([source.total(), detached.total()]).toEqual(read);
    expect(first.signatures).toMatchObject([{ integrity: 'intact' }]);
  });
});

describe('what is not the document’s fault', () => {
  it.each(['BUDGET_EXCEEDED', 'CANCELLED', 'STORAGE_FAILED'] as const)('%s is thrown and never becomes a verdict', (code) => {
    const onQuestion = (): never => {
      throw new GatewayError(code, 'Not now');
    };
    expect(() => documentJudge(bytesSource(cms), bytesSource(CONTENT))({ ...context, onQuestion })).toThrow(expect.objectContaining({ code }) as Error);
  });
});
