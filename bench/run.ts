import Table from 'cli-table3';
import { vectorPath } from '../test/support/vectors.ts';
import { benchAsn1, filesBelow } from './asn1.ts';
import { evidenceBench } from './evidence.ts';
import { exchangeBench } from './exchange.ts';
import { keysBench } from './keys.ts';
import type { Bench, CaseResult } from './measure.ts';
import { postBench } from './post.ts';
import { signBench } from './sign.ts';
import { verifyBench } from './verify.ts';

/**
 * `npm run bench -- [--json] [name …]`: a table for people; with `--json` the last line of stdout is
 * `{name: {case: {opsPerSecond, cpuPerOpMs, ratioToPrimitives?, ownCpuMs?, ratioToOpenssl?, peers?, peakRssMb?, addedRssMb?, eventLoopP99Ms?}}}`. Judges nothing: figures depend on the machine.
 */
const BENCHES: readonly Bench[] = [signBench, verifyBench, keysBench, exchangeBench, evidenceBench, postBench, { name: 'asn1', run: () => Promise.resolve(asn1Cases()) }];

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const names = args.filter((arg) => !arg.startsWith('--'));
  const unknown = names.filter((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    console.error(`There is no bench ${unknown.join(', ')}; there are ${BENCHES.map(({ name }) => name).join(', ')}`);
    process.exitCode = 2;
    return;
  }
  const results = new Map<string, Readonly<Record<string, CaseResult>>>();
  for (const bench of BENCHES) if (names.length === 0 || names.includes(bench.name)) results.set(bench.name, await bench.run());
  print(results);
  if (args.includes('--json')) console.log(JSON.stringify(Object.fromEntries(results)));
}

/** The certificates of NIST's path validation suite. */
function asn1Cases(): Record<string, CaseResult> {
  const { ours, asn1js } = benchAsn1(filesBelow(vectorPath('nist-pkits', 'certs')));
  return { 'visit-every-node': { ...ours, peers: { asn1js } } };
}

function print(results: ReadonlyMap<string, Readonly<Record<string, CaseResult>>>): void {
  const table = new Table({ head: ['bench', 'case', 'per second', 'CPU ms each', 'of bare operations', 'own CPU ms', 'of openssl', 'peak MB', 'added MB', 'loop p99 ms', 'round trips', 'peers, per second'], style: { head: [], border: [] }, colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'left'] });
  for (const [name, cases] of results) {
    for (const [label, { opsPerSecond, cpuPerOpMs, ratioToPrimitives, ownCpuMs, ratioToOpenssl, peakRssMb, addedRssMb, eventLoopP99Ms, roundTrips, firstRoundTrips, peers = {} }] of Object.entries(cases)) {
      const others = Object.entries(peers).map(([peer, result]) => `${peer} ${figure(result.opsPerSecond)}${result.addedRssMb === undefined ? '' : ` (+${result.addedRssMb.toFixed(0)} MB)`}`);
      table.push([name, label, figure(opsPerSecond), cpuPerOpMs.toFixed(3), ratioToPrimitives?.toFixed(2) ?? '', ownCpuMs?.toFixed(3) ?? '', ratioToOpenssl?.toFixed(2) ?? '', peakRssMb?.toFixed(0) ?? '', addedRssMb?.toFixed(0) ?? '', eventLoopP99Ms?.toFixed(0) ?? '', [roundTrips, ...(firstRoundTrips === undefined ? [] : [`(first ${firstRoundTrips})`])].join(' '), others.join(', ')]);
    }
  }
  console.log(table.toString());
}

/** Whole from ten upwards, and never nothing. */
function figure(perSecond: number): string {
  return perSecond >= 10 ? String(Math.round(perSecond)) : perSecond.toFixed(2);
}
