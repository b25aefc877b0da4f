import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { DIGEST_ALGORITHMS, type DigestAlgorithm, type SignatureScheme } from '../../src/domain/signature.ts';
import { digestOid, digestSizeBytes } from '../../src/formats/algorithms/digests.ts';
import { KEY_OID } from '../../src/formats/algorithms/schemes.ts';
import { buildSignedAttributes } from '../../src/formats/cms/build-attributes.ts';
import { buildSignedData } from '../../src/formats/cms/build-signed-data.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';
import type { Activations } from './activation.ts';
import type { Codes } from './consent.ts';
import type { SandboxCredential } from './credentials.ts';
import { digestLength, hashNotAuthorized, invalidParameter, missing, notOffered, otpWrong, pinWrong, tooManySignatures } from './errors.ts';
import type { Call, Faults } from './faults.ts';
import { signHash } from './sign-hash.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface State {
  readonly credentials: ReadonlyMap<string, SandboxCredential>;
  readonly activations: Activations;
  readonly faults: Faults;
  readonly settings: SandboxSettings;
  readonly codes: Codes;
  /** Handle → polls left, and what comes then. */
  readonly later: Map<string, { left: number; readonly answer: unknown }>;
  /** Signatures made, for whoever counts. */
  made: number;
}

/** May be changed while it runs. */
export interface SandboxSettings {
  pin: string;
  otp: string;
  /** Life of activation data. */
  sadSeconds: number;
  /** How often a client has to ask before an authorisation, or signatures, are there; 0: at once. */
  authorizePolls: number;
  signPolls: number;
  /** Whether `signatures/signHash` is offered, or `signatures/signDoc` alone. */
  signsHashes: boolean;
  /** As the specification spells DocumentWithSignature, or as other implementations do. */
  documentSpelling: 'DocumentWithSignature' | 'documentWithSignature' | 'SignatureObject';
}

type Body = Readonly<Record<string, unknown>>;

/** @param baseUrl with `/csc/v2` */
export function info({ settings }: State, baseUrl: string): Answer {
  const methods = ['info', 'credentials/list', 'credentials/info', 'credentials/authorize', 'credentials/authorizeCheck', ...(settings.signsHashes ? ['signatures/signHash'] : []), 'signatures/signDoc', 'signatures/signPolling'];
  return ok({
    specs: '2.0.0.2',
    name: 'CSC sandbox',
    logo: '',
    region: 'VN',
    lang: 'en-US',
    description: 'A remote signing service to try things out with; its keys are made at its start',
    authType: ['oauth2client', 'oauth2code'],
    oauth2: baseUrl,
    asynchronousOperationMode: true,
    methods,
    signAlgorithms: { algos: [KEY_OID.RSA, KEY_OID.RSA_PSS, KEY_OID.EC], algoParams: [] },
    signature_formats: { formats: ['C', 'P'], envelope_properties: [['Detached'], []] },
    conformance_levels: ['Ades-B-B'],
  });
}

export function listCredentials(state: State): Answer {
  return ok({ credentialIDs: [...state.credentials.keys()] });
}

export function credentialInfo(state: State, body: Body): Answer {
  const { chainDer, algorithms, multisign, wantsPin, wantsConsent, status } = credentialIn(state, body);
  const { issuer, subject, serialHex, notBefore, notAfter, publicKey } = readCertificate(chainDer[0]);
  const objects = [
    { type: 'Password', id: 'PIN', format: 'N', label: 'PIN' },
    { type: 'Password', id: 'OTP', format: 'N', label: 'OTP', generator: 'totp' },
  ];
  return ok({
    description: 'Chứng thư thử',
    key: { status: status.key, algo: algorithms, len: publicKey.bits, ...(publicKey.curveOid === null ? {} : { curve: publicKey.curveOid }) },
    cert: {
      status: status.certificate,
      certificates: chainDer.map((der) => base64(der)),
      issuerDN: issuer,
      serialNumber: serialHex,
      subjectDN: subject,
      validFrom: timeText(notBefore),
      validTo: timeText(notAfter),
    },
    auth: wantsConsent ? { mode: 'oauth2code' } : { mode: 'explicit', expression: 'PIN AND OTP', objects: wantsPin ? objects : [] },
    SCAL: '2',
    multisign,
    lang: 'vi',
  });
}

