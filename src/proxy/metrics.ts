import { limits } from '../base/limits.ts';
import type { DecisionDraft } from '../pdk/index.ts';
import type { CompiledRoute } from '../snapshot/snapshot.ts';
import {
  addTo,
  histogramWidth,
  increase,
  type MetricCell,
  MetricCells,
  type MetricsAnnouncement,
} from '../threads/metric-cells.ts';

/** What is read of a request when it is over. */
export interface ObservedRequest {
  readonly exchange: {
    readonly status: number;
    readonly bytesReceived: number;
    readonly bytesSent: number;
    readonly times: {
      readonly receivedAt: number;
      readonly forwardedAt: number;
      readonly upstreamHeadAt: number;
      readonly finishedAt: number;
    };
  };
  readonly match: { readonly route: CompiledRoute } | undefined;
  readonly identity: { readonly consumer: { readonly id: string; readonly username: string | null } | null } | null;
}

export interface WorkerMetricsOptions {
  /** Tells control where a new series is counted. */
  readonly announce: (announcement: MetricsAnnouncement) => void;
  /** Requests and bytes are told apart by consumer. */
  readonly perConsumer: boolean;
}

/** A client that left before it got a status line is counted under this code, as in nginx. */
const clientGoneStatus = 499;
const other = 'other';

type Source = 'service' | 'exit' | 'error';

/** Requests and bytes of one route, and of one consumer where consumers are told apart. */
class Traffic {
  readonly bandwidth: MetricCell;
  readonly #cells: MetricCells;
  readonly #labels: readonly [service: string, route: string, consumer: string];
  readonly #codes = new Map<number, MetricCell>();
  #lastKey = -1;
  #lastCell: MetricCell | undefined = undefined;

  constructor(cells: MetricCells, labels: readonly [service: string, route: string, consumer: string]) {
    this.#cells = cells;
    this.#labels = labels;
    this.bandwidth = cells.add('bandwidth', labels);
  }

  count(status: number, source: Source): void {
    const key = status * 4 + (source === 'service' ? 0 : source === 'exit' ? 1 : 2);
    if (key !== this.#lastKey || this.#lastCell === undefined) {
      this.#lastCell = this.#codeCell(key, status, source);
      this.#lastKey = key;
    }
    increase(this.#lastCell, 0, 1);
  }

  #codeCell(key: number, status: number, source: Source): MetricCell {
    const known = this.#codes.get(key);
    if (known !== undefined) return known;
    // An upstream may answer with any number; it cannot make series without end.
    const full = this.#codes.size >= limits.metricCodesPerRouteMax;
    if (full && key !== 0) return this.#codeCell(0, 0, source);
    const [service, route, consumer] = this.#labels;
    const cell = this.#cells.add('requests', [service, route, full ? other : String(status), source, consumer]);
    this.#codes.set(key, cell);
    return cell;
  }
}

/** How many consumers may still get series of their own, all routes together. */
interface Budget {
  left: number;
}

/** What one route's requests are counted into. */
class RouteSeries {
  readonly latency: MetricCell;
  readonly #cells: MetricCells;
  readonly #labels: readonly [service: string, route: string];
  readonly #anonymous: Traffic;
  readonly #consumers = new Map<string, Traffic>();
  readonly #consumerBudget: Budget;

  constructor(cells: MetricCells, labels: readonly [service: string, route: string], consumerBudget: Budget) {
    this.#cells = cells;
    this.#labels = labels;
    this.#consumerBudget = consumerBudget;
    this.latency = cells.add('latency', labels);
    this.#anonymous = new Traffic(cells, [...labels, '']);
  }

