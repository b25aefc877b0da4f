import type { Random } from '../simulation/random.ts';
import { RECEIPT, startHttpPartner, type HttpPartner, type PushedMessage, type Reaction } from '../support/http-partner.ts';
import type { History } from './history.ts';

/** Partners' systems in the harness's own process: half of them recognise a repeated delivery, half can only be asked. */
export interface ChaosPartner {
  readonly id: string;
  readonly agencyCode: string;
  readonly repeat: 'key' | 'lookup';
  readonly server: HttpPartner;
}

/** The gateway's time-out in these runs; effects that come late come after it, and within its quarantine. */
export const TIMEOUT_MS = 2_000;
export const QUARANTINE_MS = 6_000;

export const FAULTS = ['error500', 'error500AfterEffect', 'ackLost', 'lateEffect', 'ackTwice', 'ackOutOfOrder'] as const;
type Fault = (typeof FAULTS)[number];

const RATES: readonly (readonly [Fault, number])[] = [
  ['error500', 0.03],
  ['error500AfterEffect', 0.01],
  ['ackLost', 0.03],
  ['lateEffect', 0.01],
  ['ackTwice', 0.03],
  ['ackOutOfOrder', 0.08],
];

export interface PartnersOptions {
  readonly dice: Random;
  readonly history: History;
  readonly secretOf: (id: string) => string;
  /** A second acknowledgement of a message, on the way of those who pull. */
  readonly acknowledgeAgain: (partnerId: string, message: PushedMessage) => void;
}

export const PARTNERS = ['key', 'lookup', 'key', 'lookup'].map((repeat, index) => ({ id: `chaos-${repeat}-${index}`, agencyCode: `H57.${21 + index}`, repeat: repeat as 'key' | 'lookup' }));

export function startPartners(options: PartnersOptions): Promise<ChaosPartner[]> {
  return Promise.all(PARTNERS.map(async (partner) => ({ ...partner, server: await startPartner(options, partner) })));
}

function startPartner({ dice, history, secretOf, acknowledgeAgain }: PartnersOptions, { id, repeat }: (typeof PARTNERS)[number]): Promise<HttpPartner> {
  const react = (message: PushedMessage): Reaction => {
    const fault = pickFault(dice);
    if (fault === null) return RECEIPT;
    history.note('faults', { at: Date.now(), kind: 'fault', what: fault });
    switch (fault) {
      case 'error500':
        return { apply: false, answer: { status: 500 } };
      case 'error500AfterEffect':
        return { apply: true, answer: { status: 500 } };
      case 'ackLost':
        return { apply: true, answer: dice.chance(0.5) ? 'reset' : 'hang' };
      case 'lateEffect':
        return { apply: true, applyAfterMs: TIMEOUT_MS + dice.between(100, 2_500), answer: 'hang' };
      case 'ackTwice':
        setTimeout(() => acknowledgeAgain(id, message), dice.between(0, 500)).unref();
        return RECEIPT;
      case 'ackOutOfOrder':
        return { ...RECEIPT, answerAfterMs: dice.between(50, 900) };
    }
  };
  return startHttpPartner({
    secret: secretOf(id),
    deduplicates: repeat === 'key',
    react,
    onEvent: (kind, deliveryId, message) => history.note('partner', { at: Date.now(), kind, partner: id, deliveryId, messageId: message?.messageId ?? null }),
  });
}

function pickFault(dice: Random): Fault | null {
  let left = dice.fraction();
  for (const [fault, rate] of RATES) {
    if (left < rate) return fault;
    left -= rate;
  }
  return null;
}
