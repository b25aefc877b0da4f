import { statfs } from 'node:fs/promises';
import type { Dispatcher } from 'undici';
import type { Config } from '../config.ts';
import { GatewayError } from '../domain/errors.ts';
import type { HttpDependencies } from '../http/dependencies.ts';
import { findAtDesk, listDeskDifferences, listDeskTasks, openPostDesk, readDeskSession, workPostDesk } from '../usecases/work-post-desk.ts';
import type { DocumentIsolation } from '../isolation/isolated-documents.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { InboxSignals } from '../ports/inbox-signals.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Log } from '../ports/telemetry.ts';
import { exchangeStanding } from '../store/exchange-standing.ts';
import { viewMessageDesk, workMessageDesk } from '../usecases/work-message-desk.ts';
import { administration } from '../usecases/administration.ts';
import { acknowledgeMessage } from '../usecases/acknowledge-message.ts';
import { acknowledgeAlarm, listAlarms } from '../usecases/administer-alarms.ts';
import { authenticate } from '../usecases/authenticate.ts';
import { cancelPostalOrder } from '../usecases/cancel-postal-order.ts';
import { changePostalAddress } from '../usecases/change-postal-address.ts';
import { cancelJob, retryJob } from '../usecases/change-job.ts';
import { completeSignature } from '../usecases/complete-signature.ts';
import { checkReadiness } from '../usecases/check-readiness.ts';
import type { RevocationCollector } from '../usecases/collect-revocation.ts';
import { reportPostalEvent } from '../usecases/enter-postal-event.ts';
import { exportEvidence } from '../usecases/export-evidence.ts';
import { extendDocument } from '../usecases/extend-document.ts';
import { hearCarrier } from '../usecases/hear-carrier.ts';
import { listCarriers, unprovenCarriers } from '../usecases/list-carriers.ts';
import { listKeys } from '../usecases/list-keys.ts';
import { makeSignature } from '../usecases/make-signature.ts';
import { openDossier } from '../usecases/open-dossier.ts';
import { orderSignature, orderSignatures } from '../usecases/order-signatures.ts';
import { openStoredBytes, readDocument } from '../usecases/read-document.ts';
import { listDossiers, readDossier } from '../usecases/read-dossier.ts';
import { printAtDesk, printPost, type PrintPostPorts } from '../usecases/print-post.ts';
import { readEnvelope, readInbox } from '../usecases/read-inbox.ts';
import { followJob, readJob } from '../usecases/read-job.ts';
import { readMessage } from '../usecases/read-message.ts';
import { proveGrown, proveRecorded, readLogTile, readNewestCheckpoint } from '../usecases/prove-log.ts';
import { quotePost, quotePostalOrder } from '../usecases/quote-post.ts';
import { listPostalOrders, readPostalOrder } from '../usecases/read-postal-order.ts';
import { replayMessage } from '../usecases/replay-message.ts';
import { callRates } from '../usecases/call-rates.ts';
import { checkRequestSignature } from '../usecases/check-request-signature.ts';
import { beginUpload, continueUpload, deleteUpload, readUpload } from '../usecases/resumable-upload.ts';
import { prepareForOther } from '../usecases/prepare-signature.ts';
import { requestPost } from '../usecases/request-post.ts';
import { sendMessage } from '../usecases/send-message.ts';
import { testPartner } from '../usecases/test-partner.ts';
import { storeDocument } from '../usecases/store-document.ts';
import { listWebhookKeys } from '../usecases/webhook-keys.ts';
import { partnerProbe } from './dossier-partners.ts';
import { rememberNote, witnessing } from './evidence.ts';
import { loadPaperFonts } from './fonts.ts';
import { readPostalRules } from './postal-rules.ts';
import { openAccessTokens, openClientCertificates } from './identity.ts';
import { rememberIncarnation } from './incarnation.ts';
import type { Store } from './open-store.ts';
import type { RunningAccount } from './postal.ts';
import type { Signing } from './signing.ts';
import type { OpenTelemetry } from './telemetry.ts';
import { tracedUseCases } from './traced.ts';
import { openTrust } from './trust.ts';
import { fileVerifier, readPolicy, reportRenderer } from './verification.ts';

