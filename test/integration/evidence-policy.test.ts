import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_BREAKER, type EvidencePolicy } from '../../src/domain/partner-limits.ts';
import type { PartnerId } from '../../src/domain/ids.ts';
import { messageHandler } from '../../src/usecases/deliver-message.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { QUICK } from '../support/gateway-worker.ts';
import { after, dossierOf, partnerOf, sendMessage, T0 } from '../support/ledger.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

/** No evidence, no delivery: what becomes of a message while no time-stamp can be had. */

let fresh: FreshRecords;
beforeAll(async () => {
  fresh = await freshRecords();
});
afterAll(() => fresh.close());

it.each([
  ['strict', 'degraded', true, 'pending'],
  ['degraded', 'strict', true, 'offered'],
  [null, 'strict', true, 'pending'],
  [null, 'degraded', true, 'offered'],
  ['strict', 'strict', false, 'offered'],
] as const)('a partner set to %s, others to %s, authorities silent: %s – the message is %s', async (own, usual, isSilent, state) => {
  const { records, exchangeKey } = fresh;
  const id = `agency-${own ?? 'none'}-${usual}-${String(isSilent)}`;
  await records.partners.add(partnerOf(id, { mode: 'pull', url: null }));
  if (own !== null) await records.partnerStates.setEvidence(id as PartnerId, own satisfies EvidencePolicy);
  const dossier = dossierOf(id);
  await records.dossiers.add(dossier);
  const { deliveryId } = await sendMessage(records, dossier.code, id, id);
  const lease = await records.outbox.lease(deliveryId, 'test', after(1_000), after(7_000, T0));
  if (lease === null) throw new Error('not leased');
  const partners = { of: () => Promise.reject(new Error('nothing is pushed here')) };
  const handler = messageHandler({ records, exchangeKey, partners, clock: systemClock, chance: systemChance(systemClock), schedule: QUICK, quarantineMs: 1_000, breaker: DEFAULT_BREAKER, evidence: { isSilent: () => isSilent, policy: usual } });
  const { settlement } = await handler.attempt({ lease, signal: new AbortController().signal, traceparent: null, beginSending: () => undefined });
  expect(settlement.state).toBe(state);
  if (state === 'pending') expect(settlement).toMatchObject({ error: { code: 'EVIDENCE_UNAVAILABLE' } });
});
