import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { apiKeyDigest, buildApiKeyToken, readApiKeyId, SECRET_BYTES } from '../../../src/usecases/api-key-token.ts';

const ID = '01a20f31-c75d-7a0a-99e2-795a494db3b2';

describe('API key tokens', () => {
  it('carry their id, whatever the secret looks like', () => {
    for (let round = 0; round < 200; round += 1) {
      const token = buildApiKeyToken(ID, randomBytes(SECRET_BYTES));
      expect(readApiKeyId(token)).toBe(ID);
      expect(Buffer.from(apiKeyDigest(token)).toString('hex')).toBe(createHash('sha256').update(token).digest('hex'));
    }
    expect(readApiKeyId(buildApiKeyToken(ID, Buffer.alloc(SECRET_BYTES, 0xff)))).toBe(ID);
  });

  it.each(['', 'lt_', `lt_${'0'.repeat(32)}`, `lt_${'0'.repeat(32)}_${'A'.repeat(42)}`, `lt_${'0'.repeat(32)}_${'A'.repeat(44)}`, `lt_${'G'.repeat(32)}_${'A'.repeat(43)}`, `LT_${'0'.repeat(32)}_${'A'.repeat(43)}`, `lt_${'0'.repeat(32)}_${'A'.repeat(42)}=`])('%s is none', (text) => {
    expect(readApiKeyId(text)).toBeNull();
  });
});