export interface HttpParts {
  readonly config: Config;
  readonly store: Store;
  readonly queue: JobQueue;
  readonly inboxSignals: InboxSignals;
  readonly accounts: readonly RunningAccount[];
  readonly signing: Signing;
  /** Where the bytes of callers are read. */
  readonly isolation: DocumentIsolation;
  readonly collector: RevocationCollector;
  /** Guarded: judges addresses when it connects. */
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly telemetry: OpenTelemetry;
  readonly version: string;
}

/** What a partner may catch up at once after a pause. */
const CALLS_BURST_SECONDS = 2;

/** Below this the document store is not ready: the largest document must still fit. */
const MIN_FREE_FACTOR = 2;
/** A hundred labels in all: they take a quarter of a second each on a slow core. */
const PRINT_DEADLINE_MS = 60_000;

/** Every function the HTTP API calls, its ports given. */
export async function httpDependencies(parts: HttpParts, isDraining: () => boolean): Promise<HttpDependencies> {
  const { config, store, queue, inboxSignals, accounts, signing, isolation, collector, clock, chance, log, telemetry } = parts;
  const { records, documents, sealing, exchangeKey } = store;
  const fonts = await loadPaperFonts();
  const rules = readPostalRules(config.LIENTHONG_POSTAL_RULES_FILE);
  const print: PrintPostPorts['print'] = (job, signal) => isolation.run('post.print', { ...job, fonts }, { deadlineMs: PRINT_DEADLINE_MS, signal });
  const ports = { records, documents, sealing, exchangeKey, queue, inboxSignals, accounts, rules, print, clock, chance, maxDocumentBytes: config.LIENTHONG_MAX_DOCUMENT_BYTES };
  const probe = partnerProbe({ ...ports, dispatcher: parts.dispatcher });
  const operating = { ...ports, readStanding: exchangeStanding(store.database.db) };
  const uploading = { ...ports, uploads: store.uploads, uploadLimits: { keptMs: config.LIENTHONG_UPLOAD_HOURS * 3_600_000, quotaBytes: config.LIENTHONG_UPLOAD_QUOTA_BYTES } };
  const accessTokens = openAccessTokens(config, parts.dispatcher, clock);
  const incarnation = rememberIncarnation(records, clock);
  await incarnation.current();
  const trust = { trustStore: openTrust(config), clock, collector };
  const dependencies: HttpDependencies = {
    log,
    watch: {
      requestEnded: ({ method, route, status, seconds }) => telemetry.metrics.took('http', seconds, { method, route: route ?? 'none', status: String(status) }),
      span: (name, options, work) => telemetry.tracing.span(name, options, work),
    },
    metricsPage: telemetry.metricsPage,
    checkRequestSignature: (...call) => checkRequestSignature(ports, ...call),
    incarnation: () => incarnation.last(),
    publicUrl: config.LIENTHONG_PUBLIC_URL ?? null,
    clientCertificate: openClientCertificates(config),
    callRates: callRates(clock, { perSecond: config.LIENTHONG_CALLS_PER_SECOND, burst: config.LIENTHONG_CALLS_PER_SECOND * CALLS_BURST_SECONDS }),
    authenticate: (...call) => authenticate({ records, clock, accessTokens }, ...call),
    storeDocument: (...call) => storeDocument(ports, ...call),
    beginUpload: (...call) => beginUpload(uploading, ...call),
    continueUpload: (...call) => continueUpload(uploading, ...call),
    readUpload: (...call) => readUpload(uploading, ...call),
    deleteUpload: (...call) => deleteUpload(uploading, ...call),
    readDocument: (...call) => readDocument(ports, ...call),
    openDossier: (...call) => openDossier(ports, ...call),
    listDossiers: (...call) => listDossiers(ports, ...call),
    readDossier: (...call) => readDossier(ports, ...call),
    sendMessage: (...call) => sendMessage(ports, ...call),
    readMessage: (...call) => readMessage(ports, ...call),
    exportEvidence: (...call) => exportEvidence({ ...ports, log, longTerm: signing.ports.longTerm }, ...call),
    replayMessage: (...call) => replayMessage(ports, ...call),
    readInbox: (...call) => readInbox(ports, ...call),
    readEnvelope: (...call) => readEnvelope(ports, ...call),
    listWebhookKeys: () => listWebhookKeys(ports),
    acknowledgeMessage: (...call) => acknowledgeMessage(ports, ...call),
    listKeys: (...call) => listKeys(ports, ...call),
    spool: (bytes) => documents.spool(bytes, config.LIENTHONG_MAX_DOCUMENT_BYTES),
    extendDocument: (...call) => extendDocument(signing.ports, ...call),
    makeSignature: (...call) => makeSignature(signing.ports, ...call),
    prepareForOther: (...call) => prepareForOther(signing.ports, ...call),
    completeSignature: (...call) => completeSignature(signing.ports, ...call),
    orderSignature: (...call) => orderSignature(signing.ports, ...call),
    orderSignatures: (...call) => orderSignatures(signing.ports, ...call),
    readJob: (...call) => readJob(ports, ...call),
    followJob: (...call) => followJob(ports, ...call),
    cancelJob: (...call) => cancelJob(ports, ...call),
    retryJob: (...call) => retryJob(ports, ...call),
    openStoredBytes: (...call) => openStoredBytes(ports, ...call),
    verifyFile: fileVerifier({ ...trust, metrics: telemetry.metrics }, isolation, readPolicy(config), config.LIENTHONG_DOCUMENT_TIMEOUT_MS),
    renderReport: reportRenderer(isolation, fonts),
    requestPost: (...call) => requestPost(ports, ...call),
    readPostalOrder: (...call) => readPostalOrder(ports, ...call),
    listPostalOrders: (...call) => listPostalOrders(ports, ...call),
    cancelPostalOrder: (...call) => cancelPostalOrder(ports, ...call),
    changePostalAddress: (...call) => changePostalAddress(ports, ...call),
    quotePost: (...call) => quotePost(ports, ...call),
    quotePostalOrder: (...call) => quotePostalOrder(ports, ...call),
    reportPostalEvent: (...call) => reportPostalEvent(ports, ...call),
    printPost: (...call) => printPost(ports, ...call),
    printAtDesk: (...call) => printAtDesk(ports, ...call),
    listCarriers: () => listCarriers(ports),
    unprovenCarriers: () => unprovenCarriers(ports),
    hearCarrier: (...call) => hearCarrier(ports, ...call),
    openPostDesk: (...call) => openPostDesk(ports, ...call),
    readDeskSession: (...call) => readDeskSession(ports, ...call),
    findAtDesk: (...call) => findAtDesk(ports, ...call),
    listDeskDifferences: () => listDeskDifferences(ports),
    listDeskTasks: () => listDeskTasks(ports),
    workPostDesk: (...call) => workPostDesk(ports, ...call),
    administration: administration(operating),
    readNewestCheckpoint: () => readNewestCheckpoint(ports),
    proveRecorded: (...call) => proveRecorded(ports, ...call),
    proveGrown: (...call) => proveGrown(ports, ...call),
    readLogTile: (...call) => readLogTile(ports, ...call),
    witnessCheckpoint: witnessing({ records, clock, chance, log }),
    newestNote: rememberNote(store, clock),
    testPartner: (...call) => testPartner({ ...ports, probe }, ...call),
    listAlarms: (...call) => listAlarms(ports, ...call),
    acknowledgeAlarm: (...call) => acknowledgeAlarm(ports, ...call),
    viewMessageDesk: (...call) => viewMessageDesk(operating, ...call),
    workMessageDesk: (...call) => workMessageDesk(operating, ...call),
    timeInVietnam: () => new Date(clock.now().getTime() + 7 * 3_600_000).toISOString().slice(0, 16),
    checkReadiness: () => checkReadiness({ ...ports, checkStorage: () => checkStorage(config), timestamps: signing.timestampHealth }),
    isDraining,
    limits: { maxDocumentBytes: config.LIENTHONG_MAX_DOCUMENT_BYTES, version: parts.version },
  };
  return tracedUseCases(dependencies, telemetry.tracing);
}

async function checkStorage({ dataDir, LIENTHONG_MAX_DOCUMENT_BYTES }: Config): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir);
  const needed = Math.min(LIENTHONG_MAX_DOCUMENT_BYTES * MIN_FREE_FACTOR, 1024 ** 3);
  if (bavail * bsize < needed) throw new GatewayError('STORAGE_FULL', 'The disk of the data folder is almost full');
}
