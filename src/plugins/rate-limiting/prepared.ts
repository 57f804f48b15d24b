import type { PluginInstance } from '../../pdk/index.ts';
import type { RateLimitingConfig } from './schema/index.ts';
import { type WindowName, windowNames } from './windows.ts';

/** One window that is limited. */
export interface Limit {
  readonly name: WindowName;
  readonly limit: number;
  readonly limitHeader: string;
  readonly remainingHeader: string;
}

/** One configuration, worked out once. */
export interface RateLimiting {
  readonly config: RateLimitingConfig;
  /** Every entry of the configuration counts for itself. */
  readonly instanceId: string;
  /** From the narrowest window to the widest. */
  readonly limits: readonly Limit[];
  readonly header: string;
}

export function prepareRateLimiting(config: RateLimitingConfig, instance: PluginInstance): RateLimiting {
  const limits = windowNames.flatMap((name) => {
    const limit = config[name];
    const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    if (limit === null) return [];
    return [
      { name, limit, limitHeader: `X-RateLimit-Limit-${title}`, remainingHeader: `X-RateLimit-Remaining-${title}` },
    ];
  });
  return { config, instanceId: instance.id, limits, header: config.header_name?.toLowerCase() ?? '' };
}
