import type { Server } from 'node:http';
import { DevStartError } from './start-error.ts';

/** Binds `server` and resolves with its port; 0 takes any free one. Throws DevStartError `port_busy` or `start_failed`. */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        reject(new DevStartError('port_busy', `Port ${port} on ${host} is already in use by another program.`));
      } else {
        reject(new DevStartError('start_failed', `Cannot listen on ${host}:${port} (${error.code ?? 'unknown'}).`));
      }
    };
    server.once('error', fail);
    server.listen(port, host, () => {
      server.removeListener('error', fail);
      const address = server.address();
      if (address !== null && typeof address === 'object') resolve(address.port);
      else reject(new DevStartError('start_failed', `Cannot listen on ${host}:${port}.`));
    });
  });
}
