/** Log lines, metrics, traces. Attributes and labels are ids, codes, counts; never personal data, secrets or document bytes. */
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Log {
  debug(event: string, attributes?: Attributes): void;
  info(event: string, attributes?: Attributes): void;
  warn(event: string, attributes?: Attributes): void;
  /** `error` is logged with its causes; its message is kept, its data is not. */
  error(event: string, error: unknown, attributes?: Attributes): void;
}

/** What is timed, with its labels. Each label has few values: a route as the table writes it, a code of a closed list. */
export interface Timed {
  readonly http: { readonly method: string; readonly route: string; readonly status: string };
  readonly delivery: { readonly kind: string; readonly outcome: string };
  readonly signing: { readonly result: string };
  readonly verification: { readonly result: string };
  readonly timestamp: { readonly result: string };
}

export interface Metrics {
  took<Name extends keyof Timed>(name: Name, seconds: number, labels: Timed[Name]): void;
  /** A delivery was left to a person; `reason` of `ParkReason`. */
  parked(reason: string): void;
  /** The leader's sweep ended, and woke so many deliveries. */
  swept(at: Date, wakes: number): void;
}

/** A piece of work within a trace. */
export interface Span {
  /** W3C Trace Context, to go on with in another process or on another day; null when nothing is traced. */
  readonly traceparent: string | null;
  rename(name: string): void;
  set(attributes: Attributes): void;
}

export interface SpanOptions {
  /** `server`: a request came in; `consumer`: work that waited in the outbox; `internal`: the rest. */
  readonly kind: 'server' | 'consumer' | 'internal';
  /** Whose trace it goes on with; left out: that of the work around it. Malformed: a new trace. */
  readonly traceparent?: string | null | undefined;
  readonly attributes?: Attributes;
}

export interface Tracing {
  /** False: nothing is traced, and what only serves traces need not be done. */
  readonly isOn: boolean;
  /** Runs `work` as a span, the parent of spans begun inside; ends when what `work` returns has settled. */
  span<Result>(name: string, options: SpanOptions, work: (span: Span) => Promise<Result>): Promise<Result>;
}

export interface Telemetry {
  readonly metrics: Metrics;
  readonly tracing: Tracing;
}

/** For processes that nobody watches: short commands, tests of other things. */
export const NO_TELEMETRY: Telemetry = {
  metrics: { took() {}, parked() {}, swept() {} },
  tracing: { isOn: false, span: (_name, _options, work) => work({ traceparent: null, rename() {}, set() {} }) },
};
