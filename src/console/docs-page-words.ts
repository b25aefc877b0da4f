interface DocsWords {
  readonly title: string;
  readonly lead: string;
  readonly intro: readonly string[];
  readonly contents: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly open: string;
  readonly needs: string;
  readonly once: string;
  readonly parameters: string;
  readonly body: string;
  readonly answers: string;
  readonly example: string;
  readonly required: string;
  readonly pushed: string;
  readonly pushedNote: string;
  readonly schemas: string;
  readonly oneOf: string;
  readonly file: string;
}

/** Words around the API description, which itself is written in English. HTML where a sentence names something of the API. */
export const DOCS_WORDS: Readonly<Record<'vi' | 'en', DocsWords>> = {
  vi: {
    title: 'Tài liệu API',
    lead: 'Ký và kiểm tra văn bản, trao đổi hồ sơ giữa các hệ thống, chuyển phát qua bưu chính.',
    intro: [
      'Mỗi yêu cầu mang <code>Authorization: Bearer lt_…</code>; khóa API do đơn vị vận hành cấp, mỗi thao tác ghi rõ quyền cần có.',
      'Yêu cầu POST nhận <code>Idempotency-Key</code>: gửi lại cùng khóa và cùng nội dung thì việc chỉ được làm một lần và trả lời như lần đầu, trong 90 ngày. Hết thời gian chờ thì cứ gửi lại.',
      '<code>202</code> nghĩa là cổng đã nhận và sẽ giao đúng một lần, hoặc hiện là “bị giữ lại” kèm lý do. Hồ sơ đã tới nơi khi có biên nhận; chỉ <code>dossier.accept</code> và <code>dossier.refuse</code> mới là tiếp nhận hay từ chối.',
      'Lỗi theo RFC 9457: <code>code</code> cho biết lỗi gì, <code>retryable</code> cho biết có nên gửi lại, <code>errors</code> chỉ đúng chỗ sai, <code>traceId</code> để đơn vị vận hành tra cứu.',
      'Bản mô tả cho máy: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).',
    ],
    contents: 'Nội dung',
    tags: { Documents: 'Tài liệu', Dossiers: 'Hồ sơ', Messages: 'Thông điệp', Inbox: 'Hộp thư đến', Signatures: 'Chữ ký', Verification: 'Kiểm tra', Post: 'Bưu chính', Operation: 'Vận hành' },
    open: 'không cần khóa',
    needs: 'quyền',
    once: 'nhận Idempotency-Key',
    parameters: 'Tham số',
    body: 'Nội dung gửi',
    answers: 'Trả lời',
    example: 'Ví dụ',
    required: 'bắt buộc',
    pushed: 'Cổng gọi đến hệ thống của bạn',
    pushedNote: 'Theo Standard Webhooks 1.0.0. Kiểm tra chữ ký và thời gian trước khi đọc nội dung; cùng một webhook-id có thể đến nhiều lần.',
    schemas: 'Cấu trúc dữ liệu',
    oneOf: 'Theo loại, là một trong:',
    file: 'tệp',
  },
  en: {
    title: 'API documentation',
    lead: 'Sign and verify documents, exchange dossiers between systems, hand them to the post.',
    intro: [
      'Each request carries <code>Authorization: Bearer lt_…</code>; the operator issues the API key, and each operation names the scope it needs.',
      'POSTs take an <code>Idempotency-Key</code>: the same request with the same key is done once and answered as the first time, for 90 days. After a time-out just send it again.',
      '<code>202</code> means the gateway has it and will deliver it once in effect, or show it as parked with the reason. A receipt says delivered; only <code>dossier.accept</code> and <code>dossier.refuse</code> say taken in or not.',
      'Errors are RFC 9457: <code>code</code> says what, <code>retryable</code> whether to send again, <code>errors</code> where, and <code>traceId</code> is what the operator looks for.',
      'For machines: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).',
    ],
    contents: 'Contents',
    tags: {},
    open: 'no key needed',
    needs: 'scope',
    once: 'takes Idempotency-Key',
    parameters: 'Parameters',
    body: 'Body',
    answers: 'Answers',
    example: 'Example',
    required: 'required',
    pushed: 'What calls your system',
    pushedNote: 'Standard Webhooks 1.0.0. Check signature and time before you read the body; the same webhook-id may come more than once.',
    schemas: 'Schemas',
    oneOf: 'By its type, one of:',
    file: 'file',
  },
};
