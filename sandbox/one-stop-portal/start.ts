import { setTimeout as delay } from 'node:timers/promises';
import { createClient, type GatewayClient, type InboxEntry } from '../../client/index.ts';
import { startConnected, type CredentialsSource } from '../connected-system.ts';
import type { ListenOptions, RunningServer } from '../listen.ts';
import { MessageDamaged, openMailbox, type Mailbox } from '../mailbox.ts';
import { ONE_STOP_PORTAL } from '../parties.ts';
import { postalNewsOf, viewOfReceived } from '../received-view.ts';
import { json, pdf, Refusal, routed, type Call, type SandboxRoute } from '../router.ts';
import { localTime, statusPage } from '../status-page.ts';
import { webhookRoutes } from '../webhook-route.ts';
import { orderDelivery, portalDossiers, takeIn, type IntakeSettings, type PortalDossier } from './intake.ts';

export interface OneStopPortalOptions extends ListenOptions {
  /** With a webhook secret messages are pushed to `POST /webhooks`; without one they are pulled from the inbox. */
  readonly gateway: CredentialsSource;
  /** How long to wait before the inbox is read again after a fault. Default: 1 s. */
  readonly pullAgainAfterMs?: number;
  readonly agencyCode?: string;
  readonly office?: IntakeSettings['office'];
  readonly now?: () => Date;
}

const OFFICE: IntakeSettings['office'] = {
  name: ONE_STOP_PORTAL.name,
  phone: '0234000000',
  address: { line: 'Số 3 đường Không Tên, tổ dân phố Mẫu, phường Thuận Hóa, thành phố Huế', provinceCode: '46' },
};

interface State {
  readonly settings: IntakeSettings;
  readonly mailbox: Mailbox;
  readonly known: Map<string, PortalDossier>;
  /** Why the last look into the inbox failed; null: it did not. */
  pullFault: string | null;
}

/**
 * The province's one-stop portal: receives results, gives receipts, lets a clerk take them in and orders their delivery by the post. It
 * knows the gateway by HTTP only and keeps everything in memory. `GET /` is for people.
 */
export async function startOneStopPortal(options: OneStopPortalOptions): Promise<RunningServer> {
  const now = options.now ?? (() => new Date());
  const stopped = new AbortController();
  let pulling = Promise.resolve();
  const server = await startConnected(options, options.gateway, (credentials) => {
    const gateway = createClient({ ...credentials, signal: stopped.signal });
    const mailbox = openMailbox({ gateway, now, reference: ({ messageId }) => `MC-${messageId.slice(-8)}` });
    const settings: IntakeSettings = { gateway, agencyCode: options.agencyCode ?? ONE_STOP_PORTAL.agencyCode, office: options.office ?? OFFICE };
    const state: State = { settings, mailbox, known: new Map(), pullFault: null };
    if (credentials.webhookSecret === null) pulling = pull(state, gateway, options.pullAgainAfterMs ?? 1_000, stopped.signal);
    return Promise.resolve(routed([...deskRoutes(state), ...webhookRoutes(credentials.webhookSecret === null ? null : gateway.webhooks(credentials.webhookSecret, now), mailbox)]));
  });
  const close = async (): Promise<void> => {
    stopped.abort();
    await pulling;
    await server.close();
  };
  return { url: server.url, close };
}

/** Follows the inbox; after a fault from its beginning: what has its receipt is no longer in it. */
async function pull(state: State, gateway: GatewayClient, againAfterMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const entry of gateway.inbox({ signal })) state.pullFault = await takeFromInbox(state.mailbox, entry);
    } catch (error) {
      state.pullFault = String(error); // shown on the page
    }
    await pause(againAfterMs, signal);
  }
}

