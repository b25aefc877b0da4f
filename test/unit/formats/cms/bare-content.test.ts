import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { setOf } from '../../../../src/formats/asn1/writer.ts';
import { checkSignerInfo, type SignatureProfile, type SignerInfoResult } from '../../../../src/formats/cms/check-signer-info.ts';
import { readSignedData } from '../../../../src/formats/cms/signed-data.ts';
import { CONTENT, craft, honestAttributes } from '../../../conformance/cms-forgery/craft.ts';
import { testIdentity } from '../../../support/certificates.ts';

const identity = testIdentity({ key: 'p256' });

/** A signature without signed attributes: the value is over the content itself. */
function judge(content: Uint8Array, profile: SignatureProfile, signed = content): SignerInfoResult {
  const signedData = readSignedData(craft({ identity, content: signed, attributes: null }));
  const [signerInfo] = signedData.signerInfos;
  if (signerInfo === undefined) throw new Error('no signer');
  return checkSignerInfo({ signedData, signerInfo, profile, contentDigest: (digest) => createHash(digest).update(content).digest(), contentBytes: () => content });
}

describe('signatures without signed attributes', () => {
  it('are read in adbe.pkcs7.*, with a warning, and broken by a change (ISO 32000-2 §12.8.3.3)', () => {
    const result = judge(CONTENT, 'cms');
    expect(result).toMatchObject({ integrity: 'intact', subIndication: null });
    expect(result.checks.find(({ name }) => name === 'signed-attributes-present')?.status).toBe('warning');
    expect(judge(Buffer.from('changed'), 'cms', CONTENT)).toMatchObject({ integrity: 'broken', subIndication: 'SIG_CRYPTO_FAILURE' });
  });

  it.each(['pades', 'cades', 'timestamp'] as const)('are refused in %s (EN 319 122-1 §6.3)', (profile) => {
    expect(judge(CONTENT, profile)).toMatchObject({ integrity: 'unknown', subIndication: 'FORMAT_FAILURE' });
  });

  it('are refused over content that could be signed attributes (draft-ietf-lamps-cms-euf-cma-signeddata)', () => {
    expect(judge(setOf(...honestAttributes({ identity })), 'cms')).toMatchObject({ integrity: 'unknown', subIndication: 'FORMAT_FAILURE' });
  });
});
