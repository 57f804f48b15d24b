import { type AdminParts, type AdminServer, createAdminServer, createStatusServer } from '../../admin/index.ts';
import type { CertificatePair, Listener } from '../../settings/settings.ts';
import type { BoundListener } from '../../threads/messages.ts';
import type { ControlSettings } from './control-thread.ts';

/** The listeners of the control thread. */
export interface AdminServers {
  /** Opens the status listeners, so that probes learn early that the node is not ready yet. */
  listenForProbes(): Promise<void>;
  /** Opens the listeners of the Admin API; resolves with all that are open. */
  listen(): Promise<{ readonly admin: readonly BoundListener[]; readonly status: readonly BoundListener[] }>;
  renewCertificates(settings: ControlSettings): void;
  close(): Promise<void>;
}

export function createAdminServers(settings: ControlSettings, parts: AdminParts): AdminServers {
  const admin = createAdminServer(parts);
  const status = createStatusServer(parts);
  let probed: BoundListener[] = [];
  return {
    async listenForProbes() {
      probed = await open(status, settings.statusListen, settings.statusCertificate);
    },
    async listen() {
      return { admin: await open(admin, settings.adminListen, settings.adminCertificate), status: probed };
    },
    renewCertificates({ adminCertificate, statusCertificate }) {
      if (adminCertificate !== undefined) admin.renewCertificate(adminCertificate);
      if (statusCertificate !== undefined) status.renewCertificate(statusCertificate);
    },
    async close() {
      await Promise.all([admin.close(), status.close()]);
    },
  };
}

async function open(
  server: AdminServer,
  listeners: readonly Listener[],
  certificate: CertificatePair | undefined,
): Promise<BoundListener[]> {
  const bound: BoundListener[] = [];
  for (const { host, port, ssl, backlog, ipv6Only } of listeners) {
    const tls = ssl ? certificate : undefined;
    const at = await server.listen({
      host,
      port,
      ipv6Only,
      ...(backlog === undefined ? {} : { backlog }),
      ...(tls === undefined ? {} : { tls }),
    });
    bound.push({ host, port: at.port, ssl });
  }
  return bound;
}
