import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createClient } from '../../client/index.ts';
import { startConnected, type CredentialsSource, type GatewayCredentials } from '../connected-system.ts';
import type { Handle, ListenOptions, RunningServer } from '../listen.ts';
import { openMailbox, type Mailbox } from '../mailbox.ts';
import { loadPaperFonts } from '../papers/fonts.ts';
import { LAND_REGISTRY, ONE_STOP_PORTAL } from '../parties.ts';
import { postalNewsOf, viewOfReceived } from '../received-view.ts';
import { bodyAs, json, pdf, Refusal, routed, type Call, type SandboxRoute } from '../router.ts';
import { localTime, statusPage } from '../status-page.ts';
import { webhookRoutes } from '../webhook-route.ts';
import { archiveDecision, fileCase, sendResult, signDecision, verifyDecision, type CaseSettings, type LandCase, type SignerRole } from './case.ts';

export interface LandRegistryOptions extends ListenOptions {
  readonly gateway: CredentialsSource;
  readonly agencyCode?: string;
  readonly recipientAgencyCode?: string;
  /** Ids of the keys at the gateway; default `officer` and `seal`. */
  readonly keys?: Readonly<Record<SignerRole, string>>;
  /** Level asked of every signature. Default: B-T. */
  readonly level?: CaseSettings['level'];
  readonly now?: () => Date;
}

interface State {
  readonly settings: CaseSettings;
  readonly cases: Map<string, LandCase>;
  readonly mailbox: Mailbox;
}

/**
 * The land registry's own system: files dossiers, has results signed, verified and sent through the gateway, and takes its pushes at
 * `POST /webhooks`. It knows the gateway by HTTP only and keeps everything in memory. `GET /` is for people.
 */
export async function startLandRegistry(options: LandRegistryOptions): Promise<RunningServer> {
  const stopped = new AbortController();
  const server = await startConnected(options, options.gateway, (credentials) => connect(options, credentials, stopped.signal));
  const close = (): Promise<void> => {
    stopped.abort();
    return server.close();
  };
  return { url: server.url, close };
}

async function connect(options: LandRegistryOptions, credentials: GatewayCredentials, signal: AbortSignal): Promise<Handle> {
  const now = options.now ?? (() => new Date());
  const gateway = createClient({ ...credentials, signal });
  const settings: CaseSettings = {
    gateway,
    agencyCode: options.agencyCode ?? LAND_REGISTRY.agencyCode,
    recipientAgencyCode: options.recipientAgencyCode ?? ONE_STOP_PORTAL.agencyCode,
    level: options.level ?? 'B-T',
    keys: options.keys ?? { officer: 'officer', seal: 'seal' },
    fonts: await loadPaperFonts(),
    now,
  };
  const mailbox = openMailbox({ gateway, now, reference: ({ messageId }) => `VPDK-${messageId.slice(-8)}` });
  return routed([...caseRoutes({ settings, cases: new Map(), mailbox }), ...webhookRoutes(credentials.webhookSecret === null ? null : gateway.webhooks(credentials.webhookSecret, now), mailbox)]);
}

const role = z.strictObject({ role: z.enum(['officer', 'seal']) });

