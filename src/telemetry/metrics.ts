import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../ports/clock.ts';
import type { ExchangeStanding, ReadExchangeStanding } from '../ports/exchange-standing.ts';
import type { Metrics, Timed } from '../ports/telemetry.ts';

export interface MetricsSources {
  readonly clock: Clock;
  readonly version: string;
  readonly readStanding: ReadExchangeStanding;
  readonly isQueueHealthy: () => boolean;
  /** When certificates of keys in use end, where that is soon. */
  readonly endingCertificates: () => Promise<readonly { readonly keyId: string; readonly notAfter: Date }[]>;
}

export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

export interface OpenMetrics extends Metrics {
  /** Prometheus text format 0.0.4. What is read from the database is at most five seconds old; while it is down, the rest is told. */
  page(): Promise<MetricsPage>;
}

const FAST = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const SLOW = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60, 120];

const TIMED = {
  http: { name: 'lienthong_http_request_duration_seconds', help: 'HTTP requests by route of the table, until the answer was sent or given up (499)', labels: ['method', 'route', 'status'], buckets: FAST },
  delivery: { name: 'lienthong_delivery_attempt_duration_seconds', help: 'Attempts at deliveries by what came of them', labels: ['kind', 'outcome'], buckets: SLOW },
  signing: { name: 'lienthong_signing_duration_seconds', help: 'Documents signed, by level reached or error code', labels: ['result'], buckets: SLOW },
  verification: { name: 'lienthong_verification_duration_seconds', help: 'Documents verified, by result or error code', labels: ['result'], buckets: SLOW },
  timestamp: { name: 'lienthong_timestamp_duration_seconds', help: 'Answers of time-stamping authorities, ok or error code', labels: ['result'], buckets: SLOW },
} as const satisfies { readonly [Name in keyof Timed]: { readonly name: string; readonly help: string; readonly labels: readonly (keyof Timed[Name])[]; readonly buckets: readonly number[] } };

/** Gauges that prom-client names like counters; the same figures come by type without it. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'] as const;

/** A registry of its own: two gateways in one process do not count into each other. */
export function createMetrics(sources: MetricsSources): OpenMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const registers = [registry];
  new Gauge({ name: 'lienthong_build_info', help: 'Version of the program', labelNames: ['version'], registers }).set({ version: sources.version }, 1);
  const timed = Object.fromEntries(
    Object.entries(TIMED).map(([key, { name, help, labels, buckets }]) => [key, new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers })]),
  ) as Record<keyof Timed, Histogram>;
  const parked = new Counter({ name: 'lienthong_deliveries_parked_total', help: 'Deliveries this process left to a person, by reason', labelNames: ['reason'], registers });
  const sweptAt = new Gauge({ name: 'lienthong_sweep_last_success_timestamp_seconds', help: 'When this process last swept as leader; 0: never', registers });
  const woken = new Counter({ name: 'lienthong_sweep_woken_total', help: 'Deliveries woken by the sweep, whose own wake-up came too late or never', registers });
  const refresh = standingGauges(sources, registers);
  return {
    took: (name, seconds, labels) => timed[name].observe({ ...labels }, seconds),
    parked: (reason) => parked.inc({ reason }),
    swept(at, wakes) {
      sweptAt.set(at.getTime() / 1_000);
      woken.inc(wakes);
    },
    async page() {
      await refresh();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

const STANDING_KEPT_MS = 5_000;
const CIRCUIT_NUMBER = { closed: 0, 'half-open': 1, open: 2, disabled: 3 } as const satisfies Record<ExchangeStanding['circuits'][number]['state'], number>;

/** Gauges over what is recorded, read when asked for; many scrapers cost the database one look. */
function standingGauges({ clock, readStanding, isQueueHealthy, endingCertificates }: MetricsSources, registers: Registry[]): () => Promise<void> {
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge => new Gauge({ name: `lienthong_${name}`, help, labelNames, registers });
  const recordsUp = gauge('records_up', 'Whether the database answered this scrape');
  const queueUp = gauge('queue_up', 'Whether the queue answers; without it deliveries go on, slower');
  const open = gauge('deliveries_open', 'Unfinished deliveries', ['kind', 'state']);
  const parked = gauge('deliveries_parked', 'Deliveries that wait for a person, by reason', ['reason']);
  const laneAge = gauge('lane_oldest_age_seconds', 'Age of the oldest unfinished delivery of each recipient', ['target']);
  const recipientOpen = gauge('recipient_deliveries_open', 'Unfinished deliveries of each recipient', ['target']);
  const circuit = gauge('partner_circuit_state', 'Circuit of each partner that ever failed: 0 closed, 1 half open, 2 open, 3 disabled (its address is gone)', ['partner']);
  const sweepLag = gauge('sweep_lag_seconds', 'How long the longest waiting delivery is due that might go');
  const certificateEnd = gauge('certificate_end_timestamp_seconds', 'When the certificate of a key in use ends, where that is within 60 days', ['key']);
  const renewed = [open, parked, laneAge, recipientOpen, circuit, certificateEnd];
  let readAt = -Infinity;
  let reading: Promise<void> | null = null;

  const read = async (): Promise<void> => {
    const now = clock.now();
    try {
      const [standing, certificates] = await Promise.all([readStanding(now), endingCertificates()]);
      for (const each of renewed) each.reset(); // what is no more must not stand as it was
      for (const { kind, state, count } of standing.open) open.set({ kind, state }, count);
      for (const { reason, count } of standing.parked) parked.set({ reason }, count);
      for (const { target, oldestAt, open: count } of standing.recipients) {
        laneAge.set({ target }, secondsBetween(oldestAt, now));
        recipientOpen.set({ target }, count);
      }
      for (const { partnerId, state } of standing.circuits) circuit.set({ partner: partnerId }, CIRCUIT_NUMBER[state]);
      for (const { keyId, notAfter } of certificates) certificateEnd.set({ key: keyId }, notAfter.getTime() / 1_000);
      sweepLag.set(standing.oldestDueAt === null ? 0 : secondsBetween(standing.oldestDueAt, now));
      recordsUp.set(1);
      readAt = now.getTime();
    } catch {
      for (const each of renewed) each.reset(); // unknown is not zero, nor what it was
      recordsUp.set(0); // is logged where it happens
    }
  };
  return async () => {
    queueUp.set(isQueueHealthy() ? 1 : 0);
    if (clock.now().getTime() - readAt < STANDING_KEPT_MS) return;
    await (reading ??= read().finally(() => (reading = null)));
  };
}

function secondsBetween(earlier: Date, later: Date): number {
  return Math.max(0, (later.getTime() - earlier.getTime()) / 1_000);
}
