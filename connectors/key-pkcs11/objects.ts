import { GatewayError } from '../../src/domain/errors.ts';
import { CKR, returnValueOf } from './failure.ts';
import type { Pkcs11Module } from './module.ts';
import type { FoundKey } from './protocol.ts';
import type { KeyMatch } from './uri.ts';

/** A private key on the token. */
export interface KeyObject {
  readonly handle: Buffer;
  readonly facts: Omit<FoundKey, 'key'>;
}

const CKO = { CERTIFICATE: 1, PUBLIC_KEY: 2, PRIVATE_KEY: 3 } as const;
const CKA = { CLASS: 0, VALUE: 0x11, ID: 0x102, LABEL: 3, CERTIFICATE_TYPE: 0x80, KEY_TYPE: 0x100, MODULUS: 0x120, EC_PARAMS: 0x180, EC_POINT: 0x181, ALWAYS_AUTHENTICATE: 0x202 } as const;
const KEY_TYPES = new Map([
  [0, 'rsa'],
  [3, 'ec'],
] as const);
const MOST_CERTIFICATES = 64;
const MOST_CERTIFICATE_BYTES = 1024 * 1024;

/** The one private key that fits, with what the token tells about it. @throws KEY_NOT_FOUND; CONFIG_INVALID when several fit */
export function findKey(api: Pkcs11Module, session: Buffer, match: KeyMatch): KeyObject {
  const [handle, other] = search(api, session, [{ type: CKA.CLASS, value: CKO.PRIVATE_KEY }, ...templateOf(match)], 2);
  if (handle === undefined) throw new GatewayError('KEY_NOT_FOUND', 'The key device holds no private key with the label or id of the PKCS #11 URI');
  if (other !== undefined) throw new GatewayError('CONFIG_INVALID', 'Several private keys on the device fit the PKCS #11 URI: add id=');
  const read = (type: number): Buffer | null => attribute(api, session, handle, type);
  const id = read(CKA.ID);
  return {
    handle,
    facts: {
      type: KEY_TYPES.get((sumOf(read(CKA.KEY_TYPE)) ?? 99) as 0 | 3) ?? 'other',
      modulus: read(CKA.MODULUS),
      ecParametersDer: read(CKA.EC_PARAMS),
      ecPointDer: publicPoint(api, session, id),
      alwaysAuthenticate: (sumOf(read(CKA.ALWAYS_AUTHENTICATE)) ?? 0) !== 0,
      ...certificates(api, session, id),
    },
  };
}

/** DER of a curve's name → bytes of its order. */
const ORDER_BYTES = new Map([
  ['06082a8648ce3d030107', 32],
  ['06052b81040022', 48],
  ['06052b81040023', 66],
]);

/** How many leading bytes of a hash ECDSA uses; all of them where the curve is not known. */
export function orderBytesOf({ ecParametersDer }: Pick<FoundKey, 'ecParametersDer'>): number {
  return ORDER_BYTES.get(Buffer.from(ecParametersDer ?? []).toString('hex')) ?? Number.POSITIVE_INFINITY;
}

type Template = Parameters<Pkcs11Module['C_FindObjectsInit']>[1];

function templateOf({ label, id }: KeyMatch): Template {
  return [...(label === undefined ? [] : [{ type: CKA.LABEL, value: Buffer.from(label, 'utf8') }]), ...(id === undefined ? [] : [{ type: CKA.ID, value: Buffer.from(id) }])];
}

function search(api: Pkcs11Module, session: Buffer, template: Template, most: number): Buffer[] {
  api.C_FindObjectsInit(session, template);
  try {
    return api.C_FindObjects(session, most);
  } finally {
    api.C_FindObjectsFinal(session);
  }
}

/** Null where the token has no such attribute or keeps it to itself. */
function attribute(api: Pkcs11Module, session: Buffer, object: Buffer, type: number): Buffer | null {
  try {
    return api.C_GetAttributeValue(session, object, [{ type }])[0]?.value ?? null;
  } catch (error) {
    const value = returnValueOf(error);
    if (value === CKR.ATTRIBUTE_SENSITIVE || value === CKR.ATTRIBUTE_TYPE_INVALID) return null;
    throw error;
  }
}

/** A small CK_ULONG or CK_BBOOL, whatever the order of its bytes. */
function sumOf(bytes: Buffer | null): number | null {
  return bytes === null || bytes.length === 0 ? null : bytes.reduce((sum, byte) => sum + byte, 0);
}

function publicPoint(api: Pkcs11Module, session: Buffer, id: Buffer | null): Buffer | null {
  if (id === null || id.length === 0) return null;
  const [handle] = search(api, session, [{ type: CKA.CLASS, value: CKO.PUBLIC_KEY }, { type: CKA.ID, value: id }], 1);
  return handle === undefined ? null : attribute(api, session, handle, CKA.EC_POINT);
}

function certificates(api: Pkcs11Module, session: Buffer, id: Buffer | null): Pick<FoundKey, 'certificatesDer' | 'ownCertificates'> {
  const handles = search(api, session, [{ type: CKA.CLASS, value: CKO.CERTIFICATE }], MOST_CERTIFICATES);
  const own: Buffer[] = [];
  const others: Buffer[] = [];
  for (const handle of handles) {
    const der = attribute(api, session, handle, CKA.VALUE);
    if (der === null || der.length === 0 || der.length > MOST_CERTIFICATE_BYTES) continue;
    const isOwn = id !== null && id.length > 0 && attribute(api, session, handle, CKA.ID)?.equals(id) === true;
    (isOwn ? own : others).push(der);
  }
  return { certificatesDer: [...own, ...others], ownCertificates: own.length };
}
