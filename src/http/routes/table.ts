import { buildOpenApi } from '../openapi.ts';
import type { Route } from '../route.ts';
import { acknowledgeAlarmRoute, listAlarmsRoute } from './admin-alarms.ts';
import { deliveryRoutes } from './admin-deliveries.ts';
import { partnerKeyRoutes } from './admin-keys.ts';
import { partnerRoutes } from './admin-partners.ts';
import { routingRoutes } from './admin-routes.ts';
import { hearCarrierRoute, listCarriersRoute } from './carriers.ts';
import { docsRoute } from './docs.ts';
import { readDocumentRoute, storeDocumentRoute } from './documents.ts';
import { listDossiersRoute, openDossierRoute, readDossierRoute } from './dossiers.ts';
import { extendDocumentRoute } from './extensions.ts';
import { acknowledgeMessageRoute, readEnvelopeRoute, readInboxRoute } from './inbox.ts';
import { cancelJobRoute, followJobRoute, orderSignaturesRoute, readJobRoute, retryJobRoute } from './jobs.ts';
import { consistencyProofRoute, inclusionProofRoute, logCheckpointRoute, logTileRoutes } from './log.ts';
import { messageDeskFormRoute, messageDeskRoute } from './message-desk.ts';
import { metricsRoute } from './metrics.ts';
import { readEvidenceRoute, readMessageRoute, replayMessageRoute, sendMessageRoute } from './messages.ts';
import { livenessRoute, openApiRoute, readinessRoute } from './operation.ts';
import { entryPointRoute } from './entry-point.ts';
import { postDeskFormRoute, postDeskRoute } from './post-desk.ts';
import { cancelPostalOrderRoute, changePostalAddressRoute, listPostalOrdersRoute, quotePostalOrderRoute, quotePostRoute, readPostalOrderRoute, reportPostalEventRoute, requestPostRoute } from './postal-orders.ts';
import { labelPdfRoute, labelZplRoute, printPapersRoute, slipRoute } from './postal-papers.ts';
import { completeSignatureRoute, prepareSignatureRoute } from './prepared-signatures.ts';
import { listKeysRoute, makeSignatureRoute } from './signatures.ts';
import { beginUploadRoute, continueUploadRoute, deleteUploadRoute, describeUploadsRoute, readUploadRoute } from './uploads.ts';
import { listWebhookKeysRoute } from './webhook-keys.ts';
import { verifyFormRoute, verifyPageRoute, verifyRoute } from './verifications.ts';

/** Every route there is. The router, the API description and the authorisation tests are made from this table. */
export function routesOf(version: string): readonly Route[] {
  const routes: Route[] = [
    storeDocumentRoute,
    readDocumentRoute,
    describeUploadsRoute,
    beginUploadRoute,
    continueUploadRoute,
    readUploadRoute,
    deleteUploadRoute,
    openDossierRoute,
    listDossiersRoute,
    readDossierRoute,
    sendMessageRoute,
    readMessageRoute,
    readEvidenceRoute,
    replayMessageRoute,
    readInboxRoute,
    readEnvelopeRoute,
    acknowledgeMessageRoute,
    listWebhookKeysRoute,
    listKeysRoute,
    makeSignatureRoute,
    prepareSignatureRoute,
    completeSignatureRoute,
    extendDocumentRoute,
    orderSignaturesRoute,
    readJobRoute,
    followJobRoute,
    cancelJobRoute,
    retryJobRoute,
    verifyRoute,
    verifyPageRoute,
    verifyFormRoute,
    requestPostRoute,
    readPostalOrderRoute,
    listPostalOrdersRoute,
    cancelPostalOrderRoute,
    changePostalAddressRoute,
    quotePostRoute,
    quotePostalOrderRoute,
    reportPostalEventRoute,
    labelPdfRoute,
    labelZplRoute,
    slipRoute,
    printPapersRoute,
    listCarriersRoute,
    hearCarrierRoute,
    ...partnerRoutes,
    ...routingRoutes,
    ...partnerKeyRoutes,
    ...deliveryRoutes,
    logCheckpointRoute,
    inclusionProofRoute,
    consistencyProofRoute,
    ...logTileRoutes,
    listAlarmsRoute,
    acknowledgeAlarmRoute,
    messageDeskRoute,
    messageDeskFormRoute,
    postDeskRoute,
    postDeskFormRoute,
    entryPointRoute,
    livenessRoute,
    readinessRoute,
    metricsRoute,
  ];
  const describe = (): Readonly<Record<string, unknown>> => buildOpenApi([...routes, ...described], version);
  const described: readonly Route[] = [openApiRoute(describe), docsRoute(describe)];
  return [...routes, ...described];
}
