import { limits } from '../base/limits.ts';
import type {
  AnyPlugin,
  CheckView,
  DecisionCheck,
  DecisionDraft,
  DecisionRecord,
  Failure,
  PluginInstance,
} from '../pdk/index.ts';

interface Slot {
  requestId: string;
  at: number;
  status: number;
  routeId: string;
  routeName: string | null;
  plugin: AnyPlugin | undefined;
  instance: PluginInstance | undefined;
  prepared: unknown;
  low: number;
  high: number;
  facts: unknown;
  failure: Failure | undefined;
}

export interface Decided {
  readonly requestId: string;
  readonly at: number;
  readonly status: number;
  readonly route: { readonly id: string; readonly name: string | null };
  readonly plugin: AnyPlugin;
  readonly instance: PluginInstance;
  readonly prepared: unknown;
  readonly draft: DecisionDraft;
}

/** One ring of preallocated slots, overwritten in place: recording allocates nothing. */
class Ring {
  readonly #slots: Slot[] = [];
  readonly #size: number;
  #next = 0;

  constructor(size: number) {
    this.#size = size;
  }

  write(decided: Decided): void {
    let slot = this.#slots[this.#next];
    if (slot === undefined) {
      slot = emptySlot();
      this.#slots[this.#next] = slot;
    }
    this.#next = (this.#next + 1) % this.#size;
    slot.requestId = decided.requestId;
    slot.at = decided.at;
    slot.status = decided.status;
    slot.routeId = decided.route.id;
    slot.routeName = decided.route.name;
    slot.plugin = decided.plugin;
    slot.instance = decided.instance;
    slot.prepared = decided.prepared;
    slot.low = decided.draft.low;
    slot.high = decided.draft.high;
    slot.facts = decided.draft.facts;
    slot.failure = decided.draft.failure;
  }

  /** Newest first. */
  *newest(): Generator<Slot> {
    const count = this.#slots.length;
    for (let step = 1; step <= count; step += 1) {
      const slot = this.#slots[(this.#next - step + count) % count];
      if (slot !== undefined) yield slot;
    }
  }
}

function emptySlot(): Slot {
  return {
    requestId: '',
    at: 0,
    status: 0,
    routeId: '',
    routeName: null,
    plugin: undefined,
    instance: undefined,
    prepared: undefined,
    low: 0,
    high: 0,
    facts: undefined,
    failure: undefined,
  };
}

/**
 * The decisions of one worker. Refusals have a ring of their own, so that traffic cannot push out
 * the reason somebody is about to look up.
 */
export class DecisionRings {
  readonly #allowed: Ring;
  readonly #refused: Ring;

  constructor(kept: number = limits.decisionsKept) {
    this.#allowed = new Ring(kept);
    this.#refused = new Ring(kept);
  }

  record(decided: Decided): void {
    (decided.draft.failure === undefined ? this.#allowed : this.#refused).write(decided);
  }

  find(requestId: string): DecisionRecord | undefined {
    for (const ring of [this.#refused, this.#allowed]) {
      for (const slot of ring.newest()) if (slot.requestId === requestId) return materialise(slot);
    }
    return undefined;
  }

  list(verdict: 'allowed' | 'refused' | undefined, size: number): DecisionRecord[] {
    const records: DecisionRecord[] = [];
    for (const [name, ring] of [
      ['allowed', this.#allowed],
      ['refused', this.#refused],
    ] as const) {
      if (verdict !== undefined && verdict !== name) continue;
      let taken = 0;
      for (const slot of ring.newest()) {
        if (taken === size) break;
        taken += 1;
        records.push(materialise(slot));
      }
    }
    return sortNewestFirst(records).slice(0, size);
  }
}

/** Newest first; equal times keep their order. Used again where the records of several workers are joined. */
export function sortNewestFirst(records: DecisionRecord[]): DecisionRecord[] {
  return records.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
}

/** The record of a decision that was just made, for the log line of a refusal. */
export function materialiseDecided(decided: Decided): DecisionRecord {
  const slot = emptySlot();
  const ring = new Ring(1);
  ring.write(decided);
  for (const only of ring.newest()) return materialise(only);
  return materialise(slot);
}

function materialise(slot: Slot): DecisionRecord {
  const { plugin, failure } = slot;
  const checks: DecisionCheck[] = [];
  const specs = plugin?.checks ?? [];
  for (let index = 0; index < specs.length; index += 1) {
    const spec = specs[index];
    if (spec === undefined) continue;
    if (failure?.check === index) {
      checks.push({
        check: spec.name,
        verdict: 'fail',
        seen: clip(failure.seen),
        expected: clip(failure.expected),
        field: failure.field === undefined ? spec.field : failure.field,
        hint: failure.hint,
      });
      continue;
    }
    const passed = index < 31 ? (slot.low & (1 << index)) !== 0 : (slot.high & (1 << (index - 31))) !== 0;
    const view = passed ? plugin?.describeCheck?.(index, slot.facts, slot.prepared) : undefined;
    checks.push(checkOf(spec.name, spec.field, passed, view));
  }
  return {
    request_id: slot.requestId,
    at: new Date(slot.at).toISOString(),
    verdict: failure === undefined ? 'allowed' : 'refused',
    status: slot.status,
    route: slot.routeId === '' ? null : { id: slot.routeId, name: slot.routeName },
    plugin: { id: slot.instance?.id ?? '', name: plugin?.name ?? '' },
    failed: failure === undefined ? null : (specs[failure.check]?.name ?? null),
    text: failure?.text ?? null,
    checks,
  };
}

function checkOf(name: string, field: string | null, passed: boolean, view: CheckView | undefined): DecisionCheck {
  return {
    check: name,
    verdict: passed ? 'pass' : 'skip',
    seen: clip(view?.seen ?? 'none'),
    expected: clip(view?.expected ?? 'none'),
    field,
    hint: null,
  };
}

function clip(text: string): string {
  return text.length <= limits.decisionTextMax ? text : `${text.slice(0, limits.decisionTextMax - 1)}…`;
}
