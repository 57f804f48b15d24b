import { createServer } from 'node:net';
import type { Listener, Settings } from '../../settings/settings.ts';
import { StartError } from './start-error.ts';

/**
 * Tries every address once without port sharing: with it, a second gateway would silently take half of
 * the first one's requests. Port 0 is settled here, so that all workers share the same one.
 */
export async function fixPorts(settings: Settings): Promise<Settings> {
  const settle = async (listeners: readonly Listener[], what: string): Promise<Listener[]> => {
    const fixed: Listener[] = [];
    for (const listener of listeners) fixed.push({ ...listener, port: await probe(listener, what) });
    return fixed;
  };
  return {
    ...settings,
    proxyListen: await settle(settings.proxyListen, 'proxy_listen'),
    adminListen: await settle(settings.adminListen, 'admin_listen'),
    statusListen: await settle(settings.statusListen, 'status_listen'),
  };
}

function probe({ host, port, ipv6Only }: Listener, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new StartError(explainListen(error, host, port, what))),
    );
    server.listen({ host, port, ipv6Only, exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(found));
    });
  });
}

function explainListen(error: NodeJS.ErrnoException, host: string, port: number, what: string): string {
  const setting = `SALLYPORT_${what.toUpperCase()}`;
  if (error.code === 'EADDRINUSE') {
    return `${what}: port ${port} on ${host} is in use by another process. Stop that process, or set ${setting} to another address.`;
  }
  if (error.code === 'EACCES')
    return `${what}: not allowed to listen on port ${port}. Ports below 1024 need a privilege; set ${setting} to a higher one.`;
  if (error.code === 'EADDRNOTAVAIL') return `${what}: this machine has no address ${host}. Correct ${setting}.`;
  return `${what}: cannot listen on ${host}:${port} (${error.code ?? error.message}).`;
}
