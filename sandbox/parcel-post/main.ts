import { parseArgs } from 'node:util';
import { runUntilSignal } from '../listen.ts';
import { startParcelPost } from './start.ts';

const HELP = `An invented carrier to try the connector post-generic out with; its mapping is connectors/post-generic/parcel-post.json.

  --port N          port to listen on (default 8321)
  --host HOST       address to listen on (default 127.0.0.1)
  --secret TEXT     what callers send as x-api-key (default sandbox)
  --repeat MODE     a second order under a number: refused (default) or booked-twice

GET /sandbox/ledger shows what was booked; PUT /sandbox/faults/{place,cancel,correct,quote,find,events} spoils calls.
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8321' },
    host: { type: 'string', default: '127.0.0.1' },
    secret: { type: 'string', default: 'sandbox' },
    repeat: { type: 'string', default: 'refused' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else {
  const repeat = values.repeat === 'booked-twice' ? 'booked-twice' : 'refused';
  runUntilSignal('parcel-post', await startParcelPost({ port: Number(values.port), host: values.host, secret: values.secret, repeat }));
}
