import { familyWidths, type MetricFamily, type MetricsAnnouncement } from '../../threads/metric-cells.ts';

/** One series of the node: what all threads counted, those that are gone as well. */
export interface MergedSeries {
  readonly labels: readonly string[];
  readonly values: Float64Array;
}

interface Entry {
  readonly family: MetricFamily;
  readonly labels: readonly string[];
  /** What threads that are gone had counted. */
  readonly kept: Float64Array;
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

  /** `source` is the number of a worker, or `mainSource`. */
  announce(source: number, { slabs, series }: MetricsAnnouncement): void {
    let memory = this.#slabs.get(source);
    if (memory === undefined) {
      memory = [];
      this.#slabs.set(source, memory);
    }
    memory.push(...slabs);
    for (const { family, labels, slab, offset } of series) {
      const shared = memory[slab];
      if (shared === undefined) continue;
      const at = offset * Float64Array.BYTES_PER_ELEMENT;
      this.#entryOf(family, labels).parts.set(source, new Float64Array(shared, at, familyWidths[family]));
    }
  }

  /** The thread has ended: its counts become part of what is kept, and its memory is let go. */
  retire(source: number): void {
    if (!this.#slabs.delete(source)) return;
    for (const { parts, kept } of this.#entries.values()) {
      const part = parts.get(source);
      if (part === undefined) continue;
      addUp(kept, part);
      parts.delete(source);
    }
  }

  /** Every series of a family, summed over the threads. */
  series(family: MetricFamily): MergedSeries[] {
    const merged: MergedSeries[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.family !== family) continue;
      const values = Float64Array.from(entry.kept);
      for (const part of entry.parts.values()) addUp(values, part);
      merged.push({ labels: entry.labels, values });
    }
    return merged;
  }

  /** One value of a family summed over its series; of threads that are gone alone when `gone` is set. */
  total(family: MetricFamily, index = 0, gone = false): number {
    let total = 0;
    for (const entry of this.#entries.values()) {
      if (entry.family !== family) continue;
      total += entry.kept[index] ?? 0;
      if (!gone) for (const part of entry.parts.values()) total += part[index] ?? 0;
    }
    return total;
  }

  #entryOf(family: MetricFamily, labels: readonly string[]): Entry {
    const key = JSON.stringify([family, ...labels]);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { family, labels, kept: new Float64Array(familyWidths[family]), parts: new Map() };
      this.#entries.set(key, entry);
    }
    return entry;
  }
}

function addUp(sum: Float64Array, part: Float64Array): void {
  for (let index = 0; index < sum.length; index += 1) sum[index] = (sum[index] ?? 0) + (part[index] ?? 0);
}
