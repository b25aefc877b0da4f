import type { Dispatcher } from 'undici';
import { openCscService, type CscService, type CscSigner } from '../../connectors/key-csc/index.ts';
import { isOneTime, type AuthAnswers } from '../../connectors/key-csc/transaction.ts';
import { createFileSigner } from '../../connectors/key-file/index.ts';
import { openPkcs11Token, type Pkcs11Token } from '../../connectors/key-pkcs11/index.ts';
import { readPkcs11Uri } from '../../connectors/key-pkcs11/uri.ts';
import { GatewayError } from '../domain/errors.ts';
import type { KeyId } from '../domain/ids.ts';
import type { KeyPlace } from '../domain/key-place.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConsentSigner } from '../ports/consent.ts';
import type { SigningKeyRecord } from '../ports/key-records.ts';
import type { PinGuard } from '../ports/pin-guard.ts';
import type { Signer } from '../ports/signer.ts';
import type { Log } from '../ports/telemetry.ts';
import { signingKeyContext } from '../usecases/administer-keys.ts';
import type { SignerAnswers } from '../usecases/make-signature.ts';
import { openCscSecrets, openKeySecret, type KeySecretPorts } from './key-secrets.ts';

export interface SignersParts extends KeySecretPorts {
  readonly pinGuard: PinGuard;
  readonly clock: Clock;
  readonly log: Log;
  /** For remote signing services. */
  readonly dispatcher: Dispatcher;
  /** Of the signer processes: what PKCS #11 modules need to find their device. */
  readonly moduleEnvironment: Readonly<Record<string, string>>;
}

export interface Signers {
  /**
   * The signer of a recorded key, wherever it lives. A disabled key is refused before it is asked for.
   * @throws what the connector of its kind throws; SEALED_DATA_UNREADABLE, MASTER_KEY_UNREADABLE
   */
  signerOf(key: SigningKeyRecord, answers: SignerAnswers): Promise<Signer>;
  /**
   * The signer of a key whose every use a person allows in a browser.
   * @throws KEY_UNSUPPORTED when it is no such key; as `signerOf`
   */
  consentSignerOf(key: SigningKeyRecord): Promise<ConsentSigner>;
  /** Ends the signer processes and closes the connections. */
  close(): Promise<void>;
}

/** What a service says of a credential is asked for again after this: it may have been suspended. */
const CREDENTIAL_KEPT_MS = 60_000;

/** Signers are kept by certificate: a file's key is unsealed once a process, a token is opened once, a credential is looked at once a minute. */
export function openSigners(parts: SignersParts): Signers {
  const files = new Map<string, Signer>();
  const devices = openDevices(parts);
  const services = openServices(parts);
  return {
    async signerOf(key, answers) {
      switch (key.place.kind) {
        case 'file':
          return kept(files, nameOf(key), () => fileSigner(parts, key));
        case 'pkcs11':
          return devices.signerOf(key, key.place);
        case 'csc':
          return answered(await services.signerOf(key, key.place), parts, key.id, answers);
      }
    },
    async consentSignerOf(key) {
      const signer = key.place.kind === 'csc' ? await services.signerOf(key, key.place) : null;
      if (signer?.signContent !== undefined) throw new GatewayError('KEY_UNSUPPORTED', `The service that holds the key ${key.id} builds whole signatures, which cannot be prepared here: lienthong sign --key ${key.id}`);
      if (signer?.wantsConsent === true) return signer;
      throw new GatewayError('KEY_UNSUPPORTED', `Nobody has to allow each use of the key ${key.id} in a browser: sign with POST /v1/signatures`);
    },
    close: async () => void (await Promise.all([devices.close(), services.close()])),
  };
}

/** What cannot work is refused before a document is looked at. */
function answered(signer: CscSigner, parts: SignersParts, id: KeyId, { oneTimePassword, consent }: SignerAnswers): Signer {
  if (!signer.wantsConsent) return signer.answering(answersFor(parts, id, oneTimePassword));
  if (consent !== undefined) return signer.consenting(consent);
  throw new GatewayError('CONSENT_REQUIRED', `The signer allows each use of the key ${id} in a browser: POST /v1/signatures/prepare with "keyId" and "redirectUri", or lienthong sign --key ${id}`);
}

const nameOf = ({ id, certificateSha256 }: SigningKeyRecord): string => `${id}|${certificateSha256}`;

function kept<T>(known: Map<string, T>, name: string, make: () => T): T {
  const value = known.get(name) ?? make();
  known.set(name, value);
  return value;
}

function fileSigner({ sealing }: SignersParts, { id, secretSealed, chainDer, scheme }: SigningKeyRecord): Signer {
  if (secretSealed === null) throw new GatewayError('SIGNER_UNAVAILABLE', `The key ${id} is not held here any more`);
  return createFileSigner({ keyId: id, privateKeyPkcs8Der: sealing.open(secretSealed, signingKeyContext(id)), chainDer, scheme });
}

