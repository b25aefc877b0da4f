import type { KeyObject } from 'node:crypto';
import type { DigestAlgorithm, SignatureScheme } from '../../src/domain/signature.ts';
import { buildCertificate, keyIdentifierOf } from '../../src/formats/x509/build-certificate.ts';
import { buildName, type NameInput } from '../../src/formats/x509/build-name.ts';
import { readCertificate, type Certificate } from '../../src/formats/x509/certificate.ts';
import { buildCrl, type CrlReason } from '../../src/formats/crl/build-crl.ts';
import { generateDevKey, schemeOf, spkiDerOf, structureSigner, type DevIdentity, type DevKeyKind } from './identity.ts';
import { extensionsOf, type DevProfile, type IssuerUrls } from './profiles.ts';

export interface DevRevocation {
  readonly serialHex: string;
  readonly at: Date;
  readonly reason: CrlReason;
}

export interface DevIssueRequest {
  readonly name: string;
  readonly subject: NameInput;
  readonly profile: DevProfile;
  readonly key: DevKeyKind | KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Replaces the profile's extensions: for certificates that break a rule on purpose. */
  readonly extensionsDer?: readonly Uint8Array[];
  /** Hash and scheme of the issuer's signature; SHA-256 and the key's usual scheme by default. */
  readonly digest?: DigestAlgorithm;
  readonly scheme?: SignatureScheme;
}

/** One certification authority of the throw-away PKI with its list of revocations. */
export interface DevAuthority {
  /** Its own key and chain; `identity.name` is the name in URLs and file names. */
  readonly identity: DevIdentity;
  readonly certificate: Certificate;
  readonly urls: IssuerUrls;
  issue(request: DevIssueRequest): Promise<DevIdentity>;
  /** Puts a certificate of this authority on its list; a second call for the same serial number replaces the first. */
  revoke(revocation: DevRevocation): void;
  readonly revocations: readonly DevRevocation[];
  /** Whether this authority issued a certificate with this number. */
  hasIssued(serialHex: string): boolean;
  readonly issuedSerials: readonly string[];
  /** CRL of everything revoked at `thisUpdate`, valid until `nextUpdate`. DER. */
  crl(thisUpdate: Date, nextUpdate: Date): Uint8Array;
}

export interface DevAuthorityOptions {
  readonly urls: IssuerUrls;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Numbers issued and revoked before, when an authority is read back from files. */
  readonly issuedSerials?: readonly string[];
  readonly revocations?: readonly DevRevocation[];
}

/** The authority that holds this identity. `urls` are what it writes into certificates it issues. */
export function devAuthority(identity: DevIdentity, options: DevAuthorityOptions): DevAuthority {
  const certificate = readCertificate(identity.certificateDer);
  const issued = new Set(options.issuedSerials ?? []);
  const revoked = new Map((options.revocations ?? []).map((revocation) => [revocation.serialHex, revocation]));
  return {
    identity,
    certificate,
    urls: options.urls,
    async issue(request) {
      const serialNumber = serialOf(options.randomBytes(16));
      issued.add(Buffer.from(serialNumber).toString('hex'));
      return issueFrom(identity, certificate, request, serialNumber, options.urls);
    },
    revoke: (revocation) => void revoked.set(revocation.serialHex, revocation),
    get revocations() {
      return [...revoked.values()];
    },
    hasIssued: (serialHex) => issued.has(serialHex),
    get issuedSerials() {
      return [...issued];
    },
    crl: (thisUpdate, nextUpdate) => crlOf(identity, certificate, [...revoked.values()], thisUpdate, nextUpdate),
  };
}

/** A self-signed authority. */
export async function createRoot(request: Omit<DevIssueRequest, 'profile'> & { readonly profile?: DevProfile }, options: DevAuthorityOptions): Promise<DevAuthority> {
  const privateKey = await keyOf(request.key);
  const spkiDer = spkiDerOf(privateKey);
  const nameDer = buildName(request.subject);
  const certificateDer = buildCertificate({
    serialNumber: serialOf(options.randomBytes(16)),
    issuerDer: nameDer,
    subjectDer: nameDer,
    notBefore: request.notBefore,
    notAfter: request.notAfter,
    spkiDer,
    extensionsDer: request.extensionsDer ?? extensionsOf(request.profile ?? 'root', spkiDer, spkiDer, options.urls),
    signer: structureSigner(privateKey, request.scheme, request.digest),
  });
  return devAuthority({ name: request.name, certificateDer, chainDer: [certificateDer], privateKey, scheme: schemeOf(privateKey) }, options);
}

async function issueFrom(issuer: DevIdentity, certificate: Certificate, request: DevIssueRequest, serialNumber: Uint8Array, urls: IssuerUrls): Promise<DevIdentity> {
  const privateKey = await keyOf(request.key);
  const spkiDer = spkiDerOf(privateKey);
  const certificateDer = buildCertificate({
    serialNumber,
    issuerDer: certificate.subjectDer,
    subjectDer: buildName(request.subject),
    notBefore: request.notBefore,
    notAfter: request.notAfter,
    spkiDer,
    extensionsDer: request.extensionsDer ?? extensionsOf(request.profile, spkiDer, certificate.spkiDer, urls),
    signer: structureSigner(issuer.privateKey, request.scheme ?? issuer.scheme, request.digest),
  });
  return { name: request.name, certificateDer, chainDer: [certificateDer, ...issuer.chainDer], privateKey, scheme: schemeOf(privateKey) };
}

function crlOf(issuer: DevIdentity, certificate: Certificate, revocations: readonly DevRevocation[], thisUpdate: Date, nextUpdate: Date): Uint8Array {
  const due = revocations.filter(({ at }) => at <= thisUpdate);
  return buildCrl({
    issuerDer: certificate.subjectDer,
    issuerKeyId: keyIdentifierOf(certificate.spkiDer),
    thisUpdate,
    nextUpdate,
    // Seconds since 1970 grow with every list, whoever makes it.
    crlNumber: BigInt(Math.floor(thisUpdate.getTime() / 1000)),
    revoked: due.map(({ serialHex, at, reason }) => ({ serialNumber: Buffer.from(serialHex, 'hex'), at, reason })),
    signer: structureSigner(issuer.privateKey, issuer.scheme),
  });
}

async function keyOf(key: DevKeyKind | KeyObject): Promise<KeyObject> {
  return typeof key === 'string' ? generateDevKey(key) : key;
}

/** 16 octets with the first between 1 and 127: positive, never shortened (RFC 5280 §4.1.2.2), so that its hexadecimal is the same everywhere. */
function serialOf(random: Uint8Array): Uint8Array {
  const serial = Uint8Array.from(random);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}
