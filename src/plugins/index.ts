import type { AnyPlugin } from '../pdk/index.ts';
import { acl } from './acl/index.ts';
import { correlationId } from './correlation-id/index.ts';
import { cors } from './cors/index.ts';
import { keyAuth } from './key-auth/index.ts';
import { openidConnect } from './openid-connect/index.ts';
import { rateLimiting } from './rate-limiting/index.ts';
import { requestTermination } from './request-termination/index.ts';
import { tlsHandshakeModifier } from './tls-handshake-modifier/index.ts';

/** Every bundled plugin, in the order in which they run; the only list of them. */
export const bundledPlugins: readonly AnyPlugin[] = [
  correlationId as unknown as AnyPlugin,
  cors as unknown as AnyPlugin,
  keyAuth as unknown as AnyPlugin,
  openidConnect as unknown as AnyPlugin,
  tlsHandshakeModifier as unknown as AnyPlugin,
  acl as unknown as AnyPlugin,
  rateLimiting as unknown as AnyPlugin,
  requestTermination as unknown as AnyPlugin,
];

/** By name, for the Admin API, the compiler and declarative files. */
export function pluginsByName(): ReadonlyMap<string, AnyPlugin> {
  return new Map(bundledPlugins.map((plugin) => [plugin.name, plugin]));
}
