import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Every metric we define, by its name in Prometheus. */
const metricNames = {
  callsResolved: 'latchkey_calls_resolved_total',
  redeem: 'latchkey_redeem_total',
  resolveSeconds: 'latchkey_resolve_seconds',
  eventsHandled: 'latchkey_events_handled_total',
  httpRequestSeconds: 'latchkey_http_request_seconds',
  keyChanges: 'latchkey_key_changes_total',
  keyProbes: 'latchkey_key_probes_total',
  outboxPending: 'latchkey_outbox_pending',
  keyChecks: 'latchkey_key_checks_total',
  webhookDeliveries: 'latchkey_webhook_deliveries_total',
  webhooksPending: 'latchkey_webhooks_pending',
  requestsLimited: 'latchkey_requests_limited_total',
  rateCounterFailures: 'latchkey_rate_counter_failures_total',
} as const;

/** What `GET /metrics` shows: ours and those of the Node process. */
export const metricsRegistry = new Registry();
collectDefaultMetrics({ register: metricsRegistry });

const registers = [metricsRegistry];

/** The metrics of the process; labels never hold an organization, a call or a secret. */
export const metrics = {
  callsResolved: new Counter({
    name: metricNames.callsResolved,
    help: 'Components of calls, by the source of their key (tenant, platform) or unresolved.',
    labelNames: ['source'] as const,
    registers,
  }),
  redeem: new Counter({
    name: metricNames.redeem,
    help: 'Handles that were asked to be exchanged, by outcome (redeemed, or the refusal).',
    labelNames: ['outcome'] as const,
    registers,
  }),
  resolveSeconds: new Histogram({
    name: metricNames.resolveSeconds,
    help: 'Seconds that resolving took, one observation for each slice or request.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  }),
  eventsHandled: new Counter({
    name: metricNames.eventsHandled,
    help: 'Events taken from the bus, by topic and outcome (done, retry, dead_letter).',
    labelNames: ['topic', 'outcome'] as const,
    registers,
  }),
  httpRequestSeconds: new Histogram({
    name: metricNames.httpRequestSeconds,
    help: 'Seconds that an HTTP request took, by route pattern and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  }),
  keyChanges: new Counter({
    name: metricNames.keyChanges,
    help: 'Changes of slots that were asked for and done, by operation.',
    labelNames: ['operation'] as const,
    registers,
  }),
  keyProbes: new Counter({
    name: metricNames.keyProbes,
    help: 'Keys that their provider was asked about, by provider and verdict.',
    labelNames: ['provider', 'verdict'] as const,
    registers,
  }),
  requestsLimited: new Counter({
    name: metricNames.requestsLimited,
    help: 'Requests that were refused because there were too many, by limit (token, address).',
    labelNames: ['limit'] as const,
    registers,
  }),
  rateCounterFailures: new Counter({
    name: metricNames.rateCounterFailures,
    help: 'Requests that Redis could not count: the process counted them by itself.',
    registers,
  }),
  keyChecks: new Counter({
    name: metricNames.keyChecks,
    help: 'Stored keys that providers were asked about by themselves, by verdict.',
    labelNames: ['verdict'] as const,
    registers,
  }),
  webhookDeliveries: new Counter({
    name: metricNames.webhookDeliveries,
    help: 'Attempts to deliver a webhook, by outcome (delivered, failed, dead).',
    labelNames: ['outcome'] as const,
    registers,
  }),
  webhooksPending: new Gauge({
    name: metricNames.webhooksPending,
    help: 'Webhooks that wait to be delivered, at the last look of the worker.',
    registers,
  }),
  outboxPending: new Gauge({
    name: metricNames.outboxPending,
    help: 'Events in the outbox that wait to be published, at the last look of the readiness check.',
    registers,
  }),
} as const;
