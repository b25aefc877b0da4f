import { context, SpanKind, SpanStatusCode, trace, TraceFlags, type Context, type SpanContext, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Attributes, SpanOptions, Tracing } from '../ports/telemetry.ts';

export interface TracingSettings {
  /** Base address of an OTLP/HTTP collector, as OTEL_EXPORTER_OTLP_ENDPOINT holds it: `/v1/traces` is added. */
  readonly endpoint: string;
  readonly serviceName: string;
  readonly version: string;
}

export interface OpenTracing extends Tracing {
  /** Sends what is left, and waits for it a few seconds at most. */
  close(): Promise<void>;
}

const KINDS = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL } as const satisfies Record<SpanOptions['kind'], SpanKind>;
const EXPORT_LIMIT_MS = 3_000;

/** Spans to a collector. One that does not answer costs spans, never a request: they leave in batches, and what finds no room is dropped. */
export function openTracing({ endpoint, serviceName, version }: TracingSettings): OpenTracing {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()); // the first one counts; all are alike
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces`, timeoutMillis: EXPORT_LIMIT_MS });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }),
    spanProcessors: [new BatchSpanProcessor(exporter, { exportTimeoutMillis: EXPORT_LIMIT_MS })],
  });
  const tracer = provider.getTracer('lienthong', version);
  return {
    isOn: true,
    span: (name, options, work) => inSpan(tracer, name, options, work),
    close: () => provider.shutdown().catch(() => undefined), // spans that cannot be sent are no reason not to stop
  };
}

const inSpan = async <Result>(tracer: Tracer, name: string, { kind, traceparent, attributes = {} }: SpanOptions, work: Parameters<Tracing['span']>[2]): Promise<Result> => {
  const parent = traceparent === undefined ? context.active() : remoteParent(traceparent);
  const span = tracer.startSpan(name, { kind: KINDS[kind], attributes: told(attributes), root: traceparent !== undefined && trace.getSpanContext(parent) === undefined }, parent);
  try {
    return (await context.with(trace.setSpan(parent, span), () => work({ traceparent: traceparentOf(span.spanContext()), rename: (other) => void span.updateName(other), set: (more) => void span.setAttributes(told(more)) }))) as Result;
  } catch (error) {
    // The code, never the message: it may quote what was asked.
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'INTERNAL';
    span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', code);
    throw error;
  } finally {
    span.end();
  }
};

const FORM = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** W3C Trace Context §3.2. What is not of its form begins a new trace. */
function remoteParent(traceparent: string | null): Context {
  const [, traceId, spanId, flags] = FORM.exec(traceparent ?? '') ?? [];
  const fresh = trace.deleteSpan(context.active());
  if (traceId === undefined || spanId === undefined || flags === undefined) return fresh;
  return trace.setSpanContext(fresh, { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true });
}

function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

function told(attributes: Attributes): Record<string, string | number | boolean> {
  return Object.fromEntries(Object.entries(attributes).filter((entry): entry is [string, string | number | boolean] => entry[1] !== null && entry[1] !== undefined));
}
