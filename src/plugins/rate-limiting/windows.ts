/** From the narrowest to the widest. */
export const windowNames = ['second', 'minute', 'hour', 'day', 'month', 'year'] as const;

export type WindowName = (typeof windowNames)[number];

/** A window in epoch milliseconds. */
export interface Window {
  readonly startMs: number;
  readonly lengthMs: number;
}

const lengths = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** The window of this kind that `nowMs` lies in, aligned to the clock in UTC; months and years are those of the calendar. */
export function windowAt(name: WindowName, nowMs: number): Window {
  if (name !== 'month' && name !== 'year') {
    const lengthMs = lengths[name];
    return { startMs: Math.floor(nowMs / lengthMs) * lengthMs, lengthMs };
  }
  const now = new Date(nowMs);
  const year = now.getUTCFullYear();
  const month = name === 'month' ? now.getUTCMonth() : 0;
  const startMs = Date.UTC(year, month, 1);
  const endMs = name === 'month' ? Date.UTC(year, month + 1, 1) : Date.UTC(year + 1, 0, 1);
  return { startMs, lengthMs: endMs - startMs };
}