/** A damaged message gets no receipt and stays in the inbox for a person; the others go on. @returns what is wrong with it; null: it was taken */
async function takeFromInbox(mailbox: Mailbox, entry: InboxEntry): Promise<string | null> {
  try {
    const { reference } = await mailbox.take(entry.message);
    await entry.acknowledge(reference ?? undefined);
    return null;
  } catch (error) {
    if (error instanceof MessageDamaged) return error.message;
    throw error;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
}

function deskRoutes(state: State): readonly SandboxRoute[] {
  const { settings, mailbox, known } = state;
  const dossierOf = ({ params }: Call): PortalDossier => {
    const found = portalDossiers(mailbox, known).find(({ code }) => code === params['code']);
    if (found === undefined) throw new Refusal(404, 'No result of this dossier has come');
    return found;
  };
  return [
    { method: 'GET', path: '/', run: () => page(state) },
    { method: 'GET', path: '/dossiers', run: () => json({ dossiers: portalDossiers(mailbox, known).map((each) => viewOf(each, mailbox)), pullFault: state.pullFault }) },
    { method: 'GET', path: '/dossiers/{code}', run: (call) => json(viewOf(dossierOf(call), mailbox)) },
    { method: 'POST', path: '/dossiers/{code}/acceptance', run: async (call) => json({ messageId: await takeIn(settings, dossierOf(call)) }, 202) },
    { method: 'POST', path: '/dossiers/{code}/postal-order', run: async (call) => json(await orderDelivery(settings, dossierOf(call)), 202) },
    { method: 'GET', path: '/dossiers/{code}/postal-order', run: async (call) => json(await settings.gateway.readPostalOrder(orderOf(dossierOf(call)))) },
    { method: 'GET', path: '/dossiers/{code}/timeline', run: async (call) => json(await settings.gateway.readDossier(dossierOf(call).code)) },
    { method: 'GET', path: '/dossiers/{code}/papers/{documentId}', run: (call) => pdf(partOf(dossierOf(call), call.params['documentId'] ?? '')) },
    { method: 'GET', path: '/received', run: () => json({ messages: mailbox.messages().map(viewOfReceived) }) },
  ];
}

function orderOf({ postalOrder }: PortalDossier): string {
  if (postalOrder === null) throw new Refusal(404, 'No postal order was asked for yet');
  return postalOrder.id;
}

function partOf({ result }: PortalDossier, documentId: string): Uint8Array {
  const bytes = result.parts.get(documentId);
  if (bytes === undefined) throw new Refusal(404, 'The result has no such paper');
  return bytes;
}

function viewOf(dossier: PortalDossier, mailbox: Mailbox): object {
  const { code, result, takenInMessageId, postalOrder } = dossier;
  return { code, result: viewOfReceived(result), takenInMessageId, postalOrderId: postalOrder?.id ?? null, orderNumber: postalOrder?.orderNumber ?? null, post: postalNewsOf(mailbox, code) };
}

function page({ mailbox, known, pullFault }: State) {
  return statusPage(ONE_STOP_PORTAL.name, `Hệ thống một cửa của môi trường thử nghiệm; dữ liệu hư cấu.${pullFault === null ? '' : ` Chưa đọc được hộp thư đến: ${pullFault}`}`, [
    {
      heading: 'Kết quả đã nhận',
      columns: ['Mã hồ sơ', 'Từ', 'Nhận lúc', 'Giấy tờ', 'Tiếp nhận', 'Số đơn bưu chính', 'Bưu chính'],
      rows: portalDossiers(mailbox, known).map(({ code, result, takenInMessageId, postalOrder }) => [
        code,
        result.envelope.from.agencyCode ?? result.envelope.from.partnerId,
        localTime(result.receivedAt),
        result.envelope.parts.map(({ name }) => name).join(', '),
        takenInMessageId === null ? 'chờ cán bộ' : 'đã tiếp nhận',
        postalOrder?.orderNumber ?? '–',
        postalNewsOf(mailbox, code).at(-1)?.state ?? '–',
      ]),
      empty: 'Chưa nhận kết quả nào.',
    },
  ]);
}
