import { createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { createLog } from '../telemetry/log.ts';
import { getBytes, getJson, postJson, until } from './demo/call.ts';
import { closingTable, runSteps, type Step } from './demo/stage.ts';
import { addKeys, startDemoGateway, startDemoLandRegistry, startDemoPortal, startPki, startVnpost } from './demo/world.ts';
import { EXIT } from './exit-code.ts';
import { paint, printJson, printLine } from './output.ts';

interface DemoOptions {
  readonly out: string;
  readonly keepRunning?: boolean;
  readonly json?: boolean;
}

export function demoCommand(): Command {
  return new Command('demo')
    .description('the main job end to end against sandbox systems, each a real HTTP server')
    .option('--out <folder>', 'where the results go; made anew', 'out')
    .option('--keep-running', 'leave everything running until Ctrl-C, and say where')
    .option('--json', 'one JSON object as the last line')
    .action(demo);
}

const landCase = z.object({ code: z.string(), verification: z.string().nullable(), post: z.array(z.object({ state: z.string() })) });
const portalDossier = z.object({ orderNumber: z.string().nullable(), post: z.array(z.object({ state: z.string() })), result: z.object({ receipt: z.unknown() }) });
const dossierList = z.object({ dossiers: z.array(z.object({ code: z.string() })) });
const verification = z.object({ result: z.string(), signatures: z.array(z.object({ indication: z.string(), subIndication: z.string().nullable(), level: z.string(), integrity: z.string() })) });
const DELIVERY_LIMIT_MS = 60_000;
const DECISION = 'quyet-dinh.pdf';

/** The whole main job. Everything that has legal force happens through the gateway's HTTP API; this file only clicks and watches. */
async function demo(options: DemoOptions): Promise<void> {
  const out = resolve(options.out);
  const data = join(out, 'gateway-data');
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const logFile = createWriteStream(join(out, 'gateway.log'));
  const log = createLog({ level: 'info', write: (line) => logFile.write(line) });
  const closers: (() => Promise<void>)[] = [];
  const keep = <Part extends { close(): Promise<void> }>(part: Part): Part => {
    closers.push(() => part.close());
    return part;
  };
  const save = async (name: string, content: Uint8Array | object): Promise<void> => writeFile(join(out, name), content instanceof Uint8Array ? content : `${JSON.stringify(content, null, 2)}\n`);

  try {
    const stage = {} as Stage;
    const steps = [...worldSteps(stage, { out, data, log, keep }), ...jobSteps(stage, save)];
    const times = await runSteps(steps, options.json === true);
    const summary = { ok: true, dossier: stage.code, verification: stage.verdict, postalOrder: stage.orderNumber, couriersBooked: stage.couriers, steps: times, files: filesOf(out) };
    await save('summary.json', summary);
    if (options.json === true) printJson(summary);
    else printClosing(options.out, stage, times.reduce((sum, { ms }) => sum + ms, 0));
    if (options.keepRunning === true) await keepRunning(stage);
  } finally {
    for (const close of closers.reverse()) await close();
    await new Promise<void>((done) => logFile.end(done));
    await rm(data, { recursive: true, force: true });
  }
}

interface Stage {
  pki: Awaited<ReturnType<typeof startPki>>;
  vnpost: Awaited<ReturnType<typeof startVnpost>>;
  gateway: Awaited<ReturnType<typeof startDemoGateway>>;
  landRegistry: { readonly url: string; close(): Promise<void> };
  portal: { readonly url: string; close(): Promise<void> };
  code: string;
  verdict: string;
  orderNumber: string;
  couriers: number;
}

interface Setting {
  readonly out: string;
  readonly data: string;
  readonly log: ReturnType<typeof createLog>;
  readonly keep: <Part extends { close(): Promise<void> }>(part: Part) => Part;
}

function worldSteps(stage: Stage, { out, data, log, keep }: Setting): Step[] {
  return [
    {
      name: 'pki',
      title: 'PKI, time-stamping authority, OCSP, CRL',
      run: async (say) => {
        stage.pki = keep(await startPki(out));
        say(stage.pki.url);
      },
    },
    {
      name: 'vnpost',
      title: 'VNPost (sandbox, time accelerated)',
      run: async (say) => {
        stage.vnpost = keep(await startVnpost());
        say(stage.vnpost.url);
      },
    },
    {
      name: 'gateway',
      title: 'Gateway with embedded PostgreSQL',
      run: async (say) => {
        stage.gateway = keep(await startDemoGateway({ ...stage, data, out, log }));
        say(stage.gateway.url);
      },
    },
    {
      name: 'systems',
      title: 'Land registry and one-stop portal (sandbox)',
      run: async (say) => {
        const place = { data, gatewayUrl: stage.gateway.url, log };
        stage.landRegistry = keep(await startDemoLandRegistry(place));
        stage.portal = keep(await startDemoPortal(place));
        say('admitted with routes and API keys');
      },
    },
    {
      name: 'keys',
      title: 'Officer’s key and agency’s seal, sealed at rest',
      run: async (say) => {
        await addKeys(data, stage.pki, log);
        say('granted to the land registry alone');
      },
    },
  ];
}

type Save = (name: string, content: Uint8Array | object) => Promise<void>;

function jobSteps(stage: Stage, save: Save): Step[] {
  const caseUrl = (path = ''): string => `${stage.landRegistry.url}/cases/${stage.code}${path}`;
  const deskUrl = (path = ''): string => `${stage.portal.url}/dossiers/${stage.code}${path}`;
  const decision = (): Promise<Uint8Array> => getBytes(caseUrl(`/papers/${DECISION}`));
  return [
    {
      name: 'file',
      title: 'Land registry files the dossier',
      run: async (say) => {
        stage.code = landCase.parse(await postJson(`${stage.landRegistry.url}/cases`)).code;
        await save('quyet-dinh.original.pdf', await decision());
        await save('don-dang-ky.pdf', await getBytes(caseUrl('/papers/don-dang-ky.pdf')));
        say(stage.code);
      },
    },
    {
      name: 'sign-officer',
      title: 'Officer signs the decision',
      run: async (say) => {
        const made = await postJson(caseUrl('/signatures'), { role: 'officer' });
        await save('quyet-dinh.signed-officer.pdf', await decision());
        say(`PAdES ${String(made['level'])}, RSA-2048, time-stamped`);
      },
    },
    {
      name: 'sign-seal',
      title: 'Agency sets its seal',
      run: async (say) => {
        const made = await postJson(caseUrl('/signatures'), { role: 'seal' });
        await save('quyet-dinh.signed.pdf', await decision());
        say(`PAdES ${String(made['level'])}, ECDSA P-256, time-stamped`);
      },
    },
    {
      name: 'verify',
      title: 'The decision is verified',
      run: async (say) => {
        const report = await postJson(caseUrl('/verification'));
        await save('verification.json', report);
        const { result, signatures } = verification.parse(report);
        stage.verdict = result;
        say(`${result}${signatures[0]?.subIndication == null ? '' : ` (${signatures[0].subIndication})`}`.slice(0, 60));
      },
    },
    {
      name: 'archive',
      title: 'Raised for the archive',
      run: async (say) => {
        const made = await postJson(caseUrl('/archive'));
        await save(FILES.archived, await getBytes(caseUrl(`/papers/${FILES.archived}`)));
        say(`PAdES ${String(made['level'])}, verifiable offline`);
      },
    },
    {
      name: 'send',
      title: 'Sent to the one-stop portal, receipt given',
      run: async (say) => {
        await postJson(caseUrl('/result'));
        const message = await until('The delivery', DELIVERY_LIMIT_MS, async () => {
          const sent = await getJson(caseUrl('/message'));
          return Array.isArray(sent['receipts']) && sent['receipts'].length > 0 ? sent : null;
        });
        await save('receipts.json', message['receipts'] as object);
        say('delivered');
      },
    },
    {
      name: 'take-in',
      title: 'A clerk of the portal takes it in',
      run: async (say) => {
        await until('The arrival at the portal', DELIVERY_LIMIT_MS, async () => dossierList.parse(await getJson(`${stage.portal.url}/dossiers`)).dossiers.find(({ code }) => code === stage.code) ?? null);
        await postJson(deskUrl('/acceptance'));
        say('dossier.accept sent back');
      },
    },
    {
      name: 'post',
      title: 'The post is asked to deliver the result',
      run: async (say) => {
        const order = await postJson(deskUrl('/postal-order'));
        stage.orderNumber = String(order['orderNumber']);
        say(stage.orderNumber);
      },
    },
    {
      name: 'deliver',
      title: 'The parcel is tracked until it is delivered',
      run: async (say) => {
        await until('The delivery by post', DELIVERY_LIMIT_MS, async () => {
          const [atDesk, atRegistry] = [portalDossier.parse(await getJson(deskUrl())), landCase.parse(await getJson(caseUrl()))];
          say(`portal sees ${atDesk.post.at(-1)?.state ?? 'nothing yet'}`);
          return atDesk.post.at(-1)?.state === 'DELIVERED' && atRegistry.post.at(-1)?.state === 'DELIVERED' ? atDesk : null;
        });
        await save('postal-order.json', await getJson(deskUrl('/postal-order')));
        await save('timeline.json', await getJson(caseUrl('/timeline')));
        stage.couriers = stage.vnpost.calls.post;
        say('both systems see DELIVERED');
      },
    },
  ];
}

const FILES = {
  original: 'quyet-dinh.original.pdf',
  signedByOfficer: 'quyet-dinh.signed-officer.pdf',
  signed: 'quyet-dinh.signed.pdf',
  archived: 'quyet-dinh.lta.pdf',
  application: 'don-dang-ky.pdf',
  verification: 'verification.json',
  receipts: 'receipts.json',
  timeline: 'timeline.json',
  postalOrder: 'postal-order.json',
  trust: 'trust',
  log: 'gateway.log',
} as const;

function filesOf(out: string): Record<string, string> {
  return Object.fromEntries(Object.entries(FILES).map(([name, file]) => [name, relative(process.cwd(), join(out, file)) || file]));
}

function printClosing(out: string, stage: Stage, ms: number): void {
  const marked = stage.verdict === 'TOTAL-PASSED' ? paint('green', stage.verdict) : paint('yellow', stage.verdict);
  printLine();
  printLine(`${paint('green', '✓')} ${paint('bold', stage.code)}: signed, sealed, verified, exchanged and delivered in ${(ms / 1000).toFixed(1)} s`);
  printLine();
  printLine(
    closingTable([
      [`${out}/${FILES.signed}`, 'the decision with the officer’s signature and the agency’s seal'],
      [`${out}/${FILES.archived}`, 'the same at B-LTA, for the archive'],
      [`${out}/${FILES.verification}`, `verification report: ${marked}`],
      [`${out}/${FILES.receipts}`, 'the portal’s receipt, bound to the manifest’s digest'],
      [`${out}/${FILES.postalOrder}`, `order ${stage.orderNumber} and its events, one courier booked`],
      [`${out}/${FILES.timeline}`, 'the one timeline that both systems see'],
      [`${out}/summary.json`, 'all of this for programs'],
    ]),
  );
  printLine();
  printLine(paint('dim', `Check it with other people’s software:  pdfsig -nocert ${out}/${FILES.signed}`));
  printLine(paint('dim', `or with ours:                           npx lienthong verify ${out}/${FILES.signed} --trust ${out}/trust`));
}

async function keepRunning({ gateway, landRegistry, portal }: Stage): Promise<void> {
  printLine();
  printLine(`Running until Ctrl-C: gateway ${gateway.url}/openapi.json, land registry ${landRegistry.url}, portal ${portal.url}`);
  await new Promise<void>((stop) => {
    process.on('SIGINT', () => stop());
    process.on('SIGTERM', () => stop());
  });
  process.exitCode = EXIT.done;
}
