import type { Config } from '../config.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { NO_TELEMETRY, type Telemetry } from '../ports/telemetry.ts';
import { exchangeStanding } from '../store/exchange-standing.ts';
import { createMetrics, type MetricsPage } from '../telemetry/metrics.ts';
import { openTracing } from '../telemetry/tracing.ts';
import { endingCertificates } from '../usecases/watch-certificates.ts';
import type { Store } from './open-store.ts';

export interface TelemetryParts {
  readonly config: Pick<Config, 'OTEL_EXPORTER_OTLP_ENDPOINT' | 'OTEL_SERVICE_NAME'>;
  readonly store: Pick<Store, 'database' | 'records'>;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly version: string;
}

export interface OpenTelemetry extends Telemetry {
  readonly metricsPage: () => Promise<MetricsPage>;
  /** Sends the spans that are left. */
  close(): Promise<void>;
}

/** Metrics always, traces where a collector is named. */
export function openTelemetry({ config, store, queue, clock, version }: TelemetryParts): OpenTelemetry {
  const metrics = createMetrics({
    clock,
    version,
    readStanding: exchangeStanding(store.database.db),
    isQueueHealthy: () => queue.healthy(),
    endingCertificates: () => endingCertificates({ records: store.records, clock }),
  });
  const endpoint = config.OTEL_EXPORTER_OTLP_ENDPOINT;
  const tracing = endpoint === undefined ? null : openTracing({ endpoint, serviceName: config.OTEL_SERVICE_NAME, version });
  return { metrics, tracing: tracing ?? NO_TELEMETRY.tracing, metricsPage: () => metrics.page(), close: async () => tracing?.close() };
}