const authData = z.array(z.object({ id: z.string(), value: z.string() }));

export function authorize(state: State, body: Body, token: string): Answer {
  const credential = credentialIn(state, body);
  if (credential.wantsConsent) throw invalidParameter('credentialID');
  const { hashes, hashAlgorithmOID } = hashesIn(body);
  const numSignatures = z.int().min(1).safeParse(body['numSignatures']);
  if (!numSignatures.success) throw invalidParameter('numSignatures');
  if (numSignatures.data > credential.multisign) throw tooManySignatures();
  if (hashes.length !== numSignatures.data) throw invalidParameter('numSignatures');
  if (credential.wantsPin) checkAuthData(state.settings, body['authData']);
  const { SAD, expiresIn } = state.activations.grant({ token, credentialID: credential.id, hashAlgorithmOID, hashes });
  const granted = state.faults.authorize === 'expired' ? { SAD, expiresIn: 0 } : { SAD, expiresIn };
  if (state.settings.authorizePolls === 0) return ok(granted);
  return { status: 202, body: { handle: putOff(state, state.settings.authorizePolls, granted) } };
}

function checkAuthData({ pin, otp }: SandboxSettings, value: unknown): void {
  const given = authData.safeParse(value);
  const valueOf = (id: string): string | undefined => given.data?.find((datum) => datum.id === id)?.value;
  if (valueOf('PIN') !== pin) throw pinWrong();
  if (valueOf('OTP') !== otp) throw otpWrong();
}

/** For `credentials/authorizeCheck` and `signatures/signPolling`: 202 until what was put off is there. */
export function poll(state: State, body: Body, parameter: 'handle' | 'requestID'): Answer {
  const handle = stringIn(body, parameter);
  const waiting = state.later.get(handle);
  if (waiting === undefined) throw invalidParameter(parameter);
  waiting.left -= 1;
  if (waiting.left > 0) return { status: 202, body: {} };
  state.later.delete(handle);
  return ok(waiting.answer);
}

export function signHashes(state: State, body: Body, token: string): Answer {
  if (!state.settings.signsHashes) throw notOffered();
  const credential = credentialIn(state, body);
  const { hashes, hashAlgorithmOID, digest } = hashesIn(body);
  const scheme = schemeIn(credential, body, digest);
  state.activations.use(stringIn(body, 'SAD'), { token, credentialID: credential.id, hashAlgorithmOID, hashes });
  const signatures = signaturesOf(state, credential, 'sign-hash', hashes, (key, hash) => signHash(key, scheme, digest, hash));
  return later(state, { signatures });
}

export function signDocuments(state: State, body: Body, token: string): Answer {
  const credential = credentialIn(state, body);
  const [request, other] = z.array(z.record(z.string(), z.unknown())).catch([]).parse(body['documentDigests']);
  if (request === undefined || other !== undefined) throw invalidParameter('documentDigests');
  const { hashes, hashAlgorithmOID, digest } = hashesIn(request);
  const format = z.enum(['C', 'P']).safeParse(request['signature_format']);
  if (!format.success) throw invalidParameter('signature_format');
  if (request['conformance_level'] !== undefined && request['conformance_level'] !== 'Ades-B-B') throw invalidParameter('conformance_level');
  const scheme = schemeIn(credential, request, digest);
  state.activations.use(stringIn(body, 'SAD'), { token, credentialID: credential.id, hashAlgorithmOID, hashes });
  const signatures = signaturesOf(state, credential, 'sign-doc', hashes, (key, hash) => {
    const claimed = (format.data === 'C') !== (state.faults['sign-doc'] === 'not-baseline') ? { signingTime: new Date() } : {};
    const signedAttributesDer = buildSignedAttributes({ contentDigest: hash, digestAlgorithm: digest, signerCertificateDer: credential.chainDer[0], scheme, ...claimed });
    const signatureValue = signHash(key, scheme, digest, createHash(digest).update(signedAttributesDer).digest());
    return buildSignedData({ signedAttributesDer, signatureValue, scheme, digestAlgorithm: digest, chainDer: credential.chainDer });
  });
  return later(state, { [state.settings.documentSpelling]: signatures });
}

