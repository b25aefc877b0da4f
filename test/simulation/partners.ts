import type { DeliveryId } from '../../src/domain/ids.ts';
import { GatewayError } from '../../src/domain/errors.ts';
import type { Message } from '../../src/domain/message.ts';
import type { Partner } from '../../src/domain/partner.ts';
import type { DossierPartner, SendOutcome } from '../../src/ports/dossier-partner.ts';
import type { SimProcess, World } from './world.ts';

/** Partners' systems, and the network towards them: requests get lost, answers get lost, effects show late. */

export interface Effect {
  readonly deliveryId: DeliveryId;
  readonly messageId: string;
  readonly laneId: string;
  readonly at: number;
}

export interface SimPartner {
  readonly partner: Partner;
  readonly effects: readonly Effect[];
  /** Requests that came, repeats included. */
  readonly requests: number;
  has(deliveryId: DeliveryId): boolean;
  connectorFor(process: SimProcess): DossierPartner;
}

export const TIMEOUT_MS = 20_000;
/** The latest that an effect shows after its request began; the engine's quarantine is counted from the end of the attempt. */
export const LATEST_EFFECT_MS = 45_000;

export interface SimPartnerOptions {
  readonly world: World;
  readonly partner: Partner;
  /** Probability that a request meets a fault of the network or the partner. */
  readonly faultRate: () => number;
  readonly breaksIdempotency?: boolean;
  /** Nothing gets through, nothing is answered. */
  readonly isDown?: () => boolean;
}

type Plan = 'ok' | 'refused-connection' | 'busy' | 'error-before' | 'error-after' | 'ack-lost' | 'late' | 'never' | 'refused';
const FAULTS = ['refused-connection', 'busy', 'error-before', 'error-after', 'ack-lost', 'ack-lost', 'late', 'never', 'refused'] as const satisfies readonly Plan[];

export function simPartner({ world, partner, faultRate, breaksIdempotency = false, isDown = () => false }: SimPartnerOptions): SimPartner {
  const { random } = world;
  const effects: Effect[] = [];
  const applied = new Set<string>();
  let requests = 0;
  const apply = (deliveryId: DeliveryId, message: Message): void => {
    if (partner.repeat === 'key' && applied.has(deliveryId)) return;
    applied.add(deliveryId);
    effects.push({ deliveryId, messageId: message.id, laneId: `${message.dossierCode}|${partner.id}`, at: world.now() });
  };
  const send = (process: SimProcess, deliveryId: DeliveryId, message: Message, manifestSha256: string, signal: AbortSignal): Promise<SendOutcome> => {
    requests += 1;
    const key = breaksIdempotency ? (`${deliveryId}-${requests}` as DeliveryId) : deliveryId;
    const plan: Plan = isDown() ? 'never' : random.chance(faultRate()) ? random.pick(FAULTS) : 'ok';
    const wayThere = random.between(1, 60);
    const effectAt = { ok: wayThere, 'error-after': wayThere, 'ack-lost': wayThere, late: random.between(TIMEOUT_MS, LATEST_EFFECT_MS) };
    if (plan in effectAt) world.after(effectAt[plan as keyof typeof effectAt], () => apply(key, message));
    const answers = outcomeOf(plan, manifestSha256);
    return new Promise((resolve) => {
      if (!process.alive) return;
      const cut = (): void => resolve({ outcome: 'unknown', code: 'CANCELLED', detail: 'cut short' }); // its bytes are under way all the same
      if (signal.aborted) return cut();
      signal.addEventListener('abort', cut, { once: true });
      world.afterIn(process, answers.afterMs + wayThere, () => {
        signal.removeEventListener('abort', cut);
        resolve(answers.outcome);
      });
    });
  };
  const outcomeOf = (plan: Plan, manifestSha256: string): { readonly afterMs: number; readonly outcome: SendOutcome } => {
    const soon = random.between(1, 200);
    const failure = { code: 'PARTNER_UNAVAILABLE', detail: plan };
    switch (plan) {
      case 'ok':
        return { afterMs: soon, outcome: { outcome: 'delivered', manifestSha256, reference: null } };
      case 'refused-connection':
        return { afterMs: soon, outcome: { outcome: 'retry', ...failure, retryAfterMs: null } };
      case 'busy':
        return { afterMs: soon, outcome: { outcome: 'retry', ...failure, retryAfterMs: random.between(0, 3_000) } };
      case 'error-before':
      case 'error-after':
        return { afterMs: soon, outcome: { outcome: 'unknown', ...failure } };
      case 'refused':
        return { afterMs: soon, outcome: { outcome: 'refused', code: 'PARTNER_REFUSED', detail: plan } };
      default:
        return { afterMs: TIMEOUT_MS, outcome: { outcome: 'unknown', ...failure } };
    }
  };
  return {
    partner,
    effects,
    get requests() {
      return requests;
    },
    has: (deliveryId) => applied.has(deliveryId),
    connectorFor: (process) => ({
      partnerId: partner.id,
      send: (deliveryId, message, manifestSha256, signal) => send(process, deliveryId, message, manifestSha256, signal),
      lookup:
        partner.repeat !== 'lookup'
          ? null
          : (deliveryId) =>
              world.call(process, () => {
                if (random.chance(faultRate())) throw new GatewayError('PARTNER_UNAVAILABLE', 'It could not be asked');
                return { found: applied.has(deliveryId), manifestSha256: null, reference: null };
              }),
    }),
  };
}
