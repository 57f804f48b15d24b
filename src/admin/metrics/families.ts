import { histogramWidth, latencyBoundsMs, type MetricFamily } from '../../threads/metric-cells.ts';
import type { MetricLine, MetricView } from '../prometheus.ts';
import type { MergedSeries, MetricsLedger } from './ledger.ts';

type Labels = Readonly<Record<string, string>>;

/** Everything here belongs to the one workspace there is. */
const workspace = 'default';

/** What was counted request by request: Kong's families under Kong's names, then our own. */
export function countedFamilies(ledger: MetricsLedger, nodeId: string): MetricView[] {
  return [
    counter('kong_http_requests_total', 'Requests per service, route, status and source of the answer', [
      ...ledger.series('requests').map(({ labels, values }): MetricLine => {
        const [service = '', route = '', code = '', source = '', consumer = ''] = labels;
        return { labels: { service, route, code, source, workspace, consumer }, value: values[0] ?? 0 };
      }),
    ]),
    counter('kong_bandwidth_bytes', 'Bytes from clients (ingress) and to clients (egress)', [
      ...ledger.series('bandwidth').flatMap(({ labels, values }): MetricLine[] => {
        const [service = '', route = '', consumer = ''] = labels;
        return ['ingress', 'egress'].map((direction, index) => ({
          labels: { service, route, direction, workspace, consumer },
          value: values[index] ?? 0,
        }));
      }),
    ]),
    latency(ledger, 0, 'kong_request_latency_ms', 'Milliseconds from the head of a request to the end of its answer'),
    latency(ledger, 1, 'kong_kong_latency_ms', 'Milliseconds the gateway took before it sent a request on or answered'),
    latency(ledger, 2, 'kong_upstream_latency_ms', 'Milliseconds until the upstream sent the head of its answer'),
    counter('kong_nginx_requests_total', 'Requests that ended', [
      { labels: { node_id: nodeId, subsystem: 'http' }, value: ledger.total('requests') },
    ]),
    labelled(ledger, 'decisions', 'sallyport_decisions_total', 'Verdicts of plugins, with the check that refused', [
      'plugin',
      'check',
      'verdict',
    ]),
    labelled(ledger, 'exchanges', 'sallyport_provider_exchanges_total', 'What became of asking a provider', [
      'purpose',
      'outcome',
    ]),
    single('sallyport_worker_restarts_total', 'Workers that crashed or fell silent', ledger.total('restarts')),
    single('sallyport_refused_messages_total', 'Messages refused before they became requests', ledger.total('wire', 0)),
    single(
      'sallyport_access_log_dropped_lines_total',
      'Access log lines the disk was too slow for',
      ledger.total('wire', 2),
    ),
    histogram('sallyport_event_loop_delay_ms', 'Milliseconds that timers of the workers fired late', [
      ...ledger.series('loop').flatMap(({ values }) => histogramLines({}, values)),
    ]),
  ];
}

export function counter(name: string, help: string, lines: readonly MetricLine[]): MetricView {
  return { name, help, type: 'counter', lines };
}

export function gauge(name: string, help: string, lines: readonly MetricLine[]): MetricView {
  return { name, help, type: 'gauge', lines };
}

function single(name: string, help: string, value: number): MetricView {
  return counter(name, help, [{ labels: {}, value }]);
}

function histogram(name: string, help: string, lines: readonly MetricLine[]): MetricView {
  return { name, help, type: 'histogram', lines };
}

function labelled(
  ledger: MetricsLedger,
  family: MetricFamily,
  name: string,
  help: string,
  names: readonly string[],
): MetricView {
  const line = ({ labels, values }: MergedSeries): MetricLine => ({
    labels: Object.fromEntries(names.map((label, index) => [label, labels[index] ?? ''])),
    value: values[0] ?? 0,
  });
  return counter(name, help, ledger.series(family).map(line));
}

/** One of the three histograms of a route; one without a measurement is left out. */
function latency(ledger: MetricsLedger, index: number, name: string, help: string): MetricView {
  const lines = ledger.series('latency').flatMap(({ labels, values }) => {
    const [service = '', route = ''] = labels;
    const part = values.subarray(index * histogramWidth, (index + 1) * histogramWidth);
    return part.some((value) => value > 0) ? histogramLines({ service, route, workspace }, part) : [];
  });
  return histogram(name, help, lines);
}

/** Counts per bucket become Prometheus' cumulative ones. */
function histogramLines(labels: Labels, values: Float64Array): MetricLine[] {
  let count = 0;
  const lines = latencyBoundsMs.map((bound, index): MetricLine => {
    count += values[index] ?? 0;
    return { labels: { le: String(bound), ...labels }, value: count, suffix: '_bucket' };
  });
  count += values[latencyBoundsMs.length] ?? 0;
  const sum = values[latencyBoundsMs.length + 1] ?? 0;
  return [
    ...lines,
    { labels: { le: '+Inf', ...labels }, value: count, suffix: '_bucket' },
    { labels, value: sum, suffix: '_sum' },
    { labels, value: count, suffix: '_count' },
  ];
}
