import type { ExchangeObserver } from '../../runtime/provider-hub.ts';
import { increase, type MetricCell, MetricCells, type MetricsAnnouncement } from '../../threads/metric-cells.ts';

/** What the main thread counts: calls to providers, and workers that had to be replaced. */
export class MainMetrics {
  readonly #cells: MetricCells;
  readonly #exchanges = new Map<string, MetricCell>();
  readonly #restarts: MetricCell;

  constructor(announce: (announcement: MetricsAnnouncement) => void) {
    this.#cells = new MetricCells(announce);
    this.#restarts = this.#cells.add('restarts', []);
  }

  readonly observeExchange: ExchangeObserver = (purpose, end) => {
    const key = `${purpose} ${end}`;
    let cell = this.#exchanges.get(key);
    if (cell === undefined) {
      cell = this.#cells.add('exchanges', [purpose, end]);
      this.#exchanges.set(key, cell);
    }
    increase(cell, 0, 1);
  };

  observeRestart(): void {
    increase(this.#restarts, 0, 1);
  }
}
