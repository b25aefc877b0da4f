import { createRoot } from './authority.ts';
import { revokeIdentity, type DevPki } from './create-dev-pki.ts';
import type { DevIdentity } from './identity.ts';
import { OFFICER_NAME } from './names.ts';

/** Signers that a gateway must not accept, or must accept only with a reason. */
export const ODD_SIGNERS = ['expired', 'not-yet-valid', 'wrong-usage', 'revoked', 'suspended', 'self-signed', 'sha3', 'pss', 'tls-server'] as const;
export type OddSigner = (typeof ODD_SIGNERS)[number];

const DAY_MS = 86_400_000;

/** Issues a signer with this one peculiarity as seen at `now`; all else is as with the officer. */
export async function issueOddSigner(pki: DevPki, odd: OddSigner, now: Date): Promise<DevIdentity> {
  const usual = { name: odd, subject: OFFICER_NAME, profile: 'signer', key: 'rsa-2048', notBefore: daysFrom(now, -30), notAfter: daysFrom(now, 365) } as const;
  switch (odd) {
    case 'expired':
      return pki.issuing.issue({ ...usual, notAfter: daysFrom(now, -1) });
    case 'not-yet-valid':
      return pki.issuing.issue({ ...usual, notBefore: daysFrom(now, 1) });
    case 'wrong-usage':
      return pki.issuing.issue({ ...usual, profile: 'encryption-only' });
    case 'tls-server':
      return pki.issuing.issue({ ...usual, profile: 'tls-server' });
    case 'revoked':
    case 'suspended':
      return revoked(pki, await pki.issuing.issue(usual), odd, now);
    case 'self-signed':
      return (await createRoot(usual, { urls: pki.issuing.urls, randomBytes: pki.randomBytes })).identity;
    case 'sha3':
      return pki.issuing.issue({ ...usual, digest: 'sha3-256' });
    case 'pss':
      return { ...(await pki.issuing.issue({ ...usual, scheme: 'pss' })), scheme: 'pss' };
  }
}

function revoked(pki: DevPki, identity: DevIdentity, odd: 'revoked' | 'suspended', now: Date): DevIdentity {
  revokeIdentity(pki, identity, daysFrom(now, -2), odd === 'revoked' ? 'keyCompromise' : 'certificateHold');
  return identity;
}

function daysFrom(now: Date, days: number): Date {
  return new Date(now.getTime() + days * DAY_MS);
}
