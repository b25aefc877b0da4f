import type { PartnerId } from '../domain/ids.ts';
import type { ValidationReport } from '../domain/validation-report.ts';
import type { RenderedReport, ReportMediaType } from '../formats/report/render-report.ts';
import type { acknowledgeAlarm, listAlarms } from '../usecases/administer-alarms.ts';
import type { Administration } from '../usecases/administration.ts';
import type { acknowledgeMessage } from '../usecases/acknowledge-message.ts';
import type { authenticate } from '../usecases/authenticate.ts';
import type { cancelPostalOrder } from '../usecases/cancel-postal-order.ts';
import type { changePostalAddress } from '../usecases/change-postal-address.ts';
import type { cancelJob, retryJob } from '../usecases/change-job.ts';
import type { completeSignature } from '../usecases/complete-signature.ts';
import type { checkReadiness } from '../usecases/check-readiness.ts';
import type { reportPostalEvent } from '../usecases/enter-postal-event.ts';
import type { hearCarrier } from '../usecases/hear-carrier.ts';
import type { extendDocument } from '../usecases/extend-document.ts';
import type { listCarriers, unprovenCarriers } from '../usecases/list-carriers.ts';
import type { listKeys } from '../usecases/list-keys.ts';
import type { makeSignature, SignatureUpload } from '../usecases/make-signature.ts';
import type { openDossier } from '../usecases/open-dossier.ts';
import type { orderSignature, orderSignatures } from '../usecases/order-signatures.ts';
import type { printAtDesk, printPost } from '../usecases/print-post.ts';
import type { proveGrown, proveRecorded, readLogTile, readNewestCheckpoint } from '../usecases/prove-log.ts';
import type { openStoredBytes, readDocument } from '../usecases/read-document.ts';
import type { listDossiers, readDossier } from '../usecases/read-dossier.ts';
import type { readEnvelope, readInbox } from '../usecases/read-inbox.ts';
import type { followJob, readJob } from '../usecases/read-job.ts';
import type { exportEvidence } from '../usecases/export-evidence.ts';
import type { readMessage } from '../usecases/read-message.ts';
import type { quotePost, quotePostalOrder } from '../usecases/quote-post.ts';
import type { listPostalOrders, readPostalOrder } from '../usecases/read-postal-order.ts';
import type { replayMessage } from '../usecases/replay-message.ts';
import type { ClientCertificates } from './client-certificate.ts';
import type { CallRates } from '../usecases/call-rates.ts';
import type { checkRequestSignature } from '../usecases/check-request-signature.ts';
import type { beginUpload, continueUpload, deleteUpload, readUpload } from '../usecases/resumable-upload.ts';
import type { prepareForOther } from '../usecases/prepare-signature.ts';
import type { requestPost } from '../usecases/request-post.ts';
import type { sendMessage } from '../usecases/send-message.ts';
import type { storeDocument } from '../usecases/store-document.ts';
import type { listWebhookKeys } from '../usecases/webhook-keys.ts';
import type { testPartner } from '../usecases/test-partner.ts';
import type { viewMessageDesk, workMessageDesk } from '../usecases/work-message-desk.ts';
import type { findAtDesk, listDeskDifferences, listDeskTasks, openPostDesk, readDeskSession, workPostDesk } from '../usecases/work-post-desk.ts';

/** A use case with its ports given. */
type Bound<UseCase> = UseCase extends (ports: never, ...rest: infer Rest) => infer Result ? (...rest: Rest) => Result : never;

type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** What the HTTP layer says to the log. */
export interface HttpLog {
  info(event: string, attributes?: Attributes): void;
  warn(event: string, attributes?: Attributes): void;
  error(event: string, error: unknown, attributes?: Attributes): void;
}

/** Bytes taken in to be worked on, and removed afterwards. */
export type Spooled = SignatureUpload['bytes'];

export interface VerifyFileRequest {
  /** Path of the document, a PDF or a CMS signature. */
  readonly path: string;
  /** Path of what a detached signature is about; null: nothing was given. */
  readonly detachedPath: string | null;
  /** Name for the report. */
  readonly file: string;
  /** Validation time; null: now. */
  readonly at: Date | null;
  /** Of an encrypted PDF; null: none was given. */
  readonly password: string | null;
}

export interface RenderRequest {
  readonly report: ValidationReport;
  readonly path: string;
  /** As it was verified with. */
  readonly password: string | null;
  readonly mediaType: ReportMediaType;
  readonly language: 'vi' | 'en';
}

/** What the HTTP layer tells of the requests it answers. */
export interface HttpWatch {
  /** `route` as the table writes it; null: there is none. */
  requestEnded(ended: { readonly method: string; readonly route: string | null; readonly status: number; readonly seconds: number }): void;
  /** Runs the rest of a request within a span that goes on with the caller's trace. */
  span(name: string, options: { readonly kind: 'server'; readonly traceparent: string | null }, work: (span: HttpSpan) => Promise<void>): Promise<void>;
}

interface HttpSpan {
  /** Null: nothing is traced. */
  readonly traceparent: string | null;
  rename(name: string): void;
  set(attributes: Attributes): void;
}

/** Everything the HTTP API does, as functions; `wiring/http.ts` builds them. The API keeps no state of its own. */
export interface HttpDependencies {
  readonly log: HttpLog;
  readonly authenticate: Bound<typeof authenticate>;
  readonly checkRequestSignature: Bound<typeof checkRequestSignature>;
  /** Certificate that the caller showed to the proxy, SHA-256 in base64url. */
  readonly clientCertificate: ClientCertificates;
  readonly callRates: CallRates;
  /** Which life of the store answers; null: not known yet. */
  readonly incarnation: () => number | null;
  /** Scheme and host under which callers know the gateway; null: as their Host says, over http. */
  readonly publicUrl: string | null;

