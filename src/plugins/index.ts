import type { AnyPlugin } from '../pdk/index.ts';
import { openidConnect } from './openid-connect/index.ts';

/** Every bundled plugin; the only list of them. */
export const bundledPlugins: readonly AnyPlugin[] = [openidConnect as unknown as AnyPlugin];

/** By name, for the Admin API, the compiler and declarative files. */
export function pluginsByName(): ReadonlyMap<string, AnyPlugin> {
  return new Map(bundledPlugins.map((plugin) => [plugin.name, plugin]));
}
