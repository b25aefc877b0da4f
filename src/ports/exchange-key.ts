import type { Chance } from './chance.ts';
import type { Signer } from './signer.ts';

/** The gateway's own key, by which it attests what was handed in and what was delivered; never used for anything else. */
export interface ExchangeKey {
  /**
   * The one in use now; a new one counts within a minute.
   * @throws EXCHANGE_KEY_MISSING when there is none whose certificate is valid; what opening it throws
   */
  signer(): Promise<Signer>;
}

/** What recording anything that is attested needs. */
export interface AttestPorts {
  readonly exchangeKey: ExchangeKey;
  readonly chance: Chance;
}