  readonly storeDocument: Bound<typeof storeDocument>;
  readonly readDocument: Bound<typeof readDocument>;
  readonly beginUpload: Bound<typeof beginUpload>;
  readonly continueUpload: Bound<typeof continueUpload>;
  readonly readUpload: Bound<typeof readUpload>;
  readonly deleteUpload: Bound<typeof deleteUpload>;

  readonly openDossier: Bound<typeof openDossier>;
  readonly listDossiers: Bound<typeof listDossiers>;
  readonly readDossier: Bound<typeof readDossier>;

  readonly sendMessage: Bound<typeof sendMessage>;
  readonly readMessage: Bound<typeof readMessage>;
  readonly exportEvidence: Bound<typeof exportEvidence>;
  readonly replayMessage: Bound<typeof replayMessage>;
  readonly readInbox: Bound<typeof readInbox>;
  readonly readEnvelope: Bound<typeof readEnvelope>;
  readonly acknowledgeMessage: Bound<typeof acknowledgeMessage>;
  readonly listWebhookKeys: Bound<typeof listWebhookKeys>;

  readonly listKeys: Bound<typeof listKeys>;
  /** Takes bytes in for one request, up to the cap of documents. @throws BODY_TOO_LARGE, STORAGE_FULL, STORAGE_FAILED */
  readonly spool: (bytes: AsyncIterable<Uint8Array>) => Promise<Spooled>;
  readonly makeSignature: Bound<typeof makeSignature>;
  readonly extendDocument: Bound<typeof extendDocument>;
  readonly orderSignature: Bound<typeof orderSignature>;
  readonly orderSignatures: Bound<typeof orderSignatures>;
  readonly readJob: Bound<typeof readJob>;
  readonly followJob: Bound<typeof followJob>;
  readonly cancelJob: Bound<typeof cancelJob>;
  readonly retryJob: Bound<typeof retryJob>;
  readonly prepareForOther: Bound<typeof prepareForOther>;
  readonly completeSignature: Bound<typeof completeSignature>;
  readonly openStoredBytes: Bound<typeof openStoredBytes>;
  /**
   * Verifies where hostile bytes can be stopped; a document that cannot be read is an answer.
   * @throws BUDGET_EXCEEDED, OVERLOADED, CANCELLED; what the trust store throws
   */
  readonly verifyFile: (request: VerifyFileRequest, signal: AbortSignal) => Promise<ValidationReport>;

  /** A report in the form asked for, with pictures of what the signatures of the file at `path` show where the form has any. @throws OVERLOADED, CANCELLED */
  readonly renderReport: (request: RenderRequest, signal: AbortSignal) => Promise<RenderedReport>;

  readonly requestPost: Bound<typeof requestPost>;
  readonly readPostalOrder: Bound<typeof readPostalOrder>;
  readonly listPostalOrders: Bound<typeof listPostalOrders>;
  readonly cancelPostalOrder: Bound<typeof cancelPostalOrder>;
  readonly changePostalAddress: Bound<typeof changePostalAddress>;
  readonly quotePost: Bound<typeof quotePost>;
  readonly quotePostalOrder: Bound<typeof quotePostalOrder>;
  readonly reportPostalEvent: Bound<typeof reportPostalEvent>;
  readonly printPost: Bound<typeof printPost>;
  readonly printAtDesk: Bound<typeof printAtDesk>;
  readonly listCarriers: Bound<typeof listCarriers>;
  readonly unprovenCarriers: Bound<typeof unprovenCarriers>;
  readonly hearCarrier: Bound<typeof hearCarrier>;
  readonly openPostDesk: Bound<typeof openPostDesk>;
  readonly readDeskSession: Bound<typeof readDeskSession>;
  readonly findAtDesk: Bound<typeof findAtDesk>;
  readonly listDeskDifferences: Bound<typeof listDeskDifferences>;
  readonly listDeskTasks: Bound<typeof listDeskTasks>;
  readonly workPostDesk: Bound<typeof workPostDesk>;
  readonly administration: Administration;
  readonly readNewestCheckpoint: Bound<typeof readNewestCheckpoint>;
  readonly proveRecorded: Bound<typeof proveRecorded>;
  readonly proveGrown: Bound<typeof proveGrown>;
  readonly readLogTile: Bound<typeof readLogTile>;
  /** What a caller says it saw last of the evidence log. @throws LOG_FORKED, EVIDENCE_MALFORMED, EVIDENCE_FORGED */
  readonly witnessCheckpoint: (partnerId: PartnerId, note: Uint8Array) => Promise<void>;
  /** Goes with inboxes; null: none yet. */
  readonly newestNote: () => Promise<string | null>;
  readonly testPartner: Bound<typeof testPartner>;
  readonly listAlarms: Bound<typeof listAlarms>;
  readonly acknowledgeAlarm: Bound<typeof acknowledgeAlarm>;
  readonly viewMessageDesk: Bound<typeof viewMessageDesk>;
  readonly workMessageDesk: Bound<typeof workMessageDesk>;
  /** For the fields of forms: `yyyy-MM-ddTHH:mm`. */
  readonly timeInVietnam: () => string;

  readonly watch: HttpWatch;
  readonly metricsPage: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly checkReadiness: Bound<typeof checkReadiness>;
  /** True from the moment the process was told to stop. */
  readonly isDraining: () => boolean;
  readonly limits: HttpLimits;
}

export interface HttpLimits {
  readonly maxDocumentBytes: number;
  /** Version for the API description. */
  readonly version: string;
}
