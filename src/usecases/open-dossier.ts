import { nearestRoute } from '../domain/routing.ts';
import type { AgencyCode } from '../domain/agency-code.ts';
import { buildDossierCode, dayInVietnam, readDossierCode, type Dossier, type DossierCode } from '../domain/dossier.ts';
import { GatewayError } from '../domain/errors.ts';
import type { PartnerId } from '../domain/ids.ts';
import { dossierViewOf } from '../formats/api/dossier-views.ts';
import type { DossierView, NewDossierInput } from '../formats/api/dossiers.ts';
import type { RecordSet } from '../ports/records.ts';
import { answerOnce, type OncePorts } from './answer-once.ts';
import type { Call, Once } from './call.ts';

/**
 * Opens a dossier under the code its agency gave it, or gives it the agency's next one of the day. Only a system that serves the agency
 * may do so: codes are the agency's to give.
 * @throws REQUEST_INVALID, DOSSIER_EXISTS; as `answerOnce`
 * @see Circular 01/2018/TT-VPCP Art. 19
 */
export async function openDossier(ports: OncePorts, call: Call, input: NewDossierInput): Promise<Once<DossierView>> {
  const { partnerId } = call.caller;
  return answerOnce(ports, call, { operation: 'POST /v1/dossiers', status: 201, input }, async (records) => {
    await checkServed(records, partnerId, '/agencyCode', input.agencyCode);
    if (input.code !== undefined) await checkServed(records, partnerId, '/code', agencyOf(input.code));
    const at = ports.clock.now();
    const dossier: Dossier = {
      code: input.code ?? (await nextCode(records, input.agencyCode, at)),
      ownerPartnerId: partnerId,
      agencyCode: input.agencyCode,
      procedure: input.procedure,
      title: input.title,
      applicant: input.applicant ?? null,
      state: 'open',
      createdAt: at,
    };
    await records.dossiers.add(dossier);
    const data = { agencyCode: dossier.agencyCode, procedure: dossier.procedure.code };
    await records.dossiers.addEvent(dossier.code, { kind: 'dossier.created', at, actor: partnerId, messageId: null, deliveryId: null, postalOrderId: null, data });
    return dossierViewOf(dossier, [partnerId]);
  });
}

/**
 * Whether the partner's system serves the agency it speaks for.
 * @param pointer to the field of the request that names the agency
 * @throws REQUEST_INVALID
 */
export async function checkServed(records: RecordSet, partnerId: PartnerId, pointer: string, code: AgencyCode): Promise<void> {
  const route = nearestRoute(code, await records.partners.routesFor(code));
  if (route?.partnerId === partnerId) return;
  const faults = [{ pointer, detail: `${code} is not served by your system` }];
  throw new GatewayError('REQUEST_INVALID', `You do not speak for the agency ${code}: the operator of the gateway sets which system serves which agency`, { faults });
}

function agencyOf(code: DossierCode): AgencyCode {
  const parts = readDossierCode(code);
  if (parts === null) throw new GatewayError('DOSSIER_CODE_INVALID', 'Not a dossier code');
  return parts.agency;
}

const MOST_TAKEN = 100;

/** Codes given by hand may stand in the way of the counter; it goes past them. */
async function nextCode(records: RecordSet, agencyCode: AgencyCode, at: Date): Promise<DossierCode> {
  const day = dayInVietnam(at);
  for (let tries = 0; tries < MOST_TAKEN; tries += 1) {
    const code = buildDossierCode(agencyCode, day, await records.dossiers.nextSerial(agencyCode, day));
    if ((await records.dossiers.find(code)) === null) return code;
  }
  throw new GatewayError('DOSSIER_EXISTS', `The next ${MOST_TAKEN} dossier codes of ${agencyCode} are taken today: try again, or give the code yourself`);
}