  traffic(consumer: string): Traffic {
    if (consumer === '') return this.#anonymous;
    let traffic = this.#consumers.get(consumer);
    if (traffic !== undefined) return traffic;
    if (this.#consumerBudget.left <= 0 && consumer !== other) return this.traffic(other);
    this.#consumerBudget.left -= 1;
    traffic = new Traffic(this.#cells, [...this.#labels, consumer]);
    this.#consumers.set(consumer, traffic);
    return traffic;
  }
}

/**
 * Counts of one worker. A request costs a few additions into memory that exists; series are made when
 * something happens for the first time. Every set of labels is bounded, what is beyond counts as `other`.
 */
export class WorkerMetrics {
  readonly #cells: MetricCells;
  #perConsumer: boolean;
  readonly #consumerBudget: Budget = { left: limits.metricConsumersMax };
  readonly #unmatched: RouteSeries;
  readonly #byRoute = new WeakMap<CompiledRoute, RouteSeries>();
  readonly #byLabels = new Map<string, RouteSeries>();
  readonly #decisions = new Map<string, (MetricCell | undefined)[]>();
  readonly #wire: MetricCell;
  readonly #loop: MetricCell;
  #lastRoute: CompiledRoute | undefined = undefined;
  #lastSeries: RouteSeries | undefined = undefined;

  constructor(options: WorkerMetricsOptions) {
    this.#cells = new MetricCells(options.announce);
    this.#perConsumer = options.perConsumer;
    this.#wire = this.#cells.add('wire', []);
    this.#loop = this.#cells.add('loop', []);
    this.#unmatched = new RouteSeries(this.#cells, ['', ''], this.#consumerBudget);
  }

  /** Once per request, when its last byte was handed over or the client left. */
  observe({ exchange, match, identity }: ObservedRequest): void {
    const { times } = exchange;
    const series = match === undefined ? this.#unmatched : this.#seriesOf(match.route);
    const consumer = this.#perConsumer ? identity?.consumer : null;
    const traffic = series.traffic(consumer ? (consumer.username ?? consumer.id) : '');
    const forwarded = times.forwardedAt > 0;
    const answered = times.upstreamHeadAt > 0;
    const status = exchange.status === 0 ? clientGoneStatus : exchange.status;
    traffic.count(status, answered ? 'service' : forwarded ? 'error' : 'exit');
    increase(traffic.bandwidth, 0, exchange.bytesReceived);
    increase(traffic.bandwidth, 1, exchange.bytesSent);
    addTo(series.latency, 0, times.finishedAt - times.receivedAt);
    addTo(series.latency, histogramWidth, (forwarded ? times.forwardedAt : times.finishedAt) - times.receivedAt);
    if (answered) addTo(series.latency, histogramWidth * 2, times.upstreamHeadAt - times.forwardedAt);
  }

  /** A message that never became a request: it was malformed, too large or too slow. */
  observeRefusal(status: number): void {
    this.#unmatched.traffic('').count(status, 'error');
    increase(this.#wire, 0, 1);
  }

  /** A plugin's verdict; `checks` are the names of the plugin's checks. */
  observeDecision(plugin: string, checks: readonly { readonly name: string }[], draft: DecisionDraft): void {
    let cells = this.#decisions.get(plugin);
    if (cells === undefined) {
      cells = [];
      this.#decisions.set(plugin, cells);
    }
    // The first place is for what was allowed.
    const at = draft.failure === undefined ? 0 : draft.failure.check + 1;
    let cell = cells[at];
    if (cell === undefined) {
      const verdict = at === 0 ? 'allowed' : 'refused';
      cell = this.#cells.add('decisions', [plugin, checks[at - 1]?.name ?? '', verdict]);
      cells[at] = cell;
    }
    increase(cell, 0, 1);
  }

  /** Now and then: how late the timer was that called, and totals that others keep. */
  observeLoop(lateMs: number, totals: { readonly accepted: number; readonly droppedLines: number }): void {
    addTo(this.#loop, 0, lateMs);
    this.#wire.values[this.#wire.at + 1] = totals.accepted;
    this.#wire.values[this.#wire.at + 2] = totals.droppedLines;
  }

  /** From now on requests and bytes are told apart by consumer, or not any more. */
  tellConsumersApart(perConsumer: boolean): void {
    this.#perConsumer = perConsumer;
  }

  #seriesOf(route: CompiledRoute): RouteSeries {
    if (route === this.#lastRoute && this.#lastSeries !== undefined) return this.#lastSeries;
    let series = this.#byRoute.get(route);
    if (series === undefined) {
      series = this.#labelled(route.service?.name ?? route.service?.host ?? '', route.name ?? route.id);
      this.#byRoute.set(route, series);
    }
    this.#lastRoute = route;
    this.#lastSeries = series;
    return series;
  }

  /** A route that was compiled anew keeps its series as long as its labels are the same. */
  #labelled(service: string, route: string): RouteSeries {
    const key = JSON.stringify([service, route]);
    let series = this.#byLabels.get(key);
    if (series !== undefined) return series;
    if (this.#byLabels.size >= limits.metricRoutesMax && route !== other) return this.#labelled(other, other);
    series = new RouteSeries(this.#cells, [service, route], this.#consumerBudget);
    this.#byLabels.set(key, series);
    return series;
  }
}
