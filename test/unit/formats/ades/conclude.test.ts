import { describe, expect, it } from 'vitest';
import { conclude, type Findings } from '../../../../src/formats/ades/conclude.ts';

const GOOD: Findings = { integrity: 'intact', signature: null, containerBroken: false, coverage: { extent: 'file', changesAfter: 'none' }, certificate: null, constraints: null };

describe('conclude', () => {
  it.each<[string, Partial<Findings>, string, string | null]>([
    ['nothing against it', {}, 'TOTAL-PASSED', null],
    ['a whole revision with permitted changes', { coverage: { extent: 'revision', changesAfter: 'permitted' } }, 'TOTAL-PASSED', null],
    ['changes not analysed', { coverage: { extent: 'revision', changesAfter: 'unknown' } }, 'INDETERMINATE', 'POLICY_PROCESSING_ERROR'],
    ['forbidden changes', { coverage: { extent: 'revision', changesAfter: 'forbidden' } }, 'TOTAL-FAILED', 'FORMAT_FAILURE'],
    ['partial coverage', { coverage: { extent: 'partial', changesAfter: 'none' } }, 'TOTAL-FAILED', 'FORMAT_FAILURE'],
    ['unclear coverage', { coverage: { extent: 'unclear', changesAfter: 'none' } }, 'TOTAL-FAILED', 'FORMAT_FAILURE'],
    ['a broken container', { containerBroken: true }, 'TOTAL-FAILED', 'FORMAT_FAILURE'],
    ['a changed content', { integrity: 'broken', signature: 'HASH_FAILURE' }, 'TOTAL-FAILED', 'HASH_FAILURE'],
    ['a wrong value', { integrity: 'broken', signature: 'SIG_CRYPTO_FAILURE' }, 'TOTAL-FAILED', 'SIG_CRYPTO_FAILURE'],
    ['a changed content under an unknown chain', { integrity: 'broken', signature: 'HASH_FAILURE', certificate: 'NO_CERTIFICATE_CHAIN_FOUND' }, 'TOTAL-FAILED', 'HASH_FAILURE'],
    ['content that is not there', { integrity: 'unknown', signature: 'SIGNED_DATA_NOT_FOUND' }, 'INDETERMINATE', 'SIGNED_DATA_NOT_FOUND'],
    ['no certificate of the signer', { integrity: 'unknown', signature: 'NO_SIGNING_CERTIFICATE_FOUND' }, 'INDETERMINATE', 'NO_SIGNING_CERTIFICATE_FOUND'],
    ['an unknown integrity nobody explained', { integrity: 'unknown' }, 'INDETERMINATE', 'SIGNED_DATA_NOT_FOUND'],
    ['no path', { certificate: 'NO_CERTIFICATE_CHAIN_FOUND' }, 'INDETERMINATE', 'NO_CERTIFICATE_CHAIN_FOUND'],
    ['revoked, existence before proven by nothing', { certificate: 'REVOKED_NO_POE' }, 'INDETERMINATE', 'REVOKED_NO_POE'],
    ['revoked before it can have been made', { certificate: 'REVOKED' }, 'TOTAL-FAILED', 'REVOKED'],
    ['made after its certificate had ended', { certificate: 'EXPIRED' }, 'TOTAL-FAILED', 'EXPIRED'],
    ['proven to have existed before its certificate', { certificate: 'NOT_YET_VALID' }, 'TOTAL-FAILED', 'NOT_YET_VALID'],
    ['revocation data missing', { certificate: 'CERTIFICATE_CHAIN_GENERAL_FAILURE' }, 'INDETERMINATE', 'CERTIFICATE_CHAIN_GENERAL_FAILURE'],
    ['revocation data stale', { certificate: 'TRY_LATER' }, 'INDETERMINATE', 'TRY_LATER'],
    ['weak algorithms', { constraints: 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE' }, 'INDETERMINATE', 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE'],
  ])('%s (EN 319 102-1 §5.1.3)', (_, findings, indication, subIndication) => {
    expect(conclude({ ...GOOD, ...findings })).toEqual({ indication, subIndication });
  });
});
