import type { PartnerId } from '../domain/ids.ts';
import type { PartnerChangeInput, PartnerStands } from '../formats/api/admin-partners.ts';
import type { AdministerPorts } from './administer-api-keys.ts';
import { joinedTo } from './administer-once.ts';
import { requirePartnerSignatures } from './administer-partner-keys.ts';
import { acceptVersions, changePartner, choosePayload, limitCalls, limitDeliveries, setPace, setPartnerIdentity } from './administer-partners.ts';
import { readPartner } from './read-partner.ts';

/**
 * Several settings of a partner at once: all of them, or none. Each is audited as if it were changed alone.
 * @throws PARTNER_NOT_FOUND; what each setting throws
 */
export function changePartnerSettings(ports: AdministerPorts, actor: string, id: PartnerId, change: PartnerChangeInput): Promise<PartnerStands> {
  const { payload, accepts, identity, requiresSignature, callRate, deliveryLimits, pace, name, url, repeat, status } = change;
  const own = Object.fromEntries(Object.entries({ name, url, repeat, status }).filter(([, value]) => value !== undefined));
  return ports.records.transaction(async (running) => {
    const joined = { ...ports, records: joinedTo(running) };
    await readPartner(joined, id); // the same answer for a partner that is not there, whatever changes
    if (Object.keys(own).length > 0) await changePartner(joined, actor, id, own);
    if (payload !== undefined) await choosePayload(joined, actor, id, payload);
    if (accepts !== undefined) await acceptVersions(joined, actor, id, accepts);
    if (identity !== undefined) await setPartnerIdentity(joined, actor, id, identity);
    if (requiresSignature !== undefined) await requirePartnerSignatures(joined, actor, id, requiresSignature);
    if (callRate !== undefined) await limitCalls(joined, actor, id, callRate);
    if (deliveryLimits !== undefined) await limitDeliveries(joined, actor, id, deliveryLimits);
    if (pace !== undefined) await setPace(joined, actor, id, pace);
    return readPartner(joined, id);
  });
}
