/**
 * Counters that a worker or main writes and control reads, in memory that both see. Nothing is sent per request or
 * per scrape, a scrape costs a worker nothing, and what a crashed worker had counted is still there to be read.
 */

/** Upper bounds of the latency buckets in milliseconds; one more bucket holds what is beyond. */
export const latencyBoundsMs: readonly number[] = [
  0.25, 0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000,
];

/** The same as numbers without boxes; the last bucket takes everything. */
const bounds = Float64Array.of(...latencyBoundsMs, Number.POSITIVE_INFINITY);

/** Values of one histogram: one count per bucket (not cumulative), the one beyond, then the sum in milliseconds. */
export const histogramWidth = latencyBoundsMs.length + 2;

/** How many values a series of each family has. */
export const familyWidths = {
  /** Labels service, route, code, source, consumer. */
  requests: 1,
  /** Labels service, route, consumer; bytes from clients, bytes to clients. */
  bandwidth: 2,
  /** Labels service, route; three histograms one after the other: whole request, gateway, upstream. */
  latency: histogramWidth * 3,
  /** Labels plugin, check (empty when allowed), verdict. */
  decisions: 1,
  /** No labels; messages refused before they became requests, connections accepted, lines lost for the access log. */
  wire: 3,
  /** No labels; a histogram of how late timers of a worker fired. */
  loop: histogramWidth,
  /** Labels purpose, outcome: calls to providers, counted by main. */
  exchanges: 1,
  /** No labels: workers that were replaced, counted by main. */
  restarts: 1,
} as const;

export type MetricFamily = keyof typeof familyWidths;

/** Where the values of a series are. */
export interface AnnouncedSeries {
  readonly family: MetricFamily;
  readonly labels: readonly string[];
  /** Index among the slabs of the announcing thread, in the order in which they were announced. */
  readonly slab: number;
  /** First value within the slab. */
  readonly offset: number;
}

/** To control: series that are new since the last announcement, and the memory they need. */
export interface MetricsAnnouncement {
  readonly slabs: readonly SharedArrayBuffer[];
  readonly series: readonly AnnouncedSeries[];
}

/** Where one series is counted. */
export interface MetricCell {
  readonly values: Float64Array;
  readonly at: number;
}

const slabValues = 8192;

/** Least time between two announcements: thousands of routes may be used for the first time within a second. */
export const announceEveryMs = 50;

/** The writing side. One thread writes a cell; on 64-bit platforms a reader of another sees whole numbers. */
export class MetricCells {
  readonly #announce: (announcement: MetricsAnnouncement) => void;
  #slab: Float64Array | undefined = undefined;
  #slabCount = 0;
  #used = 0;
  #newSlabs: SharedArrayBuffer[] = [];
  #newSeries: AnnouncedSeries[] = [];
  #pending = false;
  /** Something was announced so lately that what comes now waits for the rest. */
  #resting = false;

  constructor(announce: (announcement: MetricsAnnouncement) => void) {
    this.#announce = announce;
  }

  /** A new series, zero everywhere; announced before the event loop turns, or with others `announceEveryMs` after the last ones. */
  add(family: MetricFamily, labels: readonly string[]): MetricCell {
    const width = familyWidths[family];
    let slab = this.#slab;
    if (slab === undefined || this.#used + width > slabValues) {
      const memory = new SharedArrayBuffer(slabValues * Float64Array.BYTES_PER_ELEMENT);
      slab = new Float64Array(memory);
      this.#slab = slab;
      this.#slabCount += 1;
      this.#used = 0;
      this.#newSlabs.push(memory);
    }
    const cell = { values: slab, at: this.#used };
    this.#used += width;
    this.#newSeries.push({ family, labels, slab: this.#slabCount - 1, offset: cell.at });
    if (!this.#pending && !this.#resting) {
      this.#pending = true;
      queueMicrotask(() => this.#flush());
    }
    return cell;
  }

  #flush(): void {
    const announcement = { slabs: this.#newSlabs, series: this.#newSeries };
    this.#newSlabs = [];
    this.#newSeries = [];
    this.#pending = false;
    this.#resting = true;
    setTimeout(() => this.#endRest(), announceEveryMs).unref();
    this.#announce(announcement);
  }

  #endRest(): void {
    this.#resting = false;
    if (this.#newSeries.length > 0) this.#flush();
  }
}

/** Adds to one value of a cell. */
export function increase(cell: MetricCell, index: number, by: number): void {
  const { values } = cell;
  const at = cell.at + index;
  values[at] = (values[at] as number) + by;
}

/** Adds one measurement in milliseconds to the histogram that begins at `start` of the cell. */
export function addTo(cell: MetricCell, start: number, ms: number): void {
  const { values } = cell;
  const measured = Math.max(ms, 0);
  let bucket = 0;
  while (measured > (bounds[bucket] as number)) bucket += 1;
  const at = cell.at + start;
  values[at + bucket] = (values[at + bucket] as number) + 1;
  const sum = at + histogramWidth - 1;
  values[sum] = (values[sum] as number) + measured;
}
