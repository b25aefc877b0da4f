import { makeKey } from '../../connectors/key-file/self-made.ts';
import type { Config } from '../config.ts';
import { isGatewayError } from '../domain/errors.ts';
import type { ExchangeKey } from '../ports/exchange-key.ts';
import type { PinGuard } from '../ports/pin-guard.ts';
import type { Signer } from '../ports/signer.ts';
import type { Log } from '../ports/telemetry.ts';
import { findExchangeKey, type ExchangeKeyPorts } from '../usecases/exchange-key.ts';
import { moduleEnvironment } from './module-environment.ts';
import { outboundAgent } from './outbound-http.ts';
import { openSigners } from './signers.ts';

export interface ExchangeKeyParts extends Omit<ExchangeKeyPorts, 'makeKey'> {
  readonly config: Pick<Config, 'LIENTHONG_OUTBOUND_ALLOW' | 'LIENTHONG_PKCS11_ENV'>;
  readonly pinGuard: PinGuard;
  readonly log: Log;
}

export interface OpenExchangeKey extends ExchangeKey {
  close(): Promise<void>;
}

/** How late a new key counts, and a disabled one no longer; how soon it is tried again where there was none. */
const [LOOKED_UP_EVERY_MS, TRIED_AGAIN_MS] = [60_000, 2_000];

/**
 * Looked up when it is first needed, then once a minute, always beside whoever asks: those stand in transactions, and none of them may wait
 * for a further connection that only their end sets free.
 */
export function openExchangeKey(parts: ExchangeKeyParts): OpenExchangeKey {
  const { config, clock, log } = parts;
  const dispatcher = outboundAgent({ allow: config.LIENTHONG_OUTBOUND_ALLOW });
  const signers = openSigners({ ...parts, dispatcher, moduleEnvironment: moduleEnvironment(process.env, config) });
  const lookUp = async (): Promise<Signer> => signers.signerOf(await findExchangeKey({ ...parts, makeKey }), { oneTimePassword: null });
  let known: { readonly signer: Promise<Signer>; staleFrom: number } | null = null;
  const remember = (signer: Promise<Signer>): Promise<Signer> => {
    const found = { signer, staleFrom: clock.now().getTime() + LOOKED_UP_EVERY_MS };
    signer.catch(() => (found.staleFrom = clock.now().getTime() + TRIED_AGAIN_MS));
    known = found;
    return signer;
  };
  const refresh = (): void => {
    lookUp().then(
      (signer) => void remember(Promise.resolve(signer)),
      (error: unknown) => {
        log.error('exchange-key.unavailable', error, {});
        if (!isGatewayError(error, 'DATABASE_UNAVAILABLE')) void remember(Promise.reject(error)).catch(() => undefined);
      },
    );
  };
  return {
    signer() {
      if (known === null) return remember(lookUp());
      const now = clock.now().getTime();
      if (now >= known.staleFrom) {
        known.staleFrom = now + LOOKED_UP_EVERY_MS;
        refresh();
      }
      return known.signer;
    },
    async close() {
      await signers.close();
      await dispatcher.destroy();
    },
  };
}
