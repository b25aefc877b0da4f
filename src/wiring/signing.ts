import type { Dispatcher } from 'undici';
import type { Config } from '../config.ts';
import { openFileSource } from '../isolation/file-source.ts';
import { isolatedCms, isolatedDigester, isolatedPdf, isolatedTextFinder, type DocumentIsolation } from '../isolation/isolated-documents.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log, Metrics } from '../ports/telemetry.ts';
import type { TimestampAuthority } from '../ports/timestamp-authority.ts';
import type { TimestampHealth } from '../usecases/check-readiness.ts';
import type { RevocationCollector } from '../usecases/collect-revocation.ts';
import type { ExtendDocumentPorts } from '../usecases/extend-document.ts';
import type { TwoStepPorts } from '../usecases/prepare-signature.ts';
import { loadFonts } from './fonts.ts';
import type { Store } from './open-store.ts';
import { moduleEnvironment } from './module-environment.ts';
import { openSigners } from './signers.ts';
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
  readonly log: Log;
  readonly dispatcher: Dispatcher;
}

export interface Signing {
  readonly ports: TwoStepPorts & ExtendDocumentPorts;
  readonly timestampHealth: () => TimestampHealth;
  /** Ends the signer processes of key devices. */
  close(): Promise<void>;
}

/** What a process needs to sign: for requests, and for jobs. */
export async function openSigning(parts: SigningParts): Promise<Signing> {
  const { config, store, isolation, collector, clock, chance, log, dispatcher, metrics } = parts;
  const { records, documents, sealing } = store;
  const stamps = watchAuthorities(parts.timestampAuthorities, clock, metrics);
  const [trustStore, policy] = [openTrust(config), readPolicy(config)];
  const deadlineMs = config.LIENTHONG_DOCUMENT_TIMEOUT_MS;
  const signers = openSigners({ records, sealing, pinGuard: store.pinGuard, clock, log, dispatcher, moduleEnvironment: moduleEnvironment(process.env, config) });
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
    signerOf: (key, answers) => signers.signerOf(key, answers),
    consentSignerOf: (key) => signers.consentSignerOf(key),
    pictureOf: (key) => Promise.resolve(key.picturePng),
    checkSigner: signerChecker({ trustStore, clock, collector }, policy),
    longTerm: { trustStore, policy, collector },
    pdfOf: (path, signal) => isolatedPdf(isolation, path, { deadlineMs, signal }),
    cmsOf: (path, detachedPath, signal) => isolatedCms(isolation, { path, detachedPath }, { deadlineMs, signal }),
    textOf: (path, signal) => isolatedTextFinder(isolation, path, { deadlineMs, signal }),
    digesterOf: (path, signal) => isolatedDigester(isolation, path, { deadlineMs, signal }),
    openSource: openFileSource,
  };
  return { ports, timestampHealth: stamps.health, close: () => signers.close() };
}
