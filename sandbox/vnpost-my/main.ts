import { parseArgs } from 'node:util';
import { runUntilSignal } from '../listen.ts';
import { SANDBOX_MY_CUSTOMER, startSandboxVnpostMy } from './start.ts';

const HELP = `A MyVNPost (VNPost's service for customers) to try things out with.

  --port N          port to listen on (default 8320)
  --host HOST       address to listen on (default 127.0.0.1)
  --repeat MODE     a second order under a number: refused (default) or booked-twice
  --stage-ms N      how long each stage of a parcel's way lasts (default 2000)

user name ${SANDBOX_MY_CUSTOMER.username}, password ${SANDBOX_MY_CUSTOMER.password}, customer code ${SANDBOX_MY_CUSTOMER.customerCode}
GET /sandbox/ledger shows what was booked; PUT /sandbox/faults/{token,create,find,history,list,cancel,correct,charge,labels} spoils calls.
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8320' },
    host: { type: 'string', default: '127.0.0.1' },
    repeat: { type: 'string', default: 'refused' },
    'stage-ms': { type: 'string', default: '2000' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else {
  const repeat = values.repeat === 'booked-twice' ? 'booked-twice' : 'refused';
  runUntilSignal('vnpost-my', await startSandboxVnpostMy({ port: Number(values.port), host: values.host, repeat, stageMs: Number(values['stage-ms']) }));
}
