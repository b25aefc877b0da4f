import { createFileSigner } from '../../connectors/key-file/index.ts';
import type { Config } from '../config.ts';
import { GatewayError } from '../domain/errors.ts';
import { openFileSource } from '../isolation/file-source.ts';
import { isolatedDigester, isolatedPdf, type DocumentIsolation } from '../isolation/isolated-documents.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { SigningKeyRecord } from '../ports/key-records.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { Signer } from '../ports/signer.ts';
import type { Metrics } from '../ports/telemetry.ts';
import type { TimestampAuthority } from '../ports/timestamp-authority.ts';
import { signingKeyContext } from '../usecases/administer-keys.ts';
import type { TimestampHealth } from '../usecases/check-readiness.ts';
import type { RevocationCollector } from '../usecases/collect-revocation.ts';
import type { ExtendDocumentPorts } from '../usecases/extend-document.ts';
import type { MakeSignaturePorts } from '../usecases/make-signature.ts';
import { loadFonts } from './fonts.ts';
import type { Store } from './open-store.ts';
import { openTrust } from './trust.ts';
import { readPolicy, signerChecker } from './verification.ts';
import { watchAuthorities } from './watched-authorities.ts';

export interface SigningParts {
  readonly config: Config;
  readonly store: Store;
  readonly timestampAuthorities: readonly TimestampAuthority[];
  /** Where the bytes of callers are read. */
  readonly isolation: DocumentIsolation;
  readonly collector: RevocationCollector;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly metrics?: Metrics | undefined;
}

export interface Signing {
  readonly ports: MakeSignaturePorts & ExtendDocumentPorts;
  readonly timestampHealth: () => TimestampHealth;
}

/** What a process needs to sign: for requests, and for jobs. */
export async function openSigning(parts: SigningParts): Promise<Signing> {
  const { config, store, isolation, collector, clock, chance, metrics } = parts;
  const { records, documents, sealing } = store;
  const stamps = watchAuthorities(parts.timestampAuthorities, clock, metrics);
  const [trustStore, policy] = [openTrust(config), readPolicy(config)];
  const deadlineMs = config.LIENTHONG_DOCUMENT_TIMEOUT_MS;
  const ports: Signing['ports'] = {
    records,
    documents,
    sealing,
    clock,
    chance,
    metrics,
    maxDocumentBytes: config.LIENTHONG_MAX_DOCUMENT_BYTES,
    timestampAuthorities: stamps.authorities,
    fonts: await loadFonts(),
    signerOf: signerCache(sealing),
    pictureOf: (key) => Promise.resolve(key.picturePng),
    checkSigner: signerChecker({ trustStore, clock, collector }, policy),
    longTerm: { trustStore, policy, collector },
    pdfOf: (path, signal) => isolatedPdf(isolation, path, { deadlineMs, signal }),
    digesterOf: (path, signal) => isolatedDigester(isolation, path, { deadlineMs, signal }),
    openSource: openFileSource,
  };
  return { ports, timestampHealth: stamps.health };
}

/** Signers by certificate, so that a key is unsealed once a process. A disabled key is refused before it is asked for. */
function signerCache(sealing: Sealing): (key: SigningKeyRecord) => Promise<Signer> {
  const signers = new Map<string, Signer>();
  return (key) => {
    const known = signers.get(`${key.id}|${key.certificateSha256}`);
    if (known !== undefined) return Promise.resolve(known);
    if (key.kind !== 'file' || key.privateKeySealed === null) throw new GatewayError('SIGNER_UNAVAILABLE', `The key ${key.id} is not held here`);
    const signer = createFileSigner({ keyId: key.id, privateKeyPkcs8Der: sealing.open(key.privateKeySealed, signingKeyContext(key.id)), chainDer: key.chainDer, scheme: key.scheme });
    signers.set(`${key.id}|${key.certificateSha256}`, signer);
    return Promise.resolve(signer);
  };
}
