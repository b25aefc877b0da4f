import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/domain/errors.ts';
import { createNotary } from '../conformance/mutants/notary.ts';
import { PROJECT_ROOT, requireVectors } from '../support/vectors.ts';
import { requireTool } from '../support/tools.ts';
import { inputOf, tryInput } from './case.ts';
import { BINARY, DER, elementsOf, replaceElement } from './mutators.ts';
import { collectSeeds } from './seeds.ts';
import { targetsOf, type Target } from './targets.ts';

const FOUND = join(PROJECT_ROOT, 'test', 'fuzz', 'found');
const found = existsSync(FOUND) ? readdirSync(FOUND).sort() : [];
const target = (run: Target['run']): Target => ({ name: 'der', seeds: [Buffer.from('3006020101020102', 'hex'), Buffer.from('3003020105', 'hex')], mutators: DER, share: 1, run });

describe('fuzzing itself', () => {
  it('makes the same input of the same seed and case, and others of others', () => {
    const inputs = [inputOf(target(() => undefined), 1, 7), inputOf(target(() => undefined), 1, 7), inputOf(target(() => undefined), 2, 7), inputOf(target(() => undefined), 1, 8)].map((input) => input.toString('hex'));
    expect(inputs[1]).toBe(inputs[0]);
    expect(new Set(inputs).size).toBe(3);
  });

  it('puts the lengths right when it replaces an element', () => {
    const input = Buffer.from('3006020101020102', 'hex');
    const [, first] = elementsOf(input);
    if (first === undefined) throw new Error('no element found');
    expect(replaceElement(input, first, Buffer.from('0403aabbcc', 'hex')).toString('hex')).toBe('30080403aabbcc020102');
  });

  it('tells refusals from faults', async () => {
    const input = Buffer.from('00', 'hex');
    expect(await tryInput(target(() => undefined), input)).toMatchObject({ outcome: 'read', fault: null });
    expect(await tryInput(target(() => { throw new GatewayError('ASN1_MALFORMED', 'no'); }), input)).toMatchObject({ outcome: 'refused', fault: null });
    expect(await tryInput(target(() => { throw new TypeError('not ours'); }), input)).toMatchObject({ fault: expect.stringContaining('not ours') as string });
  });

  it('tells what takes more than a second of CPU time', async () => {
    const slow = await tryInput(target(() => { const start = process.cpuUsage(); while (process.cpuUsage(start).user + process.cpuUsage(start).system < 1_100_000); }), Buffer.of(0));
    expect(slow.fault).toMatch(/^took \d+ ms of CPU time$/);
  });

  it('mutates without ever throwing, whatever the input', () => {
    for (let number = 0; number < 2_000; number++) expect(() => inputOf({ ...target(() => undefined), seeds: [Buffer.alloc(0), Buffer.of(0x30), Buffer.of(0x30, 0x80)], mutators: [...DER, ...BINARY] }, 3, number)).not.toThrow();
  });
});

describe.skipIf(!requireVectors('openssl-fuzz-corpora') || !requireVectors('pyhanko') || !requireTool('qpdf'))('readers of untrusted bytes', () => {
  let targets: readonly Target[] = [];

  beforeAll(async () => {
    const notary = await createNotary();
    targets = targetsOf(notary, await collectSeeds(notary));
  });

  it.each(['der', 'cms', 'x509', 'ocsp', 'crl', 'tsp', 'pdf', 'pkcs12', 'xml'])('%s: every seed and 100 mutations are read or refused with an error of ours', async (name) => {
    const chosen = targets.find((candidate) => candidate.name === name);
    if (chosen === undefined) throw new Error(`there is no target ${name}`);
    const inputs = [...new Set(chosen.seeds).values()].slice(0, 300).concat(Array.from({ length: 100 }, (_, number) => inputOf(chosen, 20261124, number)));
    const faults: string[] = [];
    for (const input of inputs) faults.push(...[(await tryInput(chosen, input)).fault].filter((fault) => fault !== null));
    expect(faults).toEqual([]);
  });

  it.each(found)('found earlier: %s', async (file) => {
    const chosen = targets.find(({ name }) => file.startsWith(`${name}-`));
    if (chosen === undefined) throw new Error('the name begins with the target');
    expect((await tryInput(chosen, readFileSync(join(FOUND, file)))).fault).toBe(null);
  });
});
