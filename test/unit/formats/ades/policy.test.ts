import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../../certs/policy/load-policy.ts';
import { NO_MATERIAL } from '../../../../src/formats/ades/context.ts';
import { documentJudge } from '../../../../src/formats/ades/judge-document.ts';
import { validationPolicy } from '../../../../src/formats/ades/policy.ts';
import type { ConstraintLevel } from '../../../../src/formats/ades/constraints.ts';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import { readCertificate } from '../../../../src/formats/x509/certificate.ts';
import { testCa, testIdentity, testTsa, type TestIdentity } from '../../../support/certificates.ts';
import { onePagePdf, signPdf } from '../../../support/pdf.ts';

const ca = testCa();
const anchors = [{ certificate: readCertificate(ca.certificateDer), set: 'test' }];

async function underPolicy(identity: TestIdentity, constraint: 'signer-purpose' | 'signer-key-usage', level: ConstraintLevel) {
  const settings = loadPolicy('default');
  const policy = validationPolicy({ ...settings, constraints: { ...settings.constraints, [constraint]: level } });
  const { signatures } = documentJudge(bytesSource(await signPdf(onePagePdf(), identity)))({ policy, at: new Date(), anchors: { signature: anchors, timestamp: anchors }, certificates: [], revocation: NO_MATERIAL });
  const check = constraint === 'signer-purpose' ? 'path-purpose' : 'leaf-usage';
  return { subIndication: signatures[0]?.subIndication, status: signatures[0]?.checks.find(({ name }) => name === check)?.status };
}

describe('rules of the path that a policy may waive', () => {
  // Without revocation data the verdict stays open for that reason, which no policy waives.
  it.each<[ConstraintLevel, string, string]>([
    ['FAIL', 'CHAIN_CONSTRAINTS_FAILURE', 'failed'],
    ['WARN', 'CERTIFICATE_CHAIN_GENERAL_FAILURE', 'warning'],
    ['INFORM', 'CERTIFICATE_CHAIN_GENERAL_FAILURE', 'skipped'],
    ['IGNORE', 'CERTIFICATE_CHAIN_GENERAL_FAILURE', 'skipped'],
  ])('are held to at level %s (RFC 5280 §4.2.1.3, §4.2.1.12)', async (level, subIndication, status) => {
    expect(await underPolicy(testTsa(ca), 'signer-purpose', level)).toEqual({ subIndication, status });
    expect(await underPolicy(testIdentity({ issuer: ca, keyUsage: ['keyEncipherment'] }), 'signer-key-usage', level)).toEqual({ subIndication, status });
  });
});
