import type { AlgorithmPolicy } from '../algorithms/policy.ts';
import { EKU } from '../x509/extensions.ts';
import type { RevocationRules } from '../x509/path/revocation.ts';
import { pathRules, purposeOf, TIMESTAMP_PURPOSE, type PathRules } from '../x509/path/rules.ts';
import type { Constraints } from './constraints.ts';

/** What a policy file says (`certs/policy`), as frozen data. */
export interface PolicySettings {
  readonly id: string;
  readonly version: string;
  /** Lower-case hexadecimal SHA-256 of the policy file. */
  readonly sha256: string;
  readonly algorithms: AlgorithmPolicy;
  readonly path: Pick<PathRules, 'profile' | 'model' | 'maxIntermediates' | 'anchors'>;
  readonly revocation: RevocationRules;
  readonly constraints: Constraints;
  readonly signing: {
    /** What becomes of signing when the status of the signer's certificate cannot be had: nothing is signed, or it is, with a warning. */
    readonly revocationUnavailable: 'refuse' | 'warn';
    /** Padding of RSA signatures where nobody asks for one. */
    readonly rsaScheme: 'pkcs1' | 'pss';
  };
}

/** What validation holds signatures to; named in every report. */
export interface ValidationPolicy extends Omit<PolicySettings, 'path'> {
  readonly signaturePath: PathRules;
  readonly timestampPath: PathRules;
}

/** Purposes under which documents are signed, where a certificate names any: those of issuers, Adobe and Microsoft. */
const SIGNING = purposeOf(EKU.EMAIL_PROTECTION, EKU.DOCUMENT_SIGNING, EKU.CLIENT_AUTH, '1.3.6.1.4.1.311.10.3.12', '1.2.840.113583.1.1.5');

/** The settings with what no policy file need repeat: what ETSI EN 319 102-1 and RFC 3161 ask of the two kinds of certificate. */
export function validationPolicy({ path, ...settings }: PolicySettings): ValidationPolicy {
  const leaf = { keyUsage: ['digitalSignature', 'nonRepudiation'], onlyKeyUsage: null, mayBeCa: false, asAnchor: 'self-signed-only' } as const;
  return {
    ...settings,
    signaturePath: pathRules(settings.algorithms, { ...path, leaf: { ...leaf, purpose: SIGNING }, waived: waivedOf(settings.constraints) }),
    timestampPath: pathRules(settings.algorithms, { ...path, leaf: { ...leaf, purpose: TIMESTAMP_PURPOSE } }),
  };
}

/** Rules of the path that the policy does not make a condition, by the names of their checks. */
function waivedOf(constraints: Constraints): PathRules['waived'] {
  const rules = { 'leaf-usage': constraints['signer-key-usage'], 'path-purpose': constraints['signer-purpose'] } as const;
  return Object.fromEntries(Object.entries(rules).flatMap(([rule, level]) => (level === 'FAIL' ? [] : [[rule, level === 'WARN' ? 'warning' : 'skipped']])));
}