function caseRoutes(state: State): readonly SandboxRoute[] {
  const { settings, cases, mailbox } = state;
  const caseOf = ({ params }: Call): LandCase => {
    const found = cases.get(params['code'] ?? '');
    if (found === undefined) throw new Refusal(404, 'No such dossier here');
    return found;
  };
  return [
    { method: 'GET', path: '/', run: () => page(state) },
    { method: 'GET', path: '/cases', run: () => json({ cases: [...cases.values()].map((each) => viewOf(each, mailbox)) }) },
    {
      method: 'POST',
      path: '/cases',
      run: async () => {
        const filed = await fileCase(settings, randomUUID());
        cases.set(filed.code, filed);
        return json(viewOf(filed, mailbox), 201);
      },
    },
    { method: 'GET', path: '/cases/{code}', run: (call) => json(viewOf(caseOf(call), mailbox)) },
    { method: 'POST', path: '/cases/{code}/signatures', run: async (call) => json(await signDecision(settings, caseOf(call), bodyAs(role, call).role), 201) },
    { method: 'POST', path: '/cases/{code}/verification', run: async (call) => json(await verifyDecision(settings, caseOf(call))) },
    { method: 'POST', path: '/cases/{code}/archive', run: async (call) => json(await archiveDecision(settings, caseOf(call)), 201) },
    { method: 'POST', path: '/cases/{code}/result', run: async (call) => json({ messageId: await sendResult(settings, caseOf(call)) }, 202) },
    { method: 'GET', path: '/cases/{code}/timeline', run: async (call) => json(await settings.gateway.readDossier(caseOf(call).code)) },
    { method: 'GET', path: '/cases/{code}/message', run: async (call) => json(await settings.gateway.readMessage(sentBy(caseOf(call)))) },
    { method: 'GET', path: '/cases/{code}/papers/{name}', run: (call) => pdf(paperOf(caseOf(call), call.params['name'] ?? '')) },
    { method: 'GET', path: '/received', run: () => json({ messages: mailbox.messages().map(viewOfReceived) }) },
  ];
}

function sentBy({ sentMessageId }: LandCase): string {
  if (sentMessageId === null) throw new Refusal(404, 'The result was not sent yet');
  return sentMessageId;
}

function paperOf({ papers }: LandCase, name: string): Uint8Array {
  const paper = papers.get(name);
  if (paper === undefined) throw new Refusal(404, `There are the papers ${[...papers.keys()].join(', ')}`);
  return paper.bytes;
}

function viewOf(landCase: LandCase, mailbox: Mailbox): object {
  const { code, decisionNumber, places, papers, documentIds, signatures, verification, sentMessageId } = landCase;
  return {
    code,
    state: stateOf(landCase),
    decisionNumber,
    places,
    papers: [...papers.keys()].map((name) => ({ name, documentId: documentIds.get(name) ?? null })),
    signatures,
    verification: verification?.result ?? null,
    sentMessageId,
    post: postalNewsOf(mailbox, code),
    received: mailbox.messages().filter(({ envelope }) => envelope.dossierCode === code).map(viewOfReceived),
  };
}

type CaseState = 'filed' | 'signed' | 'verified' | 'sent';

function stateOf({ signatures, verification, sentMessageId }: LandCase): CaseState {
  if (sentMessageId !== null) return 'sent';
  if (verification !== null) return 'verified';
  return signatures.length > 0 ? 'signed' : 'filed';
}

const STATE_WORDS = { filed: 'đã tiếp nhận', signed: 'đã ký số', verified: 'đã kiểm tra chữ ký', sent: 'đã gửi kết quả' } as const satisfies Record<CaseState, string>;

function page({ cases, mailbox }: State) {
  return statusPage(LAND_REGISTRY.name, 'Phần mềm chuyên ngành đất đai của môi trường thử nghiệm; dữ liệu hư cấu.', [
    {
      heading: 'Hồ sơ',
      columns: ['Mã hồ sơ', 'Trạng thái', 'Số văn bản', 'Chữ ký số', 'Bưu chính'],
      rows: [...cases.values()].map((each) => [each.code, STATE_WORDS[stateOf(each)], each.decisionNumber, each.signatures.map(({ role, level }) => `${role} ${level}`).join(', ') || '–', postalNewsOf(mailbox, each.code).at(-1)?.state ?? '–']),
      empty: 'Chưa có hồ sơ nào.',
    },
    {
      heading: 'Thông điệp đã nhận',
      columns: ['Mã hồ sơ', 'Loại', 'Từ', 'Nhận lúc', 'Số lần'],
      rows: mailbox.messages().map(({ envelope, receivedAt, times }) => [envelope.dossierCode, envelope.type, envelope.from.partnerId, localTime(receivedAt), String(times)]),
      empty: 'Chưa nhận thông điệp nào.',
    },
  ]);
}
