import type { HeaderList } from './types.ts';

/**
 * Fields that speak about one connection and its framing (RFC 9110 §7.6.1), never copied to the
 * other side. `Expect` is among them because the gateway answers it itself.
 */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** Whether the field is one of `hopByHop`. */
export function isHopByHop(lower: string): boolean {
  return hopByHop.has(lower);
}

/** Lower-cased names that `Connection` lists beyond the fixed ones; undefined when there are none. */
export function hopByHopNames(list: HeaderList): ReadonlySet<string> | undefined {
  let named: Set<string> | undefined;
  for (let i = 0; i < list.length; i += 1) {
    if (list.lowers[i] !== 'connection') continue;
    const value = list.values[i] ?? '';
    if (value === 'keep-alive' || value === 'close') continue;
    for (const part of value.toLowerCase().split(',')) {
      const option = part.trim();
      if (option === '' || option === 'close' || hopByHop.has(option)) continue;
      named ??= new Set();
      named.add(option);
    }
  }
  return named;
}
