import { trustAnchorsOf } from '../../certs/trust-folder.ts';
import { DEFAULT_ALGORITHMS } from '../../certs/policy/default.ts';
import { GatewayError } from '../domain/errors.ts';
import { readCertificate } from '../formats/x509/certificate.ts';
import { pathRules } from '../formats/x509/path/rules.ts';
import { validatePath } from '../formats/x509/path/validate-path.ts';

/**
 * Before a key is used: does its chain reach one of the given anchors now? Revocation is not looked at.
 * @returns `not-checked` when no anchors were given
 * @throws CERTIFICATE_CHAIN with the reasons of the best path
 */
export function checkChain(chainDer: readonly [Uint8Array, ...Uint8Array[]], trust: readonly string[], at: Date): 'reached' | 'not-checked' {
  if (trust.length === 0) return 'not-checked';
  const [leaf, ...intermediates] = chainDer.map((der) => readCertificate(der));
  if (leaf === undefined) throw new GatewayError('CERTIFICATE_CHAIN', 'The key has no certificate');
  const anchors = trust.flatMap((path) => trustAnchorsOf(path)).map(({ certificateDer, set }) => ({ certificate: readCertificate(certificateDer), set }));
  const result = validatePath({ leaf, intermediates, anchors, at, rules: pathRules(DEFAULT_ALGORITHMS) });
  if (result.outcome === 'PASSED') return 'reached';
  const reasons = result.refused.flatMap(({ reasons }) => reasons);
  throw new GatewayError('CERTIFICATE_CHAIN', `The signer's certificate does not lead to a trusted anchor (${reasons[0] ?? 'no issuer found'}): nothing was signed`);
}
