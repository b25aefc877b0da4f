import { GatewayError } from '../domain/errors.ts';
import type { PartnerId } from '../domain/ids.ts';
import type { PartnerTest, TestStep } from '../formats/api/partner-test.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { PartnerProbe, ProbeResult, ProbeStage } from '../ports/partner-probe.ts';
import type { Recipient } from '../ports/partner-records.ts';
import type { Records } from '../ports/records.ts';

export interface TestPartnerPorts {
  readonly records: Records;
  readonly probe: PartnerProbe;
  readonly clock: Clock;
  readonly chance: Chance;
}

/**
 * Tries the line to a partner: of one that is pushed to by a signed ping and by one with a forged signature, of one that pulls by what it
 * needs. Decides nothing about its deliveries; its circuit stays as it is. Audited.
 * @throws PARTNER_NOT_FOUND, PARTNER_UNAVAILABLE when it has no webhook secret
 */
export async function testPartner(ports: TestPartnerPorts, actor: string, id: PartnerId, signal: AbortSignal): Promise<PartnerTest> {
  const at = ports.clock.now();
  const recipient = await ports.records.partners.recipient(id, at);
  if (recipient === null) throw new GatewayError('PARTNER_NOT_FOUND', `There is no partner named ${id}`);
  const { mode } = recipient.partner;
  const steps = [await routeStep(ports, id), ...(mode === 'push' ? await pushSteps(ports, recipient, signal) : await pullSteps(ports, id, at))];
  const ok = steps.every(({ status }) => status !== 'failed');
  await ports.records.audit.add({ at, actor, action: 'test-partner', subject: `partner:${id}`, detail: { ok, failed: steps.filter(({ status }) => status === 'failed').map(({ step }) => step).join(' ') } });
  return { partner: id, mode, ok, steps };
}

const LINE = ['name', 'connection', 'tls', 'answer'] as const;

async function pushSteps({ probe, chance }: TestPartnerPorts, recipient: Recipient, signal: AbortSignal): Promise<readonly TestStep[]> {
  const isTls = recipient.partner.url?.startsWith('https:') === true;
  const result = await probe.ping(recipient, chance.uuid(), false, signal);
  if (!result.answered) return lineSteps(result.failedAt, result.reason, isTls);
  const line = [...LINE.slice(0, 3).map((step): TestStep => (step === 'tls' && !isTls ? NO_TLS : passed(step, ...LINE_WORDS[step]))), answerStep(result)];
  if (isRefusedSignature(result)) return [...line, failed('signature', `Hệ thống từ chối chữ ký (HTTP ${result.status}): khóa webhook hai bên khác nhau, hoặc đồng hồ lệch quá 5 phút. Cấp lại bằng “lienthong partners renew-secret”.`, `It refuses the signature (HTTP ${result.status}): the webhook secrets differ, or its clock is off by more than 5 minutes. “lienthong partners renew-secret” gives a new one.`)];
  if (!isTaken(result)) return line;
  const forged = await probe.ping(recipient, chance.uuid(), true, signal);
  return [...line, passed('signature', 'Chữ ký được chấp nhận.', 'The signature is accepted.'), forgeryStep(forged), receiptStep(result)];
}

/** Everything before the step that failed went well. */
function lineSteps(failedAt: ProbeStage, reason: string, isTls: boolean): readonly TestStep[] {
  if (failedAt === 'address') return [failed('name', `Địa chỉ không được phép gọi: ${reason}`, `The address may not be called: ${reason}`)];
  const place = LINE.indexOf(failedAt);
  const before = LINE.slice(0, place).map((step): TestStep => (step === 'tls' && !isTls ? NO_TLS : passed(step, ...LINE_WORDS[step])));
  const [vi, en] = FAILURE_WORDS[failedAt];
  return [...before, failed(failedAt, `${vi} (${reason})`, `${en} (${reason})`)];
}

const LINE_WORDS: Readonly<Record<(typeof LINE)[number], readonly [vi: string, en: string]>> = {
  name: ['Tên máy chủ phân giải được.', 'The name is known.'],
  connection: ['Kết nối được.', 'The connection stands.'],
  tls: ['Chứng thư TLS hợp lệ.', 'The TLS certificate is valid.'],
  answer: ['Có trả lời.', 'It answers.'],
};
const FAILURE_WORDS: Readonly<Record<(typeof LINE)[number], readonly [vi: string, en: string]>> = {
  name: ['Không phân giải được tên máy chủ: kiểm tra URL và DNS', 'The name cannot be resolved: check the URL and DNS'],
  connection: ['Không kết nối được: kiểm tra tường lửa, cổng và dịch vụ phía bên kia', 'No connection: check the firewall, the port and whether the service runs'],
  tls: ['TLS không thiết lập được: kiểm tra chứng thư và chuỗi CA phía bên kia', 'TLS fails: check the certificate and its chain on the other side'],
  answer: ['Kết nối được nhưng không có trả lời đúng hạn', 'Connected, and no answer came in time'],
};
const NO_TLS: TestStep = { step: 'tls', status: 'skipped', detail: { vi: 'Địa chỉ http: không mã hóa đường truyền.', en: 'An http address: the line is not encrypted.' } };

