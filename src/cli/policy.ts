import { loadPolicy, loadPolicyFile, POLICY_NAMES } from '../../certs/policy/load-policy.ts';
import { validationPolicy, type ValidationPolicy } from '../formats/ades/policy.ts';

/** Words for the help of `--policy`. */
export const POLICY_CHOICES = `${POLICY_NAMES.join(' | ')}, or a policy file`;

/** The policy of this name, else the one in the file. @throws FILE_NOT_READABLE, CONFIG_INVALID */
export function policyOf(text: string): ValidationPolicy {
  const name = POLICY_NAMES.find((known) => known === text);
  return validationPolicy(name === undefined ? loadPolicyFile(text) : loadPolicy(name));
}
