import { createHash } from 'node:crypto';
import { openPkcs11Token } from '../connectors/key-pkcs11/index.ts';
import { digestInfoDer } from '../connectors/key-pkcs11/mechanism.ts';
import { hasPkcs11, loadModule, type Pkcs11Module } from '../connectors/key-pkcs11/module.ts';
import type { Signer } from '../src/ports/signer.ts';
import { processPinGuard } from '../src/ports/process-pin-guard.ts';
import { testCa, testIdentity } from '../test/support/certificates.ts';
import { silentLog } from '../test/support/log.ts';
import { softHsm, type SoftHsm } from '../test/support/softhsm.ts';
import { hasTool } from '../test/support/tools.ts';
import type { Bench, CaseResult } from './measure.ts';

const SESSIONS = 4;
/** Callers of the connector, which need not know its sessions. */
const CALLERS = 2 * SESSIONS;
const ROUNDS = 6;
const ROUND_MS = 500;
const CKM_RSA_PKCS = 0x1;
const CKM_ECDSA = 0x1041;

/** Signatures per second of a SoftHSM through the connector and its process, beside pkcs11js in this process with as many sessions; taking turns. */
export const keysBench: Bench = {
  name: 'keys',
  run: async () => {
    if (!hasPkcs11() || !hasTool('softhsm2-util') || !hasTool('pkcs11-tool')) {
      console.error('keys: passed over; it needs pkcs11js, softhsm2-util and pkcs11-tool');
      return {};
    }
    const hsm = softHsm();
    try {
      return await compare(hsm);
    } finally {
      hsm.remove();
    }
  },
};

async function compare(hsm: SoftHsm): Promise<Record<string, CaseResult>> {
  const ca = testCa();
  hsm.add(testIdentity({ issuer: ca }), 'rsa', '01');
  hsm.add(testIdentity({ issuer: ca, key: 'p256' }), 'ec', '02');
  const token = openPkcs11Token({ uri: hsm.uri('id=%01'), pinGuard: processPinGuard(() => new Date()), log: silentLog, environment: hsm.environment, maxSessions: SESSIONS });
  const bare = bareToken(hsm);
  try {
    const rsa = await token.signer({ keyId: 'rsa' });
    const ec = await token.signer({ keyId: 'ec', uri: hsm.uri('id=%02') });
    return {
      [`pkcs11-rsa2048-${SESSIONS}-sessions`]: await takeTurns(throughConnector(rsa), bare.operation('rsa', CKM_RSA_PKCS, (hash) => digestInfoDer('sha256', hash))),
      [`pkcs11-ecdsa-p256-${SESSIONS}-sessions`]: await takeTurns(throughConnector(ec), bare.operation('ec', CKM_ECDSA, (hash) => hash)),
    };
  } finally {
    await token.close();
  }
}

/** One signature in the lane of that number. */
type Operation = (lane: number) => Promise<unknown>;

const toBeSigned = Buffer.alloc(250, 0x31);

function throughConnector(signer: Signer): Operation {
  return () => signer.sign(toBeSigned, 'sha256');
}

/** What a program would do by itself: hash, C_SignInit, C_Sign on the thread pool, one session per lane. */
function bareToken(hsm: SoftHsm): { operation(label: string, mechanism: number, inputOf: (hash: Uint8Array) => Uint8Array): Operation } {
  process.env['SOFTHSM2_CONF'] = hsm.environment['SOFTHSM2_CONF'] ?? '';
  const { api } = loadModule(hsm.modulePath);
  const slot = api.C_GetSlotList(true).find((candidate) => api.C_GetTokenInfo(candidate).label.trim() === hsm.label);
  if (slot === undefined) throw new Error('The token of the bench is not there');
  const sessions = Array.from({ length: SESSIONS }, () => api.C_OpenSession(slot, 4));
  api.C_Login(sessionOf(sessions, 0), 1, hsm.pin);
  return {
    operation(label, mechanism, inputOf) {
      const key = keyNamed(api, sessionOf(sessions, 0), label);
      return (lane) => {
        const session = sessionOf(sessions, lane);
        const input = Buffer.from(inputOf(createHash('sha256').update(toBeSigned).digest()));
        api.C_SignInit(session, { mechanism }, key);
        return api.C_SignAsync(session, input, Buffer.alloc(1024));
      };
    },
  };
}

function sessionOf(sessions: readonly Buffer[], lane: number): Buffer {
  const session = sessions[lane];
  if (session === undefined) throw new Error(`There is no lane ${lane}`);
  return session;
}

function keyNamed(api: Pkcs11Module, session: Buffer, label: string): Buffer {
  api.C_FindObjectsInit(session, [{ type: 0, value: 3 }, { type: 3, value: Buffer.from(label) }]);
  const [key] = api.C_FindObjects(session, 1);
  api.C_FindObjectsFinal(session);
  if (key === undefined) throw new Error(`The token holds no key ${label}`);
  return key;
}

async function takeTurns(ours: Operation, bare: Operation): Promise<CaseResult> {
  await lanes(ours, CALLERS);
  await lanes(bare, SESSIONS);
  const sums = { ours: { ops: 0, ms: 0, cpuMs: 0 }, bare: { ops: 0, ms: 0, cpuMs: 0 } };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, operation, count] of [['ours', ours, CALLERS], ['bare', bare, SESSIONS]] as const) {
      const { ops, ms, cpuMs } = await lanes(operation, count);
      sums[name].ops += ops;
      sums[name].ms += ms;
      sums[name].cpuMs += cpuMs;
    }
  }
  const perSecond = ({ ops, ms }: { readonly ops: number; readonly ms: number }): number => (ops / ms) * 1000;
  const opsPerSecond = perSecond(sums.ours);
  const pkcs11js = { opsPerSecond: perSecond(sums.bare) };
  return { opsPerSecond, cpuPerOpMs: sums.ours.cpuMs / sums.ours.ops, ratioToPrimitives: opsPerSecond / pkcs11js.opsPerSecond, peers: { pkcs11js } };
}

/** So many lanes, each one signature after another. CPU time is of this process. */
async function lanes(operation: Operation, count: number): Promise<{ readonly ops: number; readonly ms: number; readonly cpuMs: number }> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let ops = 0;
  const lane = async (number: number): Promise<void> => {
    while (performance.now() - start < ROUND_MS) {
      await operation(number);
      ops += 1;
    }
  };
  await Promise.all(Array.from({ length: count }, (_, number) => lane(number)));
  const { user, system } = process.cpuUsage(cpu);
  return { ops, ms: performance.now() - start, cpuMs: (user + system) / 1000 };
}
