import type { Partner } from '../domain/partner.ts';

export interface Onboarding {
  readonly partner: Partner;
  /** Agencies that the system serves. */
  readonly agencyCodes: readonly string[];
  /** Where the system reaches the gateway, without a trailing slash. */
  readonly gatewayUrl: string;
  readonly language: 'vi' | 'en';
}

/** What a new partner's developers need to begin: Markdown, with calls to copy into a shell. Holds no secret: those are handed over apart. */
export function onboardingText({ partner, agencyCodes, gatewayUrl, language }: Onboarding): string {
  const say = WORDS[language];
  const agency = agencyCodes[0] ?? 'H57.12.03';
  const served = agencyCodes.length === 0 ? say.noRoute : `${say.serves}: ${agencyCodes.join(', ')}.`;
  const steps = [
    [say.reach, `export GATEWAY='${gatewayUrl}'\nread -rs API_KEY && export API_KEY   # ${say.secret}\ncurl "$GATEWAY/readyz"\ncurl -H "Authorization: Bearer $API_KEY" "$GATEWAY/v1/keys"`],
    [say.open, `${authorised('-X POST', '/v1/dossiers')} \\\n  -H "Idempotency-Key: $(uuidgen)" -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify({ agencyCode: agency, procedure: { code: '1.004238.H57', name: say.procedure }, title: say.sample })}'`],
    [say.upload, `${authorised('-X POST', '/v1/documents')} \\\n  -H "Idempotency-Key: $(uuidgen)" -H 'Content-Type: application/pdf' \\\n  -H "Repr-Digest: sha-256=:$(openssl dgst -sha256 -binary paper.pdf | base64):" \\\n  -H 'Content-Disposition: attachment; filename="paper.pdf"' --data-binary @paper.pdf`],
    [say.send, `${authorised('-X POST', '/v1/dossiers/$CODE/messages')} \\\n  -H "Idempotency-Key: $(uuidgen)" -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify({ type: 'dossier.submit', from: agency, to: ['H57.01'], body: {}, documents: [] })}'`],
    partner.mode === 'pull' ? [say.pull, `${authorised('', '/v1/inbox?after=0')}\n# ${say.receipt}\n${authorised('-X POST', '/v1/inbox/$MESSAGE/receipt')} \\\n  -H "Idempotency-Key: receipt-$MESSAGE" -H 'Content-Type: application/json' \\\n  -d "{\\"messageId\\":\\"$MESSAGE\\",\\"manifestSha256\\":\\"$MANIFEST\\"}"`] : [say.push(partner.url ?? ''), `# webhook-id, webhook-timestamp, body: ${say.received}\nprintf '%s.%s.%s' "$WEBHOOK_ID" "$WEBHOOK_TIMESTAMP" "$BODY" |\n  openssl dgst -sha256 -mac HMAC -macopt hexkey:$(printf %s "\${WEBHOOK_SECRET#whsec_}" | base64 -d | od -An -vtx1 | tr -d ' \\n') -binary | base64${partner.payload === 'thin' ? `\n# ${say.thin}\n${authorised('', '/v1/inbox/$MESSAGE')}` : ''}`],
  ] as const;
  return [`# ${say.title}: ${partner.name} (${partner.id})`, '', say.intro, served, '', ...steps.flatMap(([title, calls], index) => [`## ${index + 1}. ${title}`, '', '```sh', calls, '```', '']), say.rules, ''].join('\n');
}

function authorised(method: string, path: string): string {
  return `curl ${method === '' ? '' : `${method} `}"$GATEWAY${path}" -H "Authorization: Bearer $API_KEY"`;
}

interface Words {
  readonly title: string;
  readonly intro: string;
  readonly serves: string;
  readonly noRoute: string;
  readonly secret: string;
  readonly reach: string;
  readonly open: string;
  readonly upload: string;
  readonly send: string;
  readonly pull: string;
  readonly push: (url: string) => string;
  readonly received: string;
  readonly receipt: string;
  readonly thin: string;
  readonly procedure: string;
  readonly sample: string;
  readonly rules: string;
}

const WORDS: Readonly<Record<'vi' | 'en', Words>> = {
  vi: {
    title: 'Kết nối với Liên Thông Gateway',
    intro: 'Khóa API và khóa ký webhook được bàn giao riêng; không gửi qua thư điện tử. Tài liệu đầy đủ: /docs, /openapi.json; TypeScript: lienthong/client.',
    serves: 'Hệ thống này phục vụ',
    noRoute: 'Hệ thống này chưa phục vụ cơ quan nào: hãy báo mã định danh cơ quan cho đơn vị vận hành.',
    secret: 'dán khóa API, không hiện lên màn hình',
    reach: 'Kiểm tra kết nối và khóa',
    open: 'Lập hồ sơ; ghi lại mã hồ sơ vào CODE',
    upload: 'Tải giấy tờ lên',
    send: 'Gửi thông điệp về hồ sơ; 202 nghĩa là cổng đã nhận và sẽ giao',
    pull: 'Lấy thông điệp gửi cho bạn, kiểm tra, rồi biên nhận',
    push: (url) => `Thông điệp được đẩy đến ${url}; kiểm tra chữ ký rồi trả lời 200 kèm biên nhận`,
    receipt: 'MESSAGE, MANIFEST: messageId và manifestSha256 của thông điệp',
    received: 'đúng như nhận được; kết quả phải bằng một chữ ký v1 trong webhook-signature',
    thin: 'thông báo chỉ có mã: lấy thông điệp theo data.messageId rồi mới trả lời',
    procedure: 'Đăng ký đất đai',
    sample: 'Hồ sơ thử kết nối',
    rules: 'Gửi lại sau khi hết thời gian chờ thì dùng đúng Idempotency-Key cũ. Biên nhận nghĩa là “đã nhận được”; tiếp nhận hay từ chối là `dossier.accept`, `dossier.refuse`. Cùng một thông điệp có thể đến nhiều lần với cùng webhook-id: chỉ xử lý một lần.',
  },
  en: {
    title: 'Connecting to Liên Thông Gateway',
    intro: 'The API key and the webhook secret are handed over apart, never by mail. The whole documentation: /docs, /openapi.json; for TypeScript: lienthong/client.',
    serves: 'This system serves',
    noRoute: 'This system serves no agency yet: tell the operator the agency’s code.',
    secret: 'paste the API key; it is not shown',
    reach: 'Check the line and the key',
    open: 'Open a dossier; keep its code in CODE',
    upload: 'Upload a paper',
    send: 'Send a message about it; 202 means the gateway has it and will deliver it',
    pull: 'Fetch what is for you, check it, and give a receipt',
    push: (url) => `Messages are pushed to ${url}; check the signature, then answer 200 with a receipt`,
    receipt: 'MESSAGE, MANIFEST: messageId and manifestSha256 of the message',
    received: 'just as received; the result must equal a v1 signature of webhook-signature',
    thin: 'the push holds ids only: fetch the message by data.messageId before you answer',
    procedure: 'Land registration',
    sample: 'Connection test',
    rules: 'Send again after a time-out under the same Idempotency-Key. A receipt says “delivered”; taken in or not is `dossier.accept`, `dossier.refuse`. The same message may come again under the same webhook-id: act on it once.',
  },
};
