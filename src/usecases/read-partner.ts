import { GatewayError } from '../domain/errors.ts';
import type { PartnerId } from '../domain/ids.ts';
import { circuitOf } from '../domain/partner-limits.ts';
import type { PartnerStands } from '../formats/api/admin-partners.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordSet } from '../ports/records.ts';

/** What is counted of a partner's parked deliveries; as many is "or more". */
export const MOST_PARKED = 10_000;

/** One system: what it serves, and how deliveries to it are doing. @throws PARTNER_NOT_FOUND */
export async function readPartner({ records, clock }: { readonly records: RecordSet; readonly clock: Clock }, id: PartnerId): Promise<PartnerStands> {
  const partner = await records.partners.find(id);
  if (partner === null) throw new GatewayError('PARTNER_NOT_FOUND', `There is no system ${id}: lienthong partners list`);
  const standing = await records.partnerStates.find(id);
  const circuit = standing.disabledAt === null ? circuitOf(standing, clock.now()) : 'disabled';
  const agencyCodes = (await records.partners.routes()).filter(({ partnerId }) => partnerId === id).map(({ agencyCode }) => agencyCode);
  return { partner, standing, circuit, agencyCodes, parked: (await records.outbox.parked(id, MOST_PARKED)).length };
}
