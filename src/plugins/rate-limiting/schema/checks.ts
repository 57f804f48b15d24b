import type { Fault } from '../../../schema/index.ts';
import { windowNames } from '../windows.ts';
import type { RateLimitingConfig } from './index.ts';

/** Kong's rules across fields: some limit, limits that grow with their windows, and a name for what is counted by. */
export function checkRateLimiting(config: RateLimitingConfig): Fault[] {
  return [...limitFaults(config), ...orderFaults(config), ...nameFaults(config)];
}

function limitFaults(config: RateLimitingConfig): Fault[] {
  if (windowNames.some((name) => config[name] !== null)) return [];
  const names = windowNames.map((name) => `'config.${name}'`).join(', ');
  return [{ path: [], entity: true, message: `at least one of these fields must be non-empty: ${names}` }];
}

/** A wider window with a smaller limit would make the narrower one pointless. */
function orderFaults(config: RateLimitingConfig): Fault[] {
  const set = windowNames.flatMap((name) => {
    const limit = config[name];
    return limit === null ? [] : [{ name, limit }];
  });
  for (const [index, wider] of set.entries()) {
    const narrower = set.slice(0, index).find(({ limit }) => limit > wider.limit);
    if (narrower === undefined) continue;
    const message = `The limit for ${limitText(wider)} cannot be lower than the limit for ${limitText(narrower)}`;
    return [{ path: [], message }];
  }
  return [];
}

function limitText({ name, limit }: { readonly name: string; readonly limit: number }): string {
  return `${name}(${limit.toFixed(1)})`;
}

function nameFaults({ limit_by, header_name, path }: RateLimitingConfig): Fault[] {
  const missing =
    limit_by === 'header' && header_name === null
      ? 'header_name'
      : limit_by === 'path' && path === null
        ? 'path'
        : undefined;
  if (missing === undefined) return [];
  return [
    { path: [], entity: true, message: "failed conditional validation given value of field 'config.limit_by'" },
    { path: [missing], message: 'required field missing' },
  ];
}
