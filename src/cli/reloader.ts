import type { LoadedSettings } from '../settings/load-settings.ts';
import { type ReadSettings, reloadedSettings } from '../settings/reloaded.ts';
import type { Settings } from '../settings/settings.ts';
import type { ReloadReport } from './run-files.ts';

export interface ReloaderParts {
  /** What the process runs with. */
  readonly running: ReadSettings;
  /** Reads file and environment as at the start. */
  readonly load: () => LoadedSettings;
  /** Takes settings into use, or answers why not; then the former ones stay in force. `notes` tell what else changed. */
  readonly apply: (
    settings: Settings,
  ) => Promise<{ readonly faults: readonly string[]; readonly notes: readonly string[] }>;
  readonly report: (report: ReloadReport) => void;
  readonly now?: () => number;
}

/** Reads settings anew when asked, one reading at a time; asked meanwhile, it reads once more afterwards. */
export class Reloader {
  readonly #parts: ReloaderParts;
  #running: ReadSettings;
  #busy: Promise<void> | undefined;
  #again = false;

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
    this.#running = parts.running;
  }

  /** Resolves when a reading that began after the call is over. */
  request(): Promise<void> {
    if (this.#busy !== undefined) this.#again = true;
    else {
      this.#busy = this.#run().finally(() => {
        this.#busy = undefined;
      });
    }
    return this.#busy ?? Promise.resolve();
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      const startedAt = (this.#parts.now ?? Date.now)();
      this.#parts.report({ startedAt, ...(await this.#reload()) });
    } while (this.#again);
  }

  async #reload(): Promise<Omit<ReloadReport, 'startedAt'>> {
    const loaded = this.#parts.load();
    if (loaded.kind === 'faults') return refused(loaded.faults);
    const next = reloadedSettings(this.#running, loaded);
    const { faults, notes } = await this.#parts.apply(next.settings).catch((error: unknown) => ({
      faults: [error instanceof Error ? error.message : String(error)],
      notes: [],
    }));
    if (faults.length > 0) return refused(faults);
    this.#running = next;
    const lines = [
      ...loaded.warnings.map((warning) => `warning: ${warning}`),
      ...(next.live.length === 0 ? [] : [`in force now: ${next.live.join(', ')}`]),
      ...(next.live.length + next.restart.length === 0 ? ['no setting changed'] : []),
      ...notes,
      ...(next.restart.length === 0 ? [] : [`needs a restart to take effect: ${next.restart.join(', ')}`]),
    ];
    return { outcome: 'done', lines };
  }
}

function refused(faults: readonly string[]): Omit<ReloadReport, 'startedAt'> {
  return { outcome: 'refused', lines: [...faults, 'nothing was changed; the former settings stay in force'] };
}
