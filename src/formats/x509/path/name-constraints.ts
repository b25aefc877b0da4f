import type { Certificate } from '../certificate.ts';
import type { NameConstraints } from '../extensions.ts';
import type { GeneralName } from '../general-name.ts';
import { NAME_OID, attributesOf, isWithin } from '../name.ts';
import { constrainedOf, isRollover, type Chain, type Fault } from './chain.ts';
import type { PathRules } from './rules.ts';

/** Comparisons of names with constraints in one path; beyond it the path is refused, not waited for. */
const MAX_COMPARISONS = 250_000;

/**
 * RFC 5280 §6.1.3 (b), (c) and §6.1.4 (g): every name of a certificate lies in the permitted subtrees of every certificate above it and
 * in none of the excluded ones. A constraint that cannot be understood refuses the names of its kind.
 * @see RFC 5280 §4.2.1.10
 */
export function nameConstraintFaults(chain: Chain, rules: PathRules): Fault[] {
  const above: NameConstraints[] = [];
  const budget = { left: MAX_COMPARISONS };
  const faults: Fault[] = [];
  for (const certificate of [...constrainedOf(chain, rules)].reverse()) {
    if (above.length > 0 && !isRollover(chain, certificate)) faults.push(...faultsOf(certificate, above, budget));
    if (certificate.nameConstraints !== null) above.push(certificate.nameConstraints);
    if (budget.left < 0) return [...faults, { certificate, text: `needs more than ${MAX_COMPARISONS} comparisons of names with constraints` }];
  }
  return faults;
}

interface Budget {
  left: number;
}

function faultsOf(certificate: Certificate, above: readonly NameConstraints[], budget: Budget): Fault[] {
  const faults: Fault[] = [];
  for (const name of namesOf(certificate)) {
    for (const constraints of above) {
      const permitted = constraints.permitted.filter((base) => base.kind === name.kind);
      const excluded = constraints.excluded.filter((base) => base.kind === name.kind);
      budget.left -= permitted.length + excluded.length;
      if (budget.left < 0) return faults;
      const text = violation(name, permitted, excluded);
      if (text !== null) faults.push({ certificate, text });
    }
  }
  return faults;
}

/** Subject (when not empty), alternative names, and mail addresses of the subject where there is no alternative one. */
function namesOf(certificate: Certificate): GeneralName[] {
  const { subjectName, subjectAltNames } = certificate;
  const names: GeneralName[] = subjectName.rdns.length > 0 ? [{ kind: 'dn', name: subjectName }] : [];
  if (!subjectAltNames.some(({ kind }) => kind === 'mail')) {
    names.push(...attributesOf(subjectName, NAME_OID.EMAIL).map((value) => ({ kind: 'mail' as const, value })));
  }
  return [...names, ...subjectAltNames];
}

function violation(name: GeneralName, permitted: readonly GeneralName[], excluded: readonly GeneralName[]): string | null {
  if (permitted.length === 0 && excluded.length === 0) return null;
  const within = permitted.map((base) => covers(base, name, 'permitted'));
  const without = excluded.map((base) => covers(base, name, 'excluded'));
  if ([...within, ...without].includes('unclear')) return `has a ${KINDS[name.kind]} that a name constraint speaks of in a way that cannot be decided`;
  if (without.includes('yes')) return `has a ${KINDS[name.kind]} that a name constraint excludes`;
  return permitted.length > 0 && !within.includes('yes') ? `has a ${KINDS[name.kind]} outside what name constraints permit` : null;
}

const KINDS = { dns: 'DNS name', mail: 'mail address', uri: 'URI', ip: 'IP address', dn: 'distinguished name', oid: 'registered id', other: 'otherName', x400: 'X.400 address', edi: 'EDI party name' } as const satisfies Record<GeneralName['kind'], string>;

type Answer = 'yes' | 'no' | 'unclear';

function covers(base: GeneralName, name: GeneralName, side: 'permitted' | 'excluded'): Answer {
  if (base.kind === 'dn' && name.kind === 'dn') return answer(isWithin(name.name, base.name));
  if (base.kind === 'dns' && name.kind === 'dns') return coversDns(base.value, name.value, side);
  if (base.kind === 'mail' && name.kind === 'mail') return coversMail(base.value, name.value);
  if (base.kind === 'uri' && name.kind === 'uri') return coversUri(base.value, name.value);
  if (base.kind === 'ip' && name.kind === 'ip') return coversIp(base.octets, name.octets);
  return 'unclear';
}

const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
const HOST = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const PATTERN = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`);

/** A host and everything below it. A leading period or an asterisk is no DNS constraint, and `*.a` stands for every `x.a`. */
function coversDns(base: string, name: string, side: 'permitted' | 'excluded'): Answer {
  if ((base !== '' && !HOST.test(base)) || !PATTERN.test(name)) return 'unclear';
  const [zone, host] = [base.toLowerCase(), name.toLowerCase()];
  if (zone === '' || host === zone || host.endsWith(`.${zone}`)) return 'yes';
  const reaches = host.startsWith('*.') && zone.slice(zone.indexOf('.') + 1) === host.slice(2);
  return answer(side === 'excluded' && reaches);
}

/** A mailbox, a host, or (with a leading period) everything below a domain; the local part keeps its case (RFC 5280 §7.5). */
function coversMail(base: string, name: string): Answer {
  const mailbox = splitMailbox(name);
  if (mailbox === null) return 'unclear';
  if (base.includes('@')) {
    const wanted = splitMailbox(base);
    return wanted === null ? 'unclear' : answer(wanted.local === mailbox.local && wanted.host === mailbox.host);
  }
  return coversHost(base, mailbox.host);
}

function splitMailbox(text: string): { local: string; host: string } | null {
  const match = /^([^@\s"(),:;<>[\\\]]+)@([^@]+)$/.exec(text);
  const [, local = '', host = ''] = match ?? [];
  return match !== null && HOST.test(host) ? { local, host: host.toLowerCase() } : null;
}

/** The host of the authority part; URIs without a DNS name as host cannot meet a constraint (RFC 5280 §4.2.1.10). */
function coversUri(base: string, name: string): Answer {
  const host = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:@[\]]+)(?::\d*)?(?:[/?#]|$)/.exec(name)?.[1];
  if (host === undefined || !HOST.test(host) || /^[\d.]+$/.test(host)) return 'unclear';
  return coversHost(base, host.toLowerCase());
}

function coversHost(base: string, host: string): Answer {
  const zone = base.toLowerCase();
  if (zone.startsWith('.')) return HOST.test(zone.slice(1)) ? answer(host.endsWith(zone)) : 'unclear';
  return HOST.test(zone) ? answer(host === zone) : 'unclear';
}

/** Address and mask, read strictly with the certificate. */
function coversIp(base: Uint8Array, address: Uint8Array): Answer {
  const size = base.length / 2;
  if (address.length !== size) return 'no';
  return answer(address.every((byte, index) => ((byte ^ (base[index] ?? 0)) & (base[size + index] ?? 0)) === 0));
}

function answer(yes: boolean): Answer {
  return yes ? 'yes' : 'no';
}
