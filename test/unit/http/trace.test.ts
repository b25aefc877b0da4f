import { describe, expect, it } from 'vitest';
import { readTrace } from '../../../src/http/trace.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('readTrace (W3C Trace Context §3.2)', () => {
  it.each([
    ['version 00', `00-${TRACE}-${SPAN}-01`, '01'],
    ['not sampled', `00-${TRACE}-${SPAN}-00`, '00'],
    ['a later version with more behind it', `cc-${TRACE}-${SPAN}-01-what-comes`, '01'],
  ])('goes on with the caller’s trace: %s', (_, header, flags) => {
    const trace = readTrace(header);
    expect(trace.traceId).toBe(TRACE);
    expect(trace.traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-${flags}$`));
    expect(trace.traceparent).not.toContain(SPAN);
  });

  it.each([
    ['no header', undefined],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['capital letters', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['more behind version 00', `00-${TRACE}-${SPAN}-01-more`],
    ['line breaks', `00-${TRACE}-${SPAN}-01\r\nx: y`],
  ])('begins a new trace with %s', (_, header) => {
    const trace = readTrace(header);
    expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(trace.traceId).not.toBe(TRACE);
    expect(trace.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });
});
