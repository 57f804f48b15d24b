import { familyWidths, type MetricFamily, type MetricsAnnouncement } from '../../threads/metric-cells.ts';

/** One series of the node: what all threads counted, those that are gone as well. */
export interface MergedSeries {
  readonly labels: readonly string[];
  readonly values: Float64Array;
}

interface Entry {
  readonly family: MetricFamily;
  readonly labels: readonly string[];
  /** What threads that are gone had counted; undefined while all of them run. */
  kept: Float64Array | undefined;
  readonly parts: Map<number, Float64Array>;
}

/** The thread that is no worker. */
export const mainSource = 0;

/**
 * Control's side of the counters: finds the cells of every thread and adds them up when asked. A worker that is
 * replaced takes nothing with it.
 */
export class MetricsLedger {
  readonly #entries = new Map<string, Entry>();
  readonly #slabs = new Map<number, SharedArrayBuffer[]>();
  /** Announced and not yet among the entries: what nobody asks for costs next to nothing. */
  #unread: { readonly source: number; readonly series: MetricsAnnouncement['series'] }[] = [];

  /** `source` is the number of a worker, or `mainSource`. */
  announce(source: number, { slabs, series }: MetricsAnnouncement): void {
    let memory = this.#slabs.get(source);
    if (memory === undefined) {
      memory = [];
      this.#slabs.set(source, memory);
    }
    memory.push(...slabs);
    this.#unread.push({ source, series });
  }

  /** The thread has ended: its counts become part of what is kept, and its memory is let go. */
  retire(source: number): void {
    this.#read();
    if (!this.#slabs.delete(source)) return;
    for (const entry of this.#entries.values()) {
      const part = entry.parts.get(source);
      if (part === undefined) continue;
      entry.kept ??= new Float64Array(part.length);
      addUp(entry.kept, part);
      entry.parts.delete(source);
    }
  }

  /** Every series of a family, summed over the threads. */
  series(family: MetricFamily): MergedSeries[] {
    this.#read();
    const merged: MergedSeries[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.family !== family) continue;
      const values = new Float64Array(familyWidths[family]);
      if (entry.kept !== undefined) addUp(values, entry.kept);
      for (const part of entry.parts.values()) addUp(values, part);
      merged.push({ labels: entry.labels, values });
    }
    return merged;
  }

  /** One value of a family summed over its series; of threads that are gone alone when `gone` is set. */
  total(family: MetricFamily, index = 0, gone = false): number {
    this.#read();
    let total = 0;
    for (const entry of this.#entries.values()) {
      if (entry.family !== family) continue;
      total += entry.kept?.[index] ?? 0;
      if (!gone) for (const part of entry.parts.values()) total += part[index] ?? 0;
    }
    return total;
  }

  #read(): void {
    for (const { source, series } of this.#unread) this.#enter(source, series);
    this.#unread = [];
  }

  #enter(source: number, series: MetricsAnnouncement['series']): void {
    const memory = this.#slabs.get(source) ?? [];
    for (const { family, labels, slab, offset } of series) {
      const shared = memory[slab];
      if (shared === undefined) continue;
      const at = offset * Float64Array.BYTES_PER_ELEMENT;
      this.#entryOf(family, labels).parts.set(source, new Float64Array(shared, at, familyWidths[family]));
    }
  }

  #entryOf(family: MetricFamily, labels: readonly string[]): Entry {
    const key = JSON.stringify([family, ...labels]);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { family, labels, kept: undefined, parts: new Map() };
      this.#entries.set(key, entry);
    }
    return entry;
  }
}

function addUp(sum: Float64Array, part: Float64Array): void {
  for (let index = 0; index < sum.length; index += 1) sum[index] = (sum[index] ?? 0) + (part[index] ?? 0);
}
