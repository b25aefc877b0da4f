import { serializeInnerList, serializeItem, type InnerList, type Item, type Parameters } from 'structured-headers';
import { GatewayError } from '../../domain/errors.ts';

/** A request as its signature sees it (RFC 9421 §2). */
export interface SignedRequest {
  readonly method: string;
  /** `https`, in lower case. */
  readonly scheme: string;
  /** Host in lower case, and the port unless it is the scheme's own. */
  readonly authority: string;
  /** Path and query as they stand in the request line. */
  readonly requestTarget: string;
  /** Every value of a field in order, as received; none: the request has no such field. */
  readonly values: (name: string) => readonly string[];
}

/**
 * The bytes a signature is made over. Components with parameters (`sf`, `key`, `bs`, `req`, `tr`) are not taken.
 * @param covered components and parameters, serialised again in their own order
 * @throws REQUEST_SIGNATURE_INVALID when a component is missing, unknown, or comes twice
 * @see RFC 9421 §2.5
 */
export function buildSignatureBase(request: SignedRequest, covered: InnerList): Uint8Array {
  const [components] = covered;
  const names = components.map((item) => nameOf(item));
  if (new Set(names).size !== names.length) throw invalid('A component is covered twice');
  const lines = names.map((name) => `${serializeItem([name, new Map()])}: ${valueOf(request, name)}`);
  return new TextEncoder().encode([...lines, `"@signature-params": ${serializeInnerList(covered)}`].join('\n'));
}

/** Names of the components covered. @throws REQUEST_SIGNATURE_INVALID */
export function coveredNames([components]: InnerList): readonly string[] {
  return components.map((item) => nameOf(item));
}

/** @param names as they are covered, in this order */
export function coverComponents(names: readonly string[], parameters: Parameters): InnerList {
  return [names.map((name): Item => [name, new Map()]), parameters];
}

function nameOf([name, parameters]: Item): string {
  if (typeof name !== 'string' || parameters.size > 0 || name !== name.toLowerCase()) throw invalid('A component is named in a way that is not taken here: use plain names in lower case');
  return name;
}

const DERIVED: Readonly<Record<string, (request: SignedRequest) => string>> = {
  '@method': ({ method }) => method,
  '@target-uri': ({ scheme, authority, requestTarget }) => `${scheme}://${authority}${requestTarget}`,
  '@authority': ({ authority }) => authority,
  '@scheme': ({ scheme }) => scheme,
  '@request-target': ({ requestTarget }) => requestTarget,
  '@path': ({ requestTarget }) => requestTarget.split('?')[0] ?? '/',
  '@query': ({ requestTarget }) => (requestTarget.includes('?') ? requestTarget.slice(requestTarget.indexOf('?')) : '?'),
};

function valueOf(request: SignedRequest, name: string): string {
  if (name.startsWith('@')) {
    const derive = Object.hasOwn(DERIVED, name) ? DERIVED[name] : undefined;
    if (derive === undefined) throw invalid(`The component ${name.slice(0, 40)} is not taken here`);
    return derive(request);
  }
  const values = request.values(name);
  if (values.length === 0) throw invalid('A component is covered that the request does not have');
  return values.map((value) => value.trim().replaceAll(/\s*\r?\n\s+/g, ' ')).join(', ');
}

export function invalid(why: string): GatewayError {
  return new GatewayError('REQUEST_SIGNATURE_INVALID', `The signature of the request does not hold (RFC 9421): ${why}`);
}