function signaturesOf(state: State, credential: SandboxCredential, call: Call, hashes: readonly string[], sign: (key: SandboxCredential['privateKey'], hash: Uint8Array) => Uint8Array): string[] {
  const kind = state.faults[call];
  const other = [...state.credentials.values()].find(({ id, privateKey }) => id !== credential.id && privateKey.asymmetricKeyType === credential.privateKey.asymmetricKeyType);
  const key = kind === 'other-key' && other !== undefined ? other.privateKey : credential.privateKey;
  const values = hashes.map((hash) => {
    const bytes = Buffer.from(hash, 'base64');
    return base64(sign(key, kind === 'other-hash' ? randomBytes(bytes.length) : bytes));
  });
  state.made += values.length;
  return kind === 'one-fewer' ? values.slice(1) : values;
}

function later(state: State, answer: unknown): Answer {
  return state.settings.signPolls === 0 ? ok(answer) : ok({ responseID: putOff(state, state.settings.signPolls, answer) });
}

function putOff(state: State, polls: number, answer: unknown): string {
  const handle = randomBytes(16).toString('base64url');
  state.later.set(handle, { left: polls, answer });
  return handle;
}

function credentialIn({ credentials }: State, body: Body): SandboxCredential {
  const found = credentials.get(stringIn(body, 'credentialID'));
  if (found === undefined) throw invalidParameter('credentialID');
  return found;
}

export function hashesIn(body: Body): { readonly hashes: readonly string[]; readonly hashAlgorithmOID: string; readonly digest: DigestAlgorithm } {
  const hashAlgorithmOID = stringIn(body, 'hashAlgorithmOID');
  const digest = DIGEST_ALGORITHMS.find((candidate) => digestOid(candidate) === hashAlgorithmOID);
  if (digest === undefined) throw invalidParameter('hashAlgorithmOID');
  const hashes = z.array(z.base64()).min(1).safeParse(body['hashes']);
  if (!hashes.success) throw invalidParameter('hashes');
  if (hashes.data.some((hash) => Buffer.from(hash, 'base64').length !== digestSizeBytes(digest))) throw digestLength();
  return { hashes: hashes.data, hashAlgorithmOID, digest };
}

/** The algorithm asked for; one with a hash in its name has to agree with hashAlgorithmOID. */
function schemeIn(credential: SandboxCredential, body: Body, digest: DigestAlgorithm): SignatureScheme {
  const signAlgo = stringIn(body, 'signAlgo');
  if (!credential.algorithms.includes(signAlgo)) throw invalidParameter('signAlgo');
  if (signAlgo === KEY_OID.RSA_PSS) {
    if (typeof body['signAlgoParams'] !== 'string') throw missing('signAlgoParams');
    return 'pss';
  }
  const named = HASHED.get(signAlgo);
  if (named !== undefined && named !== digest) throw hashNotAuthorized();
  return credential.privateKey.asymmetricKeyType === 'ec' ? 'ecdsa' : 'pkcs1';
}

const HASHED = new Map<string, DigestAlgorithm>([
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
]);

export function stringIn(body: Body, parameter: string): string {
  const value = body[parameter];
  if (typeof value !== 'string' || value === '') throw missing(parameter);
  return value;
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** YYYYMMDDHHMMSSZ */
function timeText(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`;
}
