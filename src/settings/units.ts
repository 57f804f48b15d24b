/**
 * A size in nginx's form: a whole number of bytes, or with `k`, `m` or `g` of binary multiples. Bytes;
 * undefined when it is not such a size.
 */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,12})([kKmMgG]?)$/.exec(text);
  if (match === null) return undefined;
  const multiple = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[(match[2] ?? '').toLowerCase()] ?? 1;
  return Number(match[1]) * multiple;
}

const unitMs: Readonly<Record<string, number>> = {
  '': 1000,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A time in nginx's form: `60`, `60s`, `500ms`, `1m 30s`, `1d`. Milliseconds; undefined when it is not such a time. */
export function parseTime(text: string): number | undefined {
  let total = 0;
  const parts = text.trim().split(/\s+/);
  for (const part of parts) {
    const match = /^(\d{1,10})(ms|s|m|h|d|w|)$/.exec(part);
    if (match === null) return undefined;
    total += Number(match[1]) * (unitMs[match[2] ?? ''] ?? 1000);
  }
  return total <= Number.MAX_SAFE_INTEGER ? total : undefined;
}
