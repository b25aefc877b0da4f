import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runUntilSignal } from '../listen.ts';
import { ONE_STOP_PORTAL, ONE_STOP_PORTAL_SCOPES } from '../parties.ts';
import { startOneStopPortal } from './start.ts';

const HELP = `A one-stop portal, to try the gateway with. Everything it knows is invented and kept in memory.

  --gateway URL            the gateway (default http://127.0.0.1:8080)
  --api-key-file FILE      its API key there; scopes: ${ONE_STOP_PORTAL_SCOPES.join(',')}
  --webhook-secret-file F  secret of the gateway's pushes (whsec_…); without it messages are pulled from the inbox
  --agency CODE            its agency code (default ${ONE_STOP_PORTAL.agencyCode})
  --port N                 port to listen on (default 8322)
  --host HOST              address to listen on (default 127.0.0.1)

POST /dossiers/{code}/acceptance takes a result in, /dossiers/{code}/postal-order has it delivered; GET / shows it.
`;

const readSecret = (path: string): string => readFileSync(path, 'utf8').trim();

const { values } = parseArgs({
  options: {
    gateway: { type: 'string', default: 'http://127.0.0.1:8080' },
    'api-key-file': { type: 'string' },
    'webhook-secret-file': { type: 'string' },
    agency: { type: 'string', default: ONE_STOP_PORTAL.agencyCode },
    port: { type: 'string', default: '8322' },
    host: { type: 'string', default: '127.0.0.1' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else if (values['api-key-file'] === undefined) {
  process.stderr.write('one-stop-portal: give --api-key-file; see --help\n');
  process.exitCode = 2;
} else {
  const secretFile = values['webhook-secret-file'];
  const server = await startOneStopPortal({
    gateway: { url: values.gateway, apiKey: readSecret(values['api-key-file']), webhookSecret: secretFile === undefined ? null : readSecret(secretFile) },
    agencyCode: values.agency,
    port: Number(values.port),
    host: values.host,
  });
  runUntilSignal(ONE_STOP_PORTAL.partnerId, server);
}
