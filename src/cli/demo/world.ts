import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDevPki } from '../../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf } from '../../../certs/dev/identity.ts';
import { startLandRegistry } from '../../../sandbox/land-registry/start.ts';
import type { GatewayCredentials } from '../../../sandbox/connected-system.ts';
import type { RunningServer } from '../../../sandbox/listen.ts';
import { startOneStopPortal } from '../../../sandbox/one-stop-portal/start.ts';
import { drawSignatureImages } from '../../../sandbox/papers/draw-papers.ts';
import { loadPaperFonts } from '../../../sandbox/papers/fonts.ts';
import { LAND_REGISTRY, LAND_REGISTRY_SCOPES, ONE_STOP_PORTAL, ONE_STOP_PORTAL_SCOPES } from '../../../sandbox/parties.ts';
import { startSandboxPki, type SandboxPki } from '../../../sandbox/pki/start.ts';
import { SANDBOX_CUSTOMER, SANDBOX_REFUSED, startSandboxVnpost, type SandboxVnpost } from '../../../sandbox/vnpost/start.ts';
import { readConfig } from '../../config.ts';
import { parseAgencyCode } from '../../domain/agency-code.ts';
import type { KeyId, PartnerId } from '../../domain/ids.ts';
import type { Scope } from '../../domain/partner.ts';
import { pemOf } from '../../formats/x509/pem.ts';
import type { Log } from '../../ports/telemetry.ts';
import { issueApiKey } from '../../usecases/administer-api-keys.ts';
import { addSigningKey, grantKey, type SigningKeyPorts } from '../../usecases/administer-keys.ts';
import { addPartner, setRoute, type PartnerPorts } from '../../usecases/administer-partners.ts';
import { systemChance } from '../../wiring/chance.ts';
import { systemClock } from '../../wiring/clock.ts';
import { startGateway, type Gateway } from '../../wiring/gateway.ts';
import { openStore } from '../../wiring/open-store.ts';

/**
 * The parts of the demo's world: the gateway on its embedded default, and every other party as a real HTTP server. They know each
 * other by HTTP only; what an operator does by hand is done through the same use cases as the command line.
 */
const clock = systemClock;
const chance = systemChance(clock);
const ACTOR = 'operator:demo';
const POLL_SECONDS = 0.4;
const STAGE_MS = 700;

/** A PKI of its own, with time-stamping authority, OCSP and CRL; its root goes into `<out>/trust`. */
export async function startPki(out: string): Promise<SandboxPki> {
  const pki = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: clock.now(), baseUrl }) });
  const trust = join(out, 'trust');
  await mkdir(trust, { recursive: true });
  await writeFile(join(trust, 'root.pem'), pemOf('CERTIFICATE', pki.pki.root.identity.certificateDer));
  return pki;
}

export function startVnpost(): Promise<SandboxVnpost> {
  return startSandboxVnpost({ stageMs: STAGE_MS });
}

export interface GatewayPlace {
  /** Made anew. */
  readonly data: string;
  readonly out: string;
  readonly pki: SandboxPki;
  readonly vnpost: SandboxVnpost;
  readonly log: Log;
}

export async function startDemoGateway({ data, out, pki, vnpost, log }: GatewayPlace): Promise<Gateway & { readonly url: string }> {
  await rm(data, { recursive: true, force: true });
  await mkdir(data, { recursive: true, mode: 0o700 });
  const config = readConfig({
    LIENTHONG_DATA: data,
    LIENTHONG_PORT: '0',
    LIENTHONG_TSA_URLS: `${pki.url}/tsa`,
    LIENTHONG_TRUST: join(out, 'trust'),
    LIENTHONG_OUTBOUND_ALLOW: '127.0.0.1',
    LIENTHONG_POSTAL_FILE: await writePostalFile(data, vnpost),
  });
  const onLost = (error: Error): void => log.error('demo.gateway-lost', error);
  const gateway = await startGateway({ config, role: 'all', clock, chance, log, version: 'demo', onLost });
  return { ...gateway, url: gateway.url ?? '' };
}

