import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { SIGNATURE_LEVELS } from '../../src/domain/signature.ts';
import { runUntilSignal } from '../listen.ts';
import { LAND_REGISTRY, LAND_REGISTRY_SCOPES, ONE_STOP_PORTAL } from '../parties.ts';
import { startLandRegistry } from './start.ts';

const signatureLevel = z.enum(SIGNATURE_LEVELS);

const HELP = `A land registry's own system, to try the gateway with. Everything it knows is invented and kept in memory.

  --gateway URL            the gateway (default http://127.0.0.1:8080)
  --api-key-file FILE      its API key there; scopes: ${LAND_REGISTRY_SCOPES.join(',')}
  --webhook-secret-file F  secret of its pushes (whsec_…), as given to the partner "${LAND_REGISTRY.partnerId}"
  --agency CODE            its agency code (default ${LAND_REGISTRY.agencyCode})
  --recipient CODE         agency that results go to (default ${ONE_STOP_PORTAL.agencyCode})
  --level LEVEL            level of signatures (default B-T)
  --port N                 port to listen on (default 8321)
  --host HOST              address to listen on (default 127.0.0.1)

POST /cases, then /cases/{code}/signatures {"role": "officer" | "seal"}, /cases/{code}/verification, /cases/{code}/result; GET / shows it.
`;

const readSecret = (path: string): string => readFileSync(path, 'utf8').trim();

const { values } = parseArgs({
  options: {
    gateway: { type: 'string', default: 'http://127.0.0.1:8080' },
    'api-key-file': { type: 'string' },
    'webhook-secret-file': { type: 'string' },
    agency: { type: 'string', default: LAND_REGISTRY.agencyCode },
    recipient: { type: 'string', default: ONE_STOP_PORTAL.agencyCode },
    level: { type: 'string', default: 'B-T' },
    port: { type: 'string', default: '8321' },
    host: { type: 'string', default: '127.0.0.1' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else if (values['api-key-file'] === undefined || values['webhook-secret-file'] === undefined) {
  process.stderr.write('land-registry: give --api-key-file and --webhook-secret-file; see --help\n');
  process.exitCode = 2;
} else {
  const server = await startLandRegistry({
    gateway: { url: values.gateway, apiKey: readSecret(values['api-key-file']), webhookSecret: readSecret(values['webhook-secret-file']) },
    agencyCode: values.agency,
    recipientAgencyCode: values.recipient,
    level: signatureLevel.parse(values.level),
    port: Number(values.port),
    host: values.host,
  });
  runUntilSignal(LAND_REGISTRY.partnerId, server);
}