type Answered = Extract<ProbeResult, { answered: true }>;
const isTaken = ({ status }: Answered): boolean => status >= 200 && status < 300;
const isRefusedSignature = ({ status }: Answered): boolean => status === 401 || status === 403;

function answerStep(result: Answered): TestStep {
  const { status, ms } = result;
  if (isTaken(result) || isRefusedSignature(result)) return passed('answer', `Trả lời HTTP ${status} sau ${ms} ms.`, `It answered HTTP ${status} in ${ms} ms.`);
  if (status >= 300 && status < 400) return failed('answer', `Trả lời HTTP ${status}: cổng không đi theo chuyển hướng; sửa URL bằng “lienthong partners move”.`, `It answered HTTP ${status}: redirects are not followed; change the URL by “lienthong partners move”.`);
  return failed('answer', `Trả lời HTTP ${status} sau ${ms} ms: hệ thống phải trả lời 2xx cho gateway.ping.`, `It answered HTTP ${status} in ${ms} ms: it has to answer a gateway.ping by 2xx.`);
}

function forgeryStep(result: ProbeResult): TestStep {
  if (!result.answered) return { step: 'forgery', status: 'skipped', detail: { vi: 'Không thử được chữ ký giả.', en: 'The forged ping got no answer.' } };
  if (isTaken(result)) return { step: 'forgery', status: 'warning', detail: { vi: 'Hệ thống nhận cả yêu cầu có chữ ký sai: nó không kiểm tra chữ ký, ai cũng có thể giả thông điệp.', en: 'It takes a request whose signature is wrong: it does not check, and anybody can forge messages.' } };
  return passed('forgery', `Chữ ký sai bị từ chối (HTTP ${result.status}).`, `A wrong signature is refused (HTTP ${result.status}).`);
}

function receiptStep({ receipt }: Answered): TestStep {
  if (receipt === 'right') return passed('receipt', 'Biên nhận đúng.', 'The receipt is right.');
  if (receipt === 'wrong') return failed('receipt', 'Biên nhận không lặp lại messageId và manifestSha256 của yêu cầu.', 'The receipt does not repeat the request’s messageId and manifestSha256.');
  return { step: 'receipt', status: 'warning', detail: { vi: 'Không có biên nhận {messageId, manifestSha256} trong trả lời: với thông điệp thật, thiếu nó thì chưa coi là đã giao.', en: 'No receipt {messageId, manifestSha256} in the answer: a real message is not delivered without one.' } };
}

async function routeStep({ records }: TestPartnerPorts, id: PartnerId): Promise<TestStep> {
  const codes = (await records.partners.routes()).filter(({ partnerId }) => partnerId === id).map(({ agencyCode }) => agencyCode);
  if (codes.length > 0) return passed('route', `Phục vụ ${codes.join(', ')}.`, `It serves ${codes.join(', ')}.`);
  return { step: 'route', status: 'warning', detail: { vi: `Chưa phục vụ cơ quan nào: “lienthong routes set MÃ ${id}”.`, en: `It serves no agency: “lienthong routes set CODE ${id}”.` } };
}

async function pullSteps({ records }: TestPartnerPorts, id: PartnerId, now: Date): Promise<readonly TestStep[]> {
  const keys = await records.partners.apiKeys(id);
  const usable = keys.filter(({ scopes, revokedAt, expiresAt }) => scopes.includes('inbox:read') && (revokedAt === null || revokedAt > now) && (expiresAt === null || expiresAt > now));
  if (usable.length === 0) return [failed('key', `Không có khóa API còn hiệu lực với quyền inbox:read: “lienthong api-keys add ${id} --scopes inbox:read,…”.`, `No valid API key with scope inbox:read: “lienthong api-keys add ${id} --scopes inbox:read,…”.`)];
  const lastUsed = usable.map(({ lastUsedAt }) => lastUsedAt?.toISOString() ?? '').sort().at(-1) ?? '';
  const key = passed('key', `${usable.length} khóa API đọc được hộp thư.`, `${usable.length} API keys may read the inbox.`);
  if (lastUsed !== '') return [key, passed('inbox', `Khóa được dùng lần cuối lúc ${lastUsed}.`, `A key was last used at ${lastUsed}.`)];
  return [key, { step: 'inbox', status: 'warning', detail: { vi: 'Khóa chưa được dùng lần nào: hệ thống cần gọi GET /v1/inbox?after=0 rồi gửi biên nhận.', en: 'No key was ever used: it has to call GET /v1/inbox?after=0 and give receipts.' } }];
}

function passed(step: TestStep['step'], vi: string, en: string): TestStep {
  return { step, status: 'passed', detail: { vi, en } };
}

function failed(step: TestStep['step'], vi: string, en: string): TestStep {
  return { step, status: 'failed', detail: { vi, en } };
}
