import type { XmlElement } from 'libxml2-wasm';
import { GatewayError } from '../../domain/errors.ts';
import { base64Of, childOf, childrenOf, demandChild, isNamed, textOf, withXml, type QualifiedName, type XmlLimits } from '../xml/read-xml.ts';
import type { ServiceExtension, ServiceState, TrustedList, TrustedService } from './trusted-list.ts';

const TSL = 'http://uri.etsi.org/02231/v2#';
const tsl = (name: string): QualifiedName => [TSL, name];
export const ROOT = tsl('TrustServiceStatusList');
const TERRITORY = tsl('SchemeTerritory');

/** The largest national lists of the European Union have about 10 MB. */
export const LIST_LIMITS: XmlLimits = { maxBytes: 32 * 1024 * 1024, maxTags: 1_000_000, maxAttributes: 1_000_000 };
const MAX_PROVIDERS = 1_000;
const MAX_SERVICES = 10_000;
const MAX_STATES = 100;
const MAX_IDENTITIES = 20;

/**
 * Reads the octets of a list that were signed. Says nothing about who signed them: see `verifyTrustedList`.
 * @throws XML_MALFORMED, XML_LIMIT
 * @see ETSI TS 119 612 V2.4.1 §5.3–5.6
 */
export function readTrustedList(octets: Uint8Array): TrustedList {
  return withXml(octets, LIST_LIMITS, ({ root }) => {
    if (!isNamed(root, ROOT)) throw malformed('The XML is not a trusted list (TS 119 612)');
    return { ...readScheme(demandChild(root, tsl('SchemeInformation'))), services: readServices(root) };
  });
}

function readScheme(scheme: XmlElement): Omit<TrustedList, 'services'> {
  const version = wholeNumber(demandChild(scheme, tsl('TSLVersionIdentifier')));
  if (version < 5 || version > 6) throw malformed(`Version ${version} of trusted lists is not supported; 5 and 6 are`);
  const next = childOf(demandChild(scheme, tsl('NextUpdate')), tsl('dateTime'));
  const pointers = childOf(scheme, tsl('PointersToOtherTSL'));
  const territory = childOf(scheme, TERRITORY);
  return {
    version,
    sequenceNumber: wholeNumber(demandChild(scheme, tsl('TSLSequenceNumber'))),
    type: uriOf(demandChild(scheme, tsl('TSLType'))),
    operator: nameOf(demandChild(scheme, tsl('SchemeOperatorName'))),
    scheme: nameOf(demandChild(scheme, tsl('SchemeName'))),
    territory: territory === null ? null : shortText(territory),
    issuedAt: instant(demandChild(scheme, tsl('ListIssueDateTime'))),
    nextUpdate: next === null ? null : instant(next),
    pointers: pointers === null ? [] : atMost(childrenOf(pointers, tsl('OtherTSLPointer')), MAX_PROVIDERS, 'pointers').map((pointer) => readPointer(pointer)),
  };
}

function readPointer(pointer: XmlElement): TrustedList['pointers'][number] {
  const information = childOf(pointer, tsl('AdditionalInformation'));
  const territories = information === null ? [] : childrenOf(information, tsl('OtherInformation')).flatMap((other) => childrenOf(other, TERRITORY));
  return { location: uriOf(demandChild(pointer, tsl('TSLLocation'))), territory: territories[0] === undefined ? null : shortText(territories[0]) };
}

function readServices(root: XmlElement): TrustedService[] {
  const list = childOf(root, tsl('TrustServiceProviderList'));
  const providers = list === null ? [] : atMost(childrenOf(list, tsl('TrustServiceProvider')), MAX_PROVIDERS, 'providers');
  return atMost(
    providers.flatMap((provider) => {
      const name = nameOf(demandChild(demandChild(provider, tsl('TSPInformation')), tsl('TSPName')));
      return childrenOf(demandChild(provider, tsl('TSPServices')), tsl('TSPService')).map((service) => readService(name, service));
    }),
    MAX_SERVICES,
    'services',
  );
}

