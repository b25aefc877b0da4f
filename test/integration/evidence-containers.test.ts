import { describe, expect, it } from 'vitest';
import { outcomes } from '../conformance/evidence/suite.ts';
import { requireTool } from '../support/tools.ts';

const TOOLS = ['python3', 'openssl', 'unzip', 'zipinfo', 'xmllint', 'xxd'];

/** A sample of `npm run conformance -- evidence`: every kind of change and trick once. */
describe.skipIf(!TOOLS.every(requireTool))('evidence containers', () => {
  it('are judged alike by the gateway, by a script of another language, and by unzip and openssl', { timeout: 600_000 }, async () => {
    const found = await outcomes({ good: 3, bad: 36, foreign: false });
    expect(found.filter(({ agrees }) => agrees !== true)).toEqual([]);
  });
});
