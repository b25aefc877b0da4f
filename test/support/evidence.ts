import { generateKeyPairSync, sign } from 'node:crypto';
import { createDevPki, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf } from '../../certs/dev/identity.ts';
import { loadPolicy } from '../../certs/policy/load-policy.ts';
import { createHttpTimestampAuthority } from '../../connectors/tsa-http/index.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { EvidenceReport } from '../../src/domain/evidence-report.ts';
import type { KeyId } from '../../src/domain/ids.ts';
import { validationPolicy } from '../../src/formats/ades/policy.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { readVerifierKey, verifierKeyOf, type NoteSigner } from '../../src/formats/transparency-log/signed-note.ts';
import type { Records } from '../../src/ports/records.ts';
import { addSigningKey } from '../../src/usecases/administer-keys.ts';
import { growerFor } from '../../src/usecases/grow-log.ts';
import { timestampValue } from '../../src/usecases/timestamp-value.ts';
import { verifyEvidence } from '../../src/usecases/verify-evidence.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import type { FreshRecords } from './records.ts';

/** A PKI on a socket that certifies the gateway's exchange key and stamps checkpoints. */
export interface EvidenceWorld {
  readonly pki: DevPki;
  readonly server: SandboxPki;
  /** `name+id+key` of the log's key. */
  readonly logKey: string;
  /** Gives the records an exchange key that the PKI certified. */
  certify(fresh: FreshRecords): Promise<void>;
  /** A time-stamped checkpoint over everything that waits. */
  seal(records: Records): Promise<void>;
  verify(container: Uint8Array, options?: { readonly logKey?: string | null; readonly trusted?: boolean; readonly at?: Date }): Promise<EvidenceReport>;
  close(): Promise<void>;
}

const chance = systemChance(systemClock);
const LOG_NAME = 'gateway.example.vn/log';

export async function startEvidenceWorld(): Promise<EvidenceWorld> {
  const server = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
  const { pki } = server;
  const authority = createHttpTimestampAuthority({ url: `${server.url}/tsa`, totalTimeoutMs: 20_000 });
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signer: NoteSigner = { keyName: LOG_NAME, publicKey, sign: (message) => sign(null, message, privateKey) };
  const logKey = verifierKeyOf(signer);
  const policy = validationPolicy(loadPolicy('default'));
  return {
    pki,
    server,
    logKey,
    async certify(fresh) {
      const identity = await pki.issuing.issue({ name: 'exchange', subject: [['C', 'VN'], ['CN', 'Cổng Liên Thông (mẫu)']], profile: 'seal', key: 'ec-p256', notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 365 * 86_400_000) });
      await addSigningKey({ ...fresh, clock: systemClock, chance }, 'operator:test', { id: 'exchange' as KeyId, purpose: 'exchange', scheme: 'ecdsa', picturePng: null, privateKeyPkcs8Der: privateKeyDerOf(identity.privateKey), chainDer: identity.chainDer });
    },
    async seal(records) {
      const { x = '' } = publicKey.export({ format: 'jwk' });
      const key = await records.log.addKey({ id: chance.uuid(), name: LOG_NAME, incarnation: 1, publicKey: Buffer.from(x, 'base64url'), privateKeySealed: new Uint8Array(), createdAt: systemClock.now() });
      const checkpoint = await records.log.advance({ limit: 10_000, keyId: key.id, at: systemClock.now(), grow: growerFor(signer) });
      if (checkpoint === null) return;
      const { token, authority: name } = await timestampValue({ clock: systemClock, chance, timestampAuthorities: [authority] }, Buffer.from(checkpoint.note), 'sha256');
      await records.log.addTimestamp({ id: chance.uuid(), size: checkpoint.size, authority: name, tokenDer: token.der, genTime: token.info.genTime, certificateNotAfter: new Date(Date.now() + 1e9), digestAlgorithm: 'sha256', createdAt: systemClock.now() });
    },
    verify: (container, { logKey: given = logKey, trusted = true, at } = {}) =>
      verifyEvidence(
        { clock: systemClock, trustStore: { anchors: () => Promise.resolve(trusted ? [{ certificateDer: pki.root.identity.certificateDer, set: 'dev' }] : []) } },
        { file: 'evidence.asice', policy, source: bytesSource(container), logKey: given === null ? null : readVerifierKey(given), ...(at !== undefined && { at }) },
      ),
    async close() {
      await authority.close();
      await server.close();
    },
  };
}
