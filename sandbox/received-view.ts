import { z } from 'zod';
import type { Mailbox, ReceivedMessage } from './mailbox.ts';

/** A received message for whoever looks at a system of the sandbox from outside. */
export function viewOfReceived({ envelope, receipt, receivedAt, times, parts }: ReceivedMessage): object {
  const { messageId, deliveryId, type, dossierCode, from, body, manifestSha256 } = envelope;
  const papers = envelope.parts.map(({ documentId, name, role, sha256, sizeBytes }) => ({ documentId, name, role, sha256, sizeBytes, fetched: parts.has(documentId) }));
  return { messageId, deliveryId, type, dossierCode, from, body, papers, manifestSha256, receipt, receivedAt, times };
}

const postalNews = z.object({
  postal: z.object({ orderNumber: z.string(), trackingNumber: z.string().nullable(), state: z.string(), event: z.object({ occurredAt: z.string(), carrierCode: z.string(), carrierText: z.string() }).nullable() }),
});

export type PostalNews = z.output<typeof postalNews>['postal'];

/** What the gateway told about a dossier's postal orders, oldest first. */
export function postalNewsOf(mailbox: Mailbox, dossierCode: string): PostalNews[] {
  return mailbox.messages().flatMap(({ envelope }) => {
    const news = envelope.dossierCode === dossierCode ? postalNews.safeParse(envelope.body) : null;
    return news?.success === true ? [news.data.postal] : [];
  });
}
