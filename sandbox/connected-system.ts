import type { GatewayAccess } from '../client/index.ts';
import { listen, type Handle, type ListenOptions, type RunningServer } from './listen.ts';

/** What the gateway's operator hands to a system that is connected to it. */
export interface GatewayCredentials extends GatewayAccess {
  /** `whsec_…` for what the gateway pushes to `POST <system>/webhooks`; null for a system that pulls. */
  readonly webhookSecret: string | null;
}

/** Given at once, or asked for when the system's own address is known: that is when its operator can register it at the gateway. */
export type CredentialsSource = GatewayCredentials | ((ownUrl: string) => Promise<GatewayCredentials>);

/** Listens first, then connects; calls that come in between wait. Nothing is left open when connecting fails. */
export async function startConnected(options: ListenOptions, source: CredentialsSource, connect: (credentials: GatewayCredentials) => Promise<Handle>): Promise<RunningServer> {
  let ready: ((handle: Handle) => void) | undefined;
  const connected = new Promise<Handle>((resolve) => (ready = resolve));
  const server = await listen(async (request, response, closing) => (await connected)(request, response, closing), options);
  try {
    ready?.(await connect(typeof source === 'function' ? await source(server.url) : source));
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}
