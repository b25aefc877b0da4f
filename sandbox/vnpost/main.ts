import { parseArgs } from 'node:util';
import { runUntilSignal } from '../listen.ts';
import { SANDBOX_CUSTOMER, startSandboxVnpost } from './start.ts';

const HELP = `A VNPost (service for public administration) to try things out with.

  --port N          port to listen on (default 8319)
  --host HOST       address to listen on (default 127.0.0.1)
  --form FORM       ngsp (default), or lgsp as a province's platform passes it on
  --repeat MODE     a second order under a number: refused (default) or booked-twice
  --stage-ms N      how long each stage of a parcel's way lasts (default 2000)

consumer key ${SANDBOX_CUSTOMER.consumerKey}, secret key ${SANDBOX_CUSTOMER.secretKey}, customer code ${SANDBOX_CUSTOMER.customerCode}
GET /sandbox/ledger shows what was booked; PUT /sandbox/faults/{token,post,cancel,tracking} spoils calls.
Only status code 4 (delivered) is documented; all other codes of this sandbox are invented.
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8319' },
    host: { type: 'string', default: '127.0.0.1' },
    form: { type: 'string', default: 'ngsp' },
    repeat: { type: 'string', default: 'refused' },
    'stage-ms': { type: 'string', default: '2000' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else {
  const repeat = values.repeat === 'booked-twice' ? 'booked-twice' : 'refused';
  runUntilSignal('vnpost', await startSandboxVnpost({ port: Number(values.port), host: values.host, form: values.form === 'lgsp' ? 'lgsp' : 'ngsp', repeat, stageMs: Number(values['stage-ms']) }));
}
