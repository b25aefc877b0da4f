import type { TrustWindow } from '../../domain/trust-window.ts';
import type { ServiceState, TrustedList, TrustedService } from './trusted-list.ts';

export interface ListAnchor {
  readonly purpose: 'signature' | 'timestamp';
  readonly certificateDer: Uint8Array;
  readonly provider: string;
  readonly service: string;
  /** Last part of the URIs, for people; the URI itself where it is not one of ETSI's. */
  readonly type: string;
  readonly status: string;
  readonly windows: readonly TrustWindow[];
}

const TYPE = 'http://uri.etsi.org/TrstSvc/Svctype/';
const STATUS = 'http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/';
const INFORMATION = 'http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/';

/** TS 119 612 §5.5.1: what a service is trusted for. Types that are not here are shown and trusted for nothing. */
const PURPOSES: Readonly<Record<string, ListAnchor['purpose']>> = {
  'CA/QC': 'signature',
  'CA/PKC': 'signature',
  'NationalRootCA-QC': 'signature',
  TSA: 'timestamp',
  'TSA/QTST': 'timestamp',
  'TSA/TSS-QC': 'timestamp',
  'TSA/TSS-AdESQCandQES': 'timestamp',
};

/** §5.5.4, Annex D.5.6: statuses of today and those of the time before eIDAS under which a service was in order. All others end trust. */
const IN_ORDER = ['granted', 'recognisedatnationallevel', 'undersupervision', 'supervisionincessation', 'accredited', 'setbynationallaw'];

const KNOWN_EXTENSIONS = ['Qualifications', 'AdditionalServiceInformation', 'ExpiredCertsRevocationInfo', 'TakenOverBy'];

/**
 * What a list means for trust: every certificate of a service of a known type, with the times at which the service was in order. Withdrawn
 * services stay, with an end: what was signed before may still be proven. A service without a certificate gives nothing.
 * @see ETSI TS 119 612 V2.4.1 §5.5, ETSI TS 119 615 §4.3
 */
export function listAnchors({ services }: Pick<TrustedList, 'services'>): ListAnchor[] {
  return services.flatMap((service) => (['signature', 'timestamp'] as const).flatMap((purpose) => anchorsFor(service, purpose)));
}

function anchorsFor({ states, certificatesDer, provider }: TrustedService, purpose: ListAnchor['purpose']): ListAnchor[] {
  const windows = windowsOf(states, purpose);
  const [present] = states;
  if (windows.length === 0) return [];
  return certificatesDer.map((certificateDer) => ({ purpose, certificateDer, provider, service: present.name, type: lastPart(present.type, TYPE), status: lastPart(present.status, STATUS), windows }));
}

/** States sorted by their time, each until the next begins; of two with the same time the one further up in the list decides. */
function windowsOf(states: readonly ServiceState[], purpose: ListAnchor['purpose']): TrustWindow[] {
  const inTime = states.toReversed().toSorted((a, b) => a.since.getTime() - b.since.getTime());
  const windows: { from: Date; until: Date | null }[] = [];
  for (const [index, state] of inTime.entries()) {
    const until = inTime[index + 1]?.since ?? null;
    if (!isTrustedFor(state, purpose) || until?.getTime() === state.since.getTime()) continue;
    const before = windows.at(-1);
    if (before?.until?.getTime() === state.since.getTime()) before.until = until;
    else windows.push({ from: state.since, until });
  }
  return windows;
}

function isTrustedFor({ type, status, extensions }: ServiceState, purpose: ListAnchor['purpose']): boolean {
  if (PURPOSES[lastPart(type, TYPE)] !== purpose || !type.startsWith(TYPE)) return false;
  if (!status.startsWith(STATUS) || !IN_ORDER.includes(status.slice(STATUS.length))) return false;
  // §5.5.9: a critical extension that is not understood makes the state unusable.
  if (extensions.some(({ critical, kind }) => critical && !KNOWN_EXTENSIONS.includes(kind))) return false;
  const uses = extensions.flatMap(({ uri }) => (uri?.startsWith(`${INFORMATION}For`) === true ? [uri.slice(INFORMATION.length)] : []));
  return purpose === 'timestamp' || uses.length === 0 || uses.some((use) => use === 'ForeSignatures' || use === 'ForeSeals');
}

function lastPart(uri: string, prefix: string): string {
  return uri.startsWith(prefix) ? uri.slice(prefix.length) : uri;
}