interface HeldToken {
  readonly token: Pkcs11Token;
  asked: KeyId;
}

/** One signer process a token, whatever number of keys it holds; its PIN is read from the record of the key that was asked for last. */
function openDevices(parts: SignersParts) {
  const tokens = new Map<string, HeldToken>();
  const signers = new Map<string, Promise<Signer>>();
  const { pinGuard, log, moduleEnvironment: environment } = parts;
  return {
    async signerOf(key: SigningKeyRecord, { uri }: KeyPlace & { kind: 'pkcs11' }): Promise<Signer> {
      const { token: match, modulePath, pinFile } = readPkcs11Uri(uri);
      const held = kept(tokens, JSON.stringify([match, modulePath, pinFile]), () => {
        const opened: HeldToken = { asked: key.id, token: openPkcs11Token({ uri, pinGuard, log, environment, pin: () => openKeySecret(parts, opened.asked) }) };
        return opened;
      });
      held.asked = key.id;
      const { id: keyId, chainDer, scheme } = key;
      const signer = kept(signers, nameOf(key), () => held.token.signer({ keyId, uri, chainDer, scheme }));
      signer.catch(() => signers.delete(nameOf(key))); // a token that is away today may be there tomorrow
      return signer;
    },
    close: async () => void (await Promise.all([...tokens.values()].map(({ token }) => token.close()))),
  };
}

function openServices(parts: SignersParts) {
  const { clock, dispatcher, pinGuard } = parts;
  const services = new Map<string, CscService>();
  const signers = new Map<string, { readonly signer: Promise<CscSigner>; readonly until: number }>();
  const serviceOf = (id: KeyId, { url, access }: KeyPlace & { kind: 'csc' }): CscService => {
    const secret = async (): Promise<string> => (await openCscSecrets(parts, id)).access;
    const authorization = { answers: answersFor(parts, id, null), pinGuard };
    const common = { url, clock, dispatcher, authorization };
    if (access.kind === 'token') return openCscService({ ...common, access: { token: secret } });
    const client = { url: access.tokenUrl, clientId: access.clientId, clientSecret: secret };
    return openCscService({ ...common, access: client, ...(access.authorizeUrl === undefined ? {} : { consent: { authorizeUrl: access.authorizeUrl, client } }) });
  };
  return {
    async signerOf(key: SigningKeyRecord, place: KeyPlace & { kind: 'csc' }): Promise<CscSigner> {
      const name = nameOf(key);
      const known = signers.get(name);
      if (known !== undefined && clock.now().getTime() < known.until) return known.signer;
      const service = kept(services, name, () => serviceOf(key.id, place));
      const signer = service.signer({ keyId: key.id, credentialID: place.credentialId, scheme: key.scheme, ...(place.signs && { signs: place.signs }) }).then((opened) => checkedCertificate(opened, key));
      signers.set(name, { signer, until: clock.now().getTime() + CREDENTIAL_KEPT_MS });
      signer.catch(() => signers.delete(name));
      return signer;
    },
    close: async () => void (await Promise.all([...services.values()].map((service) => service.close()))),
  };
}

/** The certificate was judged when the key was added, and is before each use: another one must not slip in. */
function checkedCertificate(signer: CscSigner, { id, chainDer }: SigningKeyRecord): CscSigner {
  if (Buffer.compare(signer.chainDer[0], chainDer[0]) === 0) return signer;
  throw new GatewayError('KEY_MISMATCH', `The signing service has another certificate for the key ${id} than when it was added: add it anew under another name`);
}

/** The PIN from the sealed record, the one-time password from the caller. */
export function answersFor(ports: KeySecretPorts, id: KeyId, oneTimePassword: string | null): AuthAnswers {
  return async (questions) => {
    const { pin } = await openCscSecrets(ports, id);
    return questions.map((question) => ({ id: question.id, value: isOneTime(question) ? oneTimeOr(oneTimePassword, id) : pinOr(pin, id) }));
  };
}

function oneTimeOr(oneTimePassword: string | null, id: KeyId): string {
  if (oneTimePassword === null) throw new GatewayError('OTP_REQUIRED', `The key ${id} wants a one-time password for each signature: send it as the part "otp"; "lienthong keys test" asks for it`);
  return oneTimePassword;
}

function pinOr(pin: string | null, id: KeyId): string {
  if (pin === null) throw new GatewayError('HSM_LOGIN_FAILED', `The signing service wants the PIN of the key ${id}, and none is kept: lienthong keys change-secret ${id} --pin-file FILE`);
  return pin;
}