function readService(provider: string, service: XmlElement): TrustedService {
  const information = demandChild(service, tsl('ServiceInformation'));
  const history = childOf(service, tsl('ServiceHistory'));
  const past = history === null ? [] : atMost(childrenOf(history, tsl('ServiceHistoryInstance')), MAX_STATES, 'past states of a service');
  const identities = atMost(childrenOf(demandChild(information, tsl('ServiceDigitalIdentity')), tsl('DigitalId')).flatMap((id) => childrenOf(id)), MAX_IDENTITIES, 'identities of a service');
  return {
    provider,
    states: [readState(information), ...past.map((instance) => readState(instance))],
    certificatesDer: identities.filter((id) => isNamed(id, tsl('X509Certificate'))).map((id) => base64Of(id)),
    otherIdentities: identities.filter((id) => !isNamed(id, tsl('X509Certificate'))).map((id) => `${id.name} ${childrenOf(id).length === 0 ? shortText(id) : ''}`.trim()),
  };
}

function readState(state: XmlElement): ServiceState {
  const extensions = childOf(state, tsl('ServiceInformationExtensions'));
  return {
    type: uriOf(demandChild(state, tsl('ServiceTypeIdentifier'))),
    name: nameOf(demandChild(state, tsl('ServiceName'))),
    status: uriOf(demandChild(state, tsl('ServiceStatus'))),
    since: instant(demandChild(state, tsl('StatusStartingTime'))),
    extensions: extensions === null ? [] : atMost(childrenOf(extensions, tsl('Extension')), MAX_IDENTITIES, 'extensions of a service').map((extension) => readExtension(extension)),
  };
}

function readExtension(extension: XmlElement): ServiceExtension {
  const [content] = childrenOf(extension);
  const uri = content !== undefined && isNamed(content, tsl('AdditionalServiceInformation')) ? childOf(content, tsl('URI')) : null;
  // Whatever it says that is not plainly "false" counts as critical: the safe side.
  return { critical: !/^(?:false|0)$/.test(extension.attr('Critical')?.value ?? ''), kind: content?.name ?? '', uri: uri === null ? null : uriOf(uri), raw: extension.canonicalizeToString() };
}

/** Vietnamese where the list has it, else English, else the first. */
function nameOf(names: XmlElement): string {
  const all = childrenOf(names).map((name) => ({ language: (name.attr('lang', 'xml')?.value ?? '').toLowerCase(), text: shortText(name) }));
  const chosen = all.find(({ language }) => language.startsWith('vi')) ?? all.find(({ language }) => language.startsWith('en')) ?? all[0];
  if (chosen === undefined) throw malformed(`${names.name} has no name`);
  return chosen.text;
}

function shortText(element: XmlElement): string {
  return textOf(element).replace(/\s+/g, ' ').slice(0, 1_000);
}

function uriOf(element: XmlElement): string {
  const uri = textOf(element);
  if (uri === '' || uri.length > 2_000 || /\s/.test(uri)) throw malformed(`${element.name} holds no URI`);
  return uri;
}

function wholeNumber(element: XmlElement): number {
  const text = textOf(element);
  if (!/^\d{1,12}$/.test(text)) throw malformed(`${element.name} is not a whole number`);
  return Number(text);
}

/** UTC, as §5.1.3 asks; a time without its zone would be a guess. */
function instant(element: XmlElement): Date {
  const text = textOf(element);
  const time = new Date(text);
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/.test(text) || Number.isNaN(time.getTime())) throw malformed(`${element.name} is not a time in UTC`);
  return time;
}

function atMost<T>(items: readonly T[], limit: number, what: string): T[] {
  if (items.length > limit) throw new GatewayError('XML_LIMIT', `The trusted list has more than ${limit} ${what}`);
  return [...items];
}

function malformed(text: string): GatewayError {
  return new GatewayError('XML_MALFORMED', text);
}
