import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/domain/errors.ts';
import { problemOf } from '../../../src/http/problem.ts';

const context = { language: 'en', traceId: 'ab'.repeat(16) } as const;

describe('problemOf (RFC 9457)', () => {
  it('tells code, origin, faults and whether trying again helps', () => {
    const error = new GatewayError('REQUEST_INVALID', 'See "errors"', { faults: [{ pointer: '/to/0', detail: 'not an agency code' }] });
    expect(problemOf(error, { ...context, instance: '/v1/x' })).toEqual({
      status: 422,
      headers: { 'content-language': 'en' },
      body: { type: '/problems/request-invalid', title: 'The request is not valid', status: 422, detail: 'See "errors"', instance: '/v1/x', code: 'REQUEST_INVALID', origin: 'caller', retryable: false, errors: [{ pointer: '/to/0', detail: 'not an agency code' }], traceId: context.traceId },
    });
  });

  it.each([
    ['a wait in whole seconds, rounded up (RFC 9110 §10.2.3)', new GatewayError('TSA_UNAVAILABLE', 'x', { retryAfterMs: 1_200 }), '2'],
    ['at least one second', new GatewayError('OVERLOADED', 'x', { retryAfterMs: 3 }), '1'],
    ['a usual wait for every 503', new GatewayError('DATABASE_UNAVAILABLE', 'x'), '5'],
    ['a usual wait for every 429', new GatewayError('RATE_LIMITED', 'x'), '5'],
    ['no wait where it would not help', new GatewayError('DOSSIER_NOT_FOUND', 'x'), undefined],
  ])('names %s', (_, error, wait) => {
    expect(problemOf(error, context).headers['retry-after']).toBe(wait);
  });

  it('challenges on 401 and names the lack on 403 (RFC 6750 §3)', () => {
    expect(problemOf(new GatewayError('UNAUTHENTICATED', 'x'), context).headers['www-authenticate']).toBe('Bearer realm="lienthong"');
    expect(problemOf(new GatewayError('SCOPE_MISSING', 'x'), context).headers['www-authenticate']).toContain('error="insufficient_scope"');
  });

  it.each([['an Error', new Error('relation "dossier" does not exist')], ['a text', 'secret'], ['nothing', undefined], ['our own INTERNAL', new GatewayError('INTERNAL', 'lease 7 has no order')]])('says nothing of %s', (_, thrown) => {
    const { status, body } = problemOf(thrown, { ...context, language: 'vi' });
    expect(status).toBe(500);
    expect(body).toMatchObject({ code: 'INTERNAL', title: 'Cổng gặp lỗi', origin: 'gateway', errors: [] });
    expect(body.detail).toContain('mã truy vết');
  });
});
