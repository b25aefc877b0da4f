/** `lienthong/client`: what a system needs to work with the gateway. */
export { createClient, type ExtendedDocument, type GatewayClient, type SignedDocument } from './create-client.ts';
export { DamagedBytes, type Download, type NamedBytes } from './documents.ts';
export type { paths, Schemas, Webhooks } from './generated/api.ts';
export { LogForked, type FollowLogOptions, type LogFollower } from './follow-log.ts';
export type { InboxEntry, InboxOptions } from './inbox.ts';
export { matchesManifest, receiptFor, type MessageEnvelope } from './message-check.ts';
export { GatewayProblem, type Problem } from './problem.ts';
export { WebhookRefused, type WebhookReceiver } from './receive-webhook.ts';
export type { GatewayAccess } from './transport.ts';
export type { LargeUpload } from './upload.ts';
export { checkWebhook, type Webhook, type WebhookTrust, type WebhookVerdict } from './webhook.ts';
