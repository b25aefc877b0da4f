import { openPkcs11Token } from '../../connectors/key-pkcs11/index.ts';
import { processPinGuard } from '../../src/ports/process-pin-guard.ts';
import { silentLog } from './log.ts';

/** A program that signs once with the key of a PKCS #11 URI and then has nothing left to do. */
const [, , uri = '', ending = 'close'] = process.argv;
const environment = { SOFTHSM2_CONF: process.env['SOFTHSM2_CONF'] ?? '' };
const token = openPkcs11Token({ uri, pinGuard: processPinGuard(() => new Date()), log: silentLog, environment });
const signer = await token.signer({ keyId: 'program' });
await signer.sign(Buffer.from('signed attributes'), 'sha256');
if (ending === 'close') await token.close();
process.stdout.write('signed\n');
