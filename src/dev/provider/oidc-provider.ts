import type { RequestListener } from 'node:http';
import { Provider } from 'oidc-provider';
import type { OidcMode } from './oidc-configuration.ts';

/**
 * Builds one instance of the package oidc-provider. This file is the package's only door, and only the
 * provider process loads it. Faults inside the package go to standard error, which the parent keeps.
 */
export function createOidcHandler(mode: OidcMode): RequestListener {
  const provider = new Provider(mode.issuer, mode.configuration);
  provider.silent = true;
  provider.on('server_error', (_context, error) => {
    process.stderr.write(`server_error ${error instanceof Error ? error.message : 'unknown'}\n`);
  });
  for (const middleware of mode.middleware) provider.use(middleware);
  return provider.callback();
}
