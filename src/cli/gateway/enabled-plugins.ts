import type { AnyPlugin } from '../../pdk/index.ts';
import { pluginsByName } from '../../plugins/index.ts';

/** The plugins that `plugins` lists: names, and `bundled` for all that come with the gateway. */
export function enabledPlugins(names: readonly string[]): ReadonlyMap<string, AnyPlugin> {
  const bundled = pluginsByName();
  if (names.includes('bundled')) return bundled;
  return new Map([...bundled].filter(([name]) => names.includes(name)));
}

/** Names in `plugins` that no plugin has. */
export function unknownPlugins(names: readonly string[]): string[] {
  const bundled = pluginsByName();
  return names.filter((name) => name !== 'bundled' && !bundled.has(name));
}
