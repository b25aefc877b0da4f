import { openCscService, type CscService, type CscSettings } from '../../connectors/key-csc/index.ts';
import { GatewayError } from '../domain/errors.ts';
import type { KeyId } from '../domain/ids.ts';
import type { CscAccess, CscSigns } from '../domain/key-place.ts';
import type { KeyPurpose, SignatureScheme } from '../domain/signature.ts';
import type { SigningKeyRecord } from '../ports/key-records.ts';
import { addKeyElsewhere } from '../usecases/administer-keys.ts';
import { cscSecretsBytes } from '../wiring/key-secrets.ts';
import { outboundAgent } from '../wiring/outbound-http.ts';
import { readSecret } from './secrets.ts';
import type { Administration } from './with-store.ts';

export interface RemoteKeyOptions {
  readonly id: KeyId;
  readonly purpose: KeyPurpose;
  readonly picturePng: Uint8Array | null;
  readonly csc?: string;
  readonly credential?: string;
  readonly tokenFile?: string;
  readonly clientId?: string;
  readonly clientSecretFile?: string;
  readonly tokenUrl?: string;
  readonly authorizeUrl?: string;
  readonly pinFile?: string;
  readonly withoutPin?: boolean;
  readonly scheme?: SignatureScheme;
}

/** A credential at a remote signing service: the service says what it speaks, and that is what is recorded. @throws REQUEST_INVALID; what `openCscService` and its signer throw */
export async function addCredential(store: Administration, options: RemoteKeyOptions): Promise<SigningKeyRecord> {
  const { id, purpose, picturePng, csc: url = '', credential, scheme, clientId } = options;
  if (credential === undefined) throw new GatewayError('REQUEST_INVALID', 'Say which credential: --credential ID');
  if ((options.tokenFile === undefined) === (clientId === undefined)) throw new GatewayError('REQUEST_INVALID', 'Say how the service knows you: --token-file FILE, or --client-id ID with --client-secret-file FILE');
  const secret = await readSecret(
    { file: clientId === undefined ? options.tokenFile : options.clientSecretFile },
    { what: clientId === undefined ? 'access token' : 'client secret', options: '--client-secret-file FILE' },
    {},
  );
  const pin = await pinOf(options);
  const dispatcher = outboundAgent({ allow: store.config.LIENTHONG_OUTBOUND_ALLOW });
  try {
    const { access, signs } = await spokenBy({ url, clock: store.clock, dispatcher, access: { token: () => Promise.resolve(secret) } }, options);
    const found = await withService(url, access, secret, { clock: store.clock, dispatcher }, (service) => service.signer({ keyId: id, credentialID: credential, ...(scheme && { scheme }) }));
    const known = found.wantsConsent ? access : withoutPage(access);
    if (found.wantsConsent && !('authorizeUrl' in known)) throw new GatewayError('REQUEST_INVALID', 'The signer allows each use of this credential in a browser: give --client-id and --client-secret-file instead of a token');
    const place = { kind: 'csc', url, credentialId: credential, access: known, signs } as const;
    return await addKeyElsewhere(store, store.actor, { id, purpose, picturePng, scheme: found.scheme, chainDer: found.chainDer, place, secret: cscSecretsBytes({ access: secret, pin }) });
  } finally {
    await dispatcher.destroy();
  }
}

function pinOf({ withoutPin, pinFile }: RemoteKeyOptions): Promise<string | null> {
  const words = { what: 'PIN of the credential', options: '--pin-file FILE (or - for standard input), or --without-pin' };
  return withoutPin === true ? Promise.resolve(null) : readSecret({ file: pinFile }, words, {});
}

/** How the service lets us in and what it signs, from its own `info`. */
async function spokenBy(settings: CscSettings, { clientId, tokenUrl, authorizeUrl }: RemoteKeyOptions): Promise<{ readonly access: CscAccess; readonly signs: CscSigns }> {
  const service = openCscService(settings);
  try {
    const { methods, authTypes, oauth2 } = await service.info();
    if (clientId !== undefined && authTypes.length > 0 && !authTypes.some((type) => type.startsWith('oauth2'))) throw new GatewayError('REQUEST_INVALID', `The service takes no OAuth 2.0 clients (its info names ${authTypes.join(', ')}): use --token-file`);
    if (methods.length > 0 && !methods.includes('signatures/signHash') && !methods.includes('signatures/signDoc')) throw new GatewayError('KEY_UNSUPPORTED', 'The service offers neither signatures/signHash nor signatures/signDoc');
    const signs = methods.includes('signatures/signHash') || methods.length === 0 ? 'hashes' : 'documents';
    const base = `${(oauth2 ?? settings.url).replace(/\/$/, '')}/oauth2`;
    const access: CscAccess = clientId === undefined ? { kind: 'token' } : { kind: 'client-credentials', clientId, tokenUrl: tokenUrl ?? `${base}/token`, authorizeUrl: authorizeUrl ?? `${base}/authorize` };
    return { access, signs };
  } finally {
    await service.close();
  }
}

async function withService<T>(url: string, access: CscAccess, secret: string, shared: Required<Pick<CscSettings, 'clock' | 'dispatcher'>>, work: (service: CscService) => Promise<T>): Promise<T> {
  const read = (): Promise<string> => Promise.resolve(secret);
  const service = openCscService({ ...shared, url, access: access.kind === 'token' ? { token: read } : { url: access.tokenUrl, clientId: access.clientId, clientSecret: read } });
  try {
    return await work(service);
  } finally {
    await service.close();
  }
}

function withoutPage(access: CscAccess): CscAccess {
  if (access.kind === 'token') return access;
  const { authorizeUrl: _, ...rest } = access;
  return rest;
}