async function writePostalFile(data: string, vnpost: SandboxVnpost): Promise<string> {
  const { consumerKey, secretKey, customerCode } = SANDBOX_CUSTOMER;
  const account = {
    carrier: 'post-vnpost-hcc',
    baseUrl: vnpost.url,
    consumerKey,
    secretKeyFile: 'vnpost.secret',
    customerCode,
    provinceCodes: { '46': 53 },
    statuses: { rejected: [SANDBOX_REFUSED] },
    pollSeconds: POLL_SECONDS,
  };
  await writeFile(join(data, 'vnpost.secret'), secretKey, { mode: 0o600 });
  await writeFile(join(data, 'postal.json'), JSON.stringify({ accounts: [account] }, null, 2));
  return join(data, 'postal.json');
}

/** What an operator does by hand, beside the running gateway, on its records. */
async function asOperator<T>(data: string, log: Log, work: (ports: PartnerPorts & SigningKeyPorts) => Promise<T>): Promise<T> {
  const store = await openStore({ config: readConfig({ LIENTHONG_DATA: data }), mode: 'admin', clock, chance, log, applicationName: 'lienthong-demo', maxConnections: 2 });
  try {
    return await work({ ...store, clock, chance });
  } finally {
    await store.close();
  }
}

export interface SystemPlace {
  readonly data: string;
  readonly gatewayUrl: string;
  readonly log: Log;
}

export function startDemoLandRegistry(place: SystemPlace): Promise<RunningServer> {
  return startLandRegistry({ gateway: (ownUrl) => admit(place, LAND_REGISTRY, LAND_REGISTRY_SCOPES, ownUrl) });
}

export function startDemoPortal(place: SystemPlace): Promise<RunningServer> {
  return startOneStopPortal({ gateway: (ownUrl) => admit(place, ONE_STOP_PORTAL, ONE_STOP_PORTAL_SCOPES, ownUrl) });
}

/** A system of another agency gets its record, its route, and the two secrets by which it and the gateway know each other. */
function admit({ data, gatewayUrl, log }: SystemPlace, party: { readonly partnerId: string; readonly agencyCode: string; readonly name: string }, scopes: readonly Scope[], ownUrl: string): Promise<GatewayCredentials> {
  const id = party.partnerId as PartnerId;
  return asOperator(data, log, async (ports) => {
    const { webhookSecret } = await addPartner(ports, ACTOR, { id, name: party.name, mode: 'push', url: `${ownUrl}/webhooks`, repeat: 'key' });
    await setRoute(ports, ACTOR, { agencyCode: parseAgencyCode(party.agencyCode), partnerId: id });
    const { token } = await issueApiKey(ports, ACTOR, { partnerId: id, label: 'demo', scopes, expiresAt: null });
    return { url: gatewayUrl, apiKey: token, webhookSecret: webhookSecret ?? '' };
  });
}

/** The officer's key and the agency's seal, with their pictures, granted to the land registry alone. */
export async function addKeys(data: string, { pki }: SandboxPki, log: Log): Promise<void> {
  const { officerPng, sealPng } = drawSignatureImages(await loadPaperFonts());
  const officer = { id: 'officer' as KeyId, purpose: 'document', scheme: 'pkcs1', identity: pki.officer, picturePng: officerPng } as const;
  const seal = { id: 'seal' as KeyId, purpose: 'seal', scheme: 'ecdsa', identity: pki.seal, picturePng: sealPng } as const;
  await asOperator(data, log, async (ports) => {
    for (const { identity, ...key } of [officer, seal]) {
      await addSigningKey(ports, ACTOR, { ...key, privateKeyPkcs8Der: privateKeyDerOf(identity.privateKey), chainDer: identity.chainDer });
      await grantKey(ports, ACTOR, LAND_REGISTRY.partnerId as PartnerId, key.id);
    }
  });
}
