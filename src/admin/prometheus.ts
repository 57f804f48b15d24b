import { lateModule } from '../base/late-modules.ts';

const client = lateModule((require) => require('prom-client') as typeof import('prom-client'));

/** One line of a family. `suffix` belongs to the parts of a histogram. */
export interface MetricLine {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

/** One family as it is shown. */
export interface MetricView {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly lines: readonly MetricLine[];
}

/** Content-Type of what `renderMetrics` makes. */
export function metricsContentType(): string {
  return client().Registry.PROMETHEUS_CONTENT_TYPE;
}

/** The text form of Prometheus, by prom-client; its labels are escaped there. Nothing on the request path comes near it. */
export function renderMetrics(views: readonly MetricView[]): Promise<string> {
  const { Counter, Gauge, Histogram, Registry } = client();
  const registry = new Registry();
  for (const view of views) {
    const { name, help } = view;
    const labelNames = [...new Set(view.lines.flatMap(({ labels }) => Object.keys(labels)))];
    const options = { name, help, labelNames, registers: [] };
    // prom-client asks a metric for its values in this form, and its own ones would have to be counted anew.
    const values = { getForPromString: () => Promise.resolve(linesOf(view)) };
    const metric =
      view.type === 'counter'
        ? new Counter(options)
        : view.type === 'gauge'
          ? new Gauge(options)
          : new Histogram({ ...options, labelNames: [] });
    registry.registerMetric(Object.assign(metric, values));
  }
  return registry.metrics();
}

function linesOf({ name, help, type, lines }: MetricView) {
  const values = lines.map(({ labels, value, suffix }) => ({
    labels,
    value,
    ...(suffix === undefined ? {} : { metricName: `${name}${suffix}` }),
  }));
  return { name, help, type, values };
}
