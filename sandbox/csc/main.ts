import { parseArgs } from 'node:util';
import { runUntilSignal } from '../listen.ts';
import { SANDBOX_CLIENT, startSandboxCsc } from './start.ts';

const HELP = `A remote signing service (Cloud Signature Consortium API v2) to try things out with.

  --port N          port to listen on (default 8320)
  --host HOST       address to listen on (default 127.0.0.1)

Client ${SANDBOX_CLIENT.clientId}, secret ${SANDBOX_CLIENT.clientSecret} at /csc/v2/oauth2/token. Credentials: can-bo (RSA; PIN ${SANDBOX_CLIENT.pin} and OTP ${SANDBOX_CLIENT.otp}),
con-dau (RSA), trao-doi (P-256), lanh-dao (RSA; allowed in a browser at /csc/v2/oauth2/authorize).
--documents-only leaves out signatures/signHash, as some services do. Keys are made at the start and kept nowhere; the authority's certificate is the last of each chain.
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8320' },
    host: { type: 'string', default: '127.0.0.1' },
    'documents-only': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else {
  const csc = await startSandboxCsc({ port: Number(values.port), host: values.host });
  csc.settings.signsHashes = !values['documents-only'];
  runUntilSignal('csc', csc);
}
