import { GatewayError } from '../../src/domain/errors.ts';

/** What a `pkcs11:` URI says, attributes it does not hold left out. */
export interface Pkcs11Uri {
  readonly token: TokenMatch;
  readonly key: KeyMatch;
  /** Path of the module's shared library. */
  readonly modulePath: string | null;
  /** Path of the file that holds the PIN. */
  readonly pinFile: string | null;
}

/** Every attribute given must be the token's own. */
export interface TokenMatch {
  readonly label?: string;
  readonly serial?: string;
  readonly manufacturer?: string;
  readonly model?: string;
}

/** Every attribute given must be the key's own. */
export interface KeyMatch {
  readonly label?: string;
  /** CKA_ID. */
  readonly id?: Uint8Array;
}

/** Path attributes of RFC 7512 §2.3 that are read; any other one is refused, since leaving one out would match more than was meant. */
const PATH_ATTRIBUTES = ['token', 'serial', 'manufacturer', 'model', 'object', 'id', 'type'];
const QUERY_ATTRIBUTES = ['module-path', 'pin-source'];
const MAX_URI_CHARACTERS = 4096;

/**
 * Reads a PKCS #11 URI that names one private key. A PIN in the URI is refused: URIs are logged and seen in process lists.
 * @throws CONFIG_INVALID
 * @see RFC 7512 §2.3, §2.4
 */
export function readPkcs11Uri(text: string): Pkcs11Uri {
  if (text.length > MAX_URI_CHARACTERS) throw invalid(`has more than ${MAX_URI_CHARACTERS} characters`);
  if (!text.startsWith('pkcs11:')) throw invalid('does not begin with pkcs11:');
  const [path = '', query = '', extra] = text.slice('pkcs11:'.length).split('?');
  if (extra !== undefined) throw invalid('holds more than one question mark');
  const parts = attributesOf(path, ';', PATH_ATTRIBUTES);
  const extras = attributesOf(query, '&', QUERY_ATTRIBUTES);
  checkType(parts.get('type'));
  return {
    token: textsOf(parts, [
      ['label', 'token'],
      ['serial', 'serial'],
      ['manufacturer', 'manufacturer'],
      ['model', 'model'],
    ]),
    key: { ...textsOf(parts, [['label', 'object']]), ...idOf(parts.get('id')) },
    modulePath: pathOf(extras.get('module-path'), 'module-path'),
    pinFile: pinFileOf(extras.get('pin-source')),
  };
}

/** Percent-decoded octets of each attribute. */
function attributesOf(text: string, separator: string, known: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const attributes = new Map<string, Uint8Array>();
  for (const part of text.split(separator)) {
    if (part === '') continue;
    const [name = '', value, extra] = part.split('=');
    if (name === 'pin-value') throw invalid('holds a PIN: put it in a file and name that with pin-source=file:/path');
    if (!known.includes(name)) throw invalid(`holds the attribute ${/^[a-z-]{1,40}$/.test(name) ? name : '(unreadable)'}, which is not supported`);
    if (value === undefined || extra !== undefined) throw invalid(`has an attribute ${name} without one value`);
    if (attributes.has(name)) throw invalid(`holds the attribute ${name} twice`);
    attributes.set(name, octetsOf(value, name));
  }
  return attributes;
}

function octetsOf(value: string, name: string): Uint8Array {
  if (!/^(?:[!-$&-~]|%[0-9A-Fa-f]{2})*$/.test(value)) throw invalid(`has an attribute ${name} that is not percent-encoded`);
  return Buffer.from(value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1');
}

function textsOf<Name extends string>(attributes: ReadonlyMap<string, Uint8Array>, names: readonly (readonly [Name, string])[]): { readonly [K in Name]?: string } {
  const texts: { [K in Name]?: string } = {};
  for (const [name, attribute] of names) {
    const octets = attributes.get(attribute);
    if (octets !== undefined) texts[name] = textOf(octets, attribute);
  }
  return texts;
}

function textOf(octets: Uint8Array, attribute: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `The PKCS #11 URI has an attribute ${attribute} that is not UTF-8`, { cause });
  }
}

function idOf(octets: Uint8Array | undefined): { readonly id?: Uint8Array } {
  return octets === undefined ? {} : { id: octets };
}

function checkType(octets: Uint8Array | undefined): void {
  if (octets !== undefined && textOf(octets, 'type') !== 'private') throw invalid('names something other than a private key (type=private)');
}

function pathOf(octets: Uint8Array | undefined, attribute: string): string | null {
  if (octets === undefined) return null;
  const path = textOf(octets, attribute);
  if (!path.startsWith('/')) throw invalid(`has a ${attribute} that is no absolute path`);
  return path;
}

/** RFC 7512 §2.4 lets a pin-source be a command; running what stands in a setting is not for a signing gateway. */
function pinFileOf(octets: Uint8Array | undefined): string | null {
  if (octets === undefined) return null;
  const source = textOf(octets, 'pin-source');
  if (source.startsWith('|')) throw invalid('takes its PIN from a command; use pin-source=file:/path');
  const path = source.startsWith('file:') ? source.slice('file:'.length).replace(/^\/\/(?=\/)/, '') : source;
  if (!path.startsWith('/')) throw invalid('has a pin-source that is no absolute path');
  return path;
}

/** The URI itself is not repeated: it may hold what was not meant to be there. */
function invalid(what: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', `The PKCS #11 URI ${what}`);
}
