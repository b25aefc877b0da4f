import { GatewayError } from '../../domain/errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { isPem, readPem } from '../x509/pem.ts';

const MAX_CMS_BYTES = 64 * 1024 * 1024;

/** The CMS in a file of DER, BER or PEM, as it stands. @throws BODY_TOO_LARGE above 64 MiB; CMS_MALFORMED */
export function readCmsFile(source: ByteSource): Uint8Array {
  if (source.sizeBytes > MAX_CMS_BYTES) throw new GatewayError('BODY_TOO_LARGE', `The signature has ${source.sizeBytes} bytes; the limit is ${MAX_CMS_BYTES}`);
  const bytes = source.read(0, source.sizeBytes);
  if (bytes[0] === 0x30 || !isPem(bytes)) return bytes;
  const [block] = readPem(bytes);
  if (block === undefined) throw new GatewayError('CMS_MALFORMED', 'The file holds no CMS signature');
  return block.der;
}
