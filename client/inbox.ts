import type { MessageEnvelope } from './message-check.ts';

export interface InboxEntry {
  /** Of the entry in the inbox; later ones are larger. */
  readonly position: number;
  readonly message: MessageEnvelope;
  /** Gives the receipt: it says "delivered", and the next message of the dossier comes after it. @param reference your own number for it */
  readonly acknowledge: (reference?: string) => Promise<void>;
}

export interface InboxOptions {
  /** Where to begin; 0: with everything that has no receipt yet. Default: 0. */
  readonly after?: number;
  /** How long one look waits at the gateway for something to come, 1 to 60. Default: 30. */
  readonly waitSeconds?: number;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal;
}

interface InboxPage {
  readonly entries: readonly { readonly position: number; readonly message: MessageEnvelope }[];
  readonly nextAfter: number;
}

/**
 * Every message as it comes, for ever. One that gets no receipt is passed over until the iteration is begun anew; an error of a look (after
 * its attempts) ends the iteration.
 */
export async function* followInbox(
  look: (after: number, waitSeconds: number, signal: AbortSignal | undefined) => Promise<InboxPage>,
  acknowledge: (message: MessageEnvelope, reference: string | undefined) => Promise<unknown>,
  { after: begin = 0, waitSeconds = 30, signal }: InboxOptions,
): AsyncGenerator<InboxEntry, void, undefined> {
  for (let after = begin; ; ) {
    const page = await look(after, waitSeconds, signal).catch((error: unknown) => {
      if (signal?.aborted === true) return null;
      throw error;
    });
    if (page === null) return;
    for (const { position, message } of page.entries) {
      yield {
        position,
        message,
        acknowledge: async (reference) => {
          await acknowledge(message, reference);
        },
      };
    }
    after = page.nextAfter;
  }
}
