/**
 * The ordered record of checks behind every plugin verdict. The refusal's text, the log line and the
 * Admin API's answer are views of it. A passed check costs one bit; `seen` and `expected` are worked
 * out only when somebody reads the record.
 */
export interface CheckSpec {
  /** Dotted and stable: `token.audience`. Part of the public interface. */
  readonly name: string;
  /** What is checked, one sentence, for the reference page. */
  readonly about: string;
  /** The setting that rules it (`config.audience_required`, `consumers.username`), null where none does. */
  readonly field: string | null;
}

export interface CheckView {
  readonly seen: string;
  readonly expected: string;
}

export interface Failure {
  /** Index into the plugin's list of checks. */
  readonly check: number;
  /** HTTP status given to the client. */
  readonly status: number;
  /** The sentence the client gets; no setting, no secret. */
  readonly text: string;
  /** Compared values only, redacted by construction. */
  readonly seen: string;
  readonly expected: string;
  /** What to change and where, or who else must. */
  readonly hint: string;
  /** Overrides the check's own field where another setting rules this fault. */
  readonly field?: string | null;
}

/** A plugin's checks in the order they are made, and the index of each by its name. */
export function namedChecks<Name extends string>(
  specs: Readonly<Record<Name, Omit<CheckSpec, 'name'>>>,
): { readonly checks: readonly CheckSpec[]; readonly check: Readonly<Record<Name, number>> } {
  const names = Object.keys(specs) as Name[];
  return {
    checks: names.map((name) => ({ name, ...specs[name] })),
    check: Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>,
  };
}

/** A plugin's list of checks has at most this many entries: two integer words of bits. */
export const checksMax = 62;

/** A set of passed checks, worked out once and merged into many drafts. */
export interface PassedChecks {
  readonly low: number;
  readonly high: number;
}

export function passedChecks(checks: readonly number[]): PassedChecks {
  let low = 0;
  let high = 0;
  for (const check of checks) {
    if (check < 31) low |= 1 << check;
    else high |= 1 << (check - 31);
  }
  return { low, high };
}

/** Filled by a plugin during one request. */
export class DecisionDraft {
  low = 0;
  high = 0;
  facts: unknown = undefined;
  failure: Failure | undefined = undefined;
  decided = false;

  pass(check: number): void {
    if (check < 31) this.low |= 1 << check;
    else this.high |= 1 << (check - 31);
  }

  /** Marks what a cached verification established. */
  passAll(passed: PassedChecks): void {
    this.low |= passed.low;
    this.high |= passed.high;
  }

  /** Takes back what a cached verification established but this use does not. */
  unpass(check: number): void {
    if (check < 31) this.low &= ~(1 << check);
    else this.high &= ~(1 << (check - 31));
  }

  hasPassed(check: number): boolean {
    return check < 31 ? (this.low & (1 << check)) !== 0 : (this.high & (1 << (check - 31))) !== 0;
  }

  /** The plugin let the request go on; `facts` is what its `describeCheck` reads later. */
  allow(facts: unknown): void {
    this.facts = facts;
    this.failure = undefined;
    this.decided = true;
  }

  /** The plugin refuses; `facts` describes the checks that passed before. */
  refuse(failure: Failure, facts: unknown): void {
    this.failure = failure;
    this.facts = facts;
    this.decided = true;
  }
}

/** `GET /decisions/{request_id}`. */
export interface DecisionRecord {
  readonly request_id: string;
  readonly at: string;
  readonly verdict: 'allowed' | 'refused';
  readonly status: number;
  readonly route: { readonly id: string; readonly name: string | null } | null;
  readonly plugin: { readonly id: string; readonly name: string };
  readonly failed: string | null;
  readonly text: string | null;
  readonly checks: readonly DecisionCheck[];
}

export interface DecisionCheck {
  readonly check: string;
  readonly verdict: 'pass' | 'fail' | 'skip';
  readonly seen: string;
  readonly expected: string;
  readonly field: string | null;
  readonly hint: string | null;
}
