import { createDispatch } from './dispatch.ts';
import { createGuard } from './guard.ts';
import { createListeners, type Listeners } from './listeners.ts';
import type { AdminParts } from './parts.ts';
import { createRouter } from './router.ts';
import { adminRoutes } from './routes.ts';

export type AdminServer = Listeners;

/** The guide's gateway serves its Admin API under this path of the public address. */
const prefixes = ['/kong-admin'];

/** The Admin API on as many addresses as it is told to listen on. */
export function createAdminServer(parts: AdminParts): AdminServer {
  const { settings, log } = parts;
  const { bodyBytesMax } = settings;
  const guard = createGuard({ allowedHosts: settings.allowedHosts, adminGuiUrls: settings.adminGuiUrls });
  const dispatch = createDispatch({ router: createRouter(adminRoutes(parts)), prefixes, guard, bodyBytesMax, log });
  return createListeners({
    dispatch,
    bodyBytesMax,
    serverName: `sallyport/${settings.version}`,
    addsHeader: (lower) => settings.addedHeaders?.includes(lower) ?? true,
    log,
  });
}
