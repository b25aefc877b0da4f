import { statfs } from 'node:fs/promises';
import { createFileSigner } from '../../connectors/key-file/index.ts';
import type { Config } from '../config.ts';
import { GatewayError } from '../domain/errors.ts';
import type { HttpDependencies } from '../http/dependencies.ts';
import { findAtDesk, listDeskTasks, openPostDesk, readDeskSession, workPostDesk } from '../usecases/work-post-desk.ts';
import { openFileSource } from '../isolation/file-source.ts';
import { isolatedDigester, isolatedPdfPreparer, type DocumentIsolation } from '../isolation/isolated-documents.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { SigningKeyRecord } from '../ports/key-records.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { Signer } from '../ports/signer.ts';
import type { Log } from '../ports/telemetry.ts';
import type { TimestampAuthority } from '../ports/timestamp-authority.ts';
import { acknowledgeMessage } from '../usecases/acknowledge-message.ts';
import { signingKeyContext } from '../usecases/administer-keys.ts';
import { authenticate } from '../usecases/authenticate.ts';
import { cancelPostalOrder } from '../usecases/cancel-postal-order.ts';
import { checkReadiness } from '../usecases/check-readiness.ts';
import type { RevocationCollector } from '../usecases/collect-revocation.ts';
import { reportPostalEvent } from '../usecases/enter-postal-event.ts';
import { hearCarrier } from '../usecases/hear-carrier.ts';
import { listCarriers } from '../usecases/list-carriers.ts';
import { listKeys } from '../usecases/list-keys.ts';
import { makeSignature } from '../usecases/make-signature.ts';
import { openDossier } from '../usecases/open-dossier.ts';
import { openStoredBytes, readDocument } from '../usecases/read-document.ts';
import { listDossiers, readDossier } from '../usecases/read-dossier.ts';
import { readInbox } from '../usecases/read-inbox.ts';
import { readMessage } from '../usecases/read-message.ts';
import { listPostalOrders, readPostalOrder } from '../usecases/read-postal-order.ts';
import { replayMessage } from '../usecases/replay-message.ts';
import { requestPost } from '../usecases/request-post.ts';
import { sendMessage } from '../usecases/send-message.ts';
import { storeDocument } from '../usecases/store-document.ts';
import { loadFonts, loadPaperFonts } from './fonts.ts';
import type { Store } from './open-store.ts';
import type { RunningAccount } from './postal.ts';
import { openTrust } from './trust.ts';
import { fileVerifier, readPolicy, reportRenderer, signerChecker } from './verification.ts';
import { watchAuthorities } from './watched-authorities.ts';

export interface HttpParts {
  readonly config: Config;
  readonly store: Store;
  readonly queue: JobQueue;
  readonly accounts: readonly RunningAccount[];
  readonly timestampAuthorities: readonly TimestampAuthority[];
  /** Where the bytes of callers are read. */
  readonly isolation: DocumentIsolation;
  readonly collector: RevocationCollector;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly version: string;
}

/** Below this the document store is not ready: the largest document must still fit. */
const MIN_FREE_FACTOR = 2;

/** Every function the HTTP API calls, its ports given. */
export async function httpDependencies(parts: HttpParts, isDraining: () => boolean): Promise<HttpDependencies> {
  const { config, store, queue, accounts, isolation, collector, clock, chance, log } = parts;
  const { records, documents, sealing } = store;
  const ports = { records, documents, sealing, queue, accounts, clock, chance, maxDocumentBytes: config.LIENTHONG_MAX_DOCUMENT_BYTES };
  const stamps = watchAuthorities(parts.timestampAuthorities, clock);
  const trust = { trustStore: openTrust(config), clock, collector };
  const policy = readPolicy(config);
  const deadlineMs = config.LIENTHONG_DOCUMENT_TIMEOUT_MS;
  const signing = {
    ...ports,
    timestampAuthorities: stamps.authorities,
    fonts: await loadFonts(),
    signerOf: signerCache(sealing),
    pictureOf: (key: SigningKeyRecord) => Promise.resolve(key.picturePng),
    checkSigner: signerChecker(trust, policy),
    preparerOf: (path: string, signal: AbortSignal) => isolatedPdfPreparer(isolation, path, { deadlineMs, signal }),
    digesterOf: (path: string, signal: AbortSignal) => isolatedDigester(isolation, path, { deadlineMs, signal }),
    openSource: openFileSource,
  };
  return {
    log,
    authenticate: (authorization) => authenticate(ports, authorization),
    storeDocument: (...call) => storeDocument(ports, ...call),
    readDocument: (...call) => readDocument(ports, ...call),
    openDossier: (...call) => openDossier(ports, ...call),
    listDossiers: (...call) => listDossiers(ports, ...call),
    readDossier: (...call) => readDossier(ports, ...call),
    sendMessage: (...call) => sendMessage(ports, ...call),
    readMessage: (...call) => readMessage(ports, ...call),
    replayMessage: (...call) => replayMessage(ports, ...call),
    readInbox: (...call) => readInbox(ports, ...call),
    acknowledgeMessage: (...call) => acknowledgeMessage(ports, ...call),
    listKeys: (...call) => listKeys(ports, ...call),
    spool: (bytes) => documents.spool(bytes, config.LIENTHONG_MAX_DOCUMENT_BYTES),
    makeSignature: (...call) => makeSignature(signing, ...call),
    openStoredBytes: (...call) => openStoredBytes(ports, ...call),
    verifyFile: fileVerifier(trust, isolation, policy, deadlineMs),
    renderReport: reportRenderer(isolation, await loadPaperFonts()),
    requestPost: (...call) => requestPost(ports, ...call),
    readPostalOrder: (...call) => readPostalOrder(ports, ...call),
    listPostalOrders: (...call) => listPostalOrders(ports, ...call),
    cancelPostalOrder: (...call) => cancelPostalOrder(ports, ...call),
    reportPostalEvent: (...call) => reportPostalEvent(ports, ...call),
    listCarriers: () => listCarriers(ports),
    hearCarrier: (...call) => hearCarrier(ports, ...call),
    openPostDesk: (...call) => openPostDesk(ports, ...call),
    readDeskSession: (...call) => readDeskSession(ports, ...call),
    findAtDesk: (...call) => findAtDesk(ports, ...call),
    listDeskTasks: () => listDeskTasks(ports),
    workPostDesk: (...call) => workPostDesk(ports, ...call),
    timeInVietnam: () => new Date(clock.now().getTime() + 7 * 3_600_000).toISOString().slice(0, 16),
    checkReadiness: () => checkReadiness({ ...ports, checkStorage: () => checkStorage(config), timestamps: stamps.health }),
    isDraining,
    limits: { maxDocumentBytes: config.LIENTHONG_MAX_DOCUMENT_BYTES, version: parts.version },
  };
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

async function checkStorage({ dataDir, LIENTHONG_MAX_DOCUMENT_BYTES }: Config): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir);
  const needed = Math.min(LIENTHONG_MAX_DOCUMENT_BYTES * MIN_FREE_FACTOR, 1024 ** 3);
  if (bavail * bsize < needed) throw new GatewayError('STORAGE_FULL', 'The disk of the data folder is almost full');
}
