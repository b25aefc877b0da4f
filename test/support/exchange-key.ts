import { createRoot } from '../../certs/dev/authority.ts';
import { privateKeyDerOf } from '../../certs/dev/identity.ts';
import { createFileSigner } from '../../connectors/key-file/index.ts';
import type { ExchangeKey } from '../../src/ports/exchange-key.ts';

/** A gateway's key without a gateway, self-signed. */
export async function testExchangeKey(): Promise<ExchangeKey> {
  const now = Date.now();
  const request = { name: 'exchange', subject: [['CN', 'Exchange key']], profile: 'seal', key: 'ec-p256', notBefore: new Date(now - 365 * 86_400_000), notAfter: new Date(now + 365 * 86_400_000) } as const;
  const { identity } = await createRoot(request, { urls: { ocsp: null, crl: null, caIssuers: null }, randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)) });
  const signer = createFileSigner({ keyId: 'exchange', privateKeyPkcs8Der: privateKeyDerOf(identity.privateKey), chainDer: [identity.certificateDer] });
  return { signer: () => Promise.resolve(signer) };
}
