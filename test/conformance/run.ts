import Table from 'cli-table3';
import type { Suite, SuiteResult } from './suite.ts';
import { suite as boringsslChain } from './boringssl-chain/suite.ts';
import { suite as cmsForgery } from './cms-forgery/suite.ts';
import { suite as crl } from './crl/suite.ts';
import { suite as evidence } from './evidence/suite.ts';
import { suite as mutants } from './mutants/suite.ts';
import { suite as nistPkits } from './nist-pkits/suite.ts';
import { suite as ocsp } from './ocsp/suite.ts';
import { suite as pdfGenerated } from './pdf-generated/suite.ts';
import { suite as pdfPyhanko } from './pdf-pyhanko/suite.ts';
import { suite as signMatrix } from './sign-matrix/suite.ts';
import { suite as signPdfs } from './sign-pdfs/suite.ts';
import { suite as ssrf } from './ssrf/suite.ts';
import { suite as tsp } from './tsp/suite.ts';
import { suite as tspOwn } from './tsp-own/suite.ts';
import { suite as wycheproof } from './wycheproof/suite.ts';
import { suite as x509Limbo } from './x509-limbo/suite.ts';
import { suite as xrefDisagreement } from './xref-disagreement/suite.ts';

/**
 * `npm run conformance -- [--json] [suite …]`: a table for people; with `--json` the last line of stdout is
 * `{suites: {name: {total, agree, falseAccepts, falseAlarms, skipped, deviations}}}`. Exit 1 when a suite fails.
 */
const SUITES: readonly Suite[] = [wycheproof, nistPkits, x509Limbo, boringsslChain, ocsp, crl, tsp, tspOwn, cmsForgery, mutants, xrefDisagreement, pdfPyhanko, pdfGenerated, signPdfs, signMatrix, ssrf, evidence];

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return console.log(`npm run conformance -- [--json] [suite …]\nsuites: ${SUITES.map(({ name }) => name).join(', ')}`);
  const names = args.filter((arg) => !arg.startsWith('--'));
  const unknown = names.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) return fail(`There is no suite ${unknown.join(', ')}; there are ${SUITES.map(({ name }) => name).join(', ')}`);
  const results = new Map<string, SuiteResult>();
  for (const suite of SUITES) if (names.length === 0 || names.includes(suite.name)) results.set(suite.name, await suite.run());
  print(results);
  if (args.includes('--json')) console.log(JSON.stringify({ suites: Object.fromEntries([...results].map(([name, result]) => [name, withoutFaults(result)])) }));
  if ([...results.values()].some(({ faults }) => faults.length > 0)) process.exitCode = 1;
}

function print(results: ReadonlyMap<string, SuiteResult>): void {
  const table = new Table({ head: ['suite', 'total', 'agree', 'false accepts', 'false alarms', 'skipped', 'deviations', ''], style: { head: [], border: [] } });
  for (const [name, { total, agree, falseAccepts, falseAlarms, skipped, deviations, faults }] of results) {
    table.push([name, total, agree, falseAccepts, falseAlarms, skipped, deviations.length, faults.length === 0 ? 'ok' : 'FAILED']);
  }
  console.log(table.toString());
  for (const [name, { deviations, faults }] of results) {
    for (const { id, reason, clause } of deviations) console.log(`${name}: deviation ${id}: ${reason} (${clause})`);
    for (const fault of faults) console.log(`${name}: FAILED ${fault}`);
  }
}

function withoutFaults({ total, agree, falseAccepts, falseAlarms, skipped, deviations }: SuiteResult): Omit<SuiteResult, 'faults'> {
  return { total, agree, falseAccepts, falseAlarms, skipped, deviations };
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 2;
}
