import type { ClientRequest } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect, isIP } from 'node:net';
import type { ActiveChecks } from '../base/balancing.ts';
import { nodeHttp } from '../base/late-modules.ts';
import { packageVersion } from '../base/paths.ts';

export type ProbeResult =
  | { readonly kind: 'status'; readonly status: number }
  /** Of a check that looks no further than the connection. */
  | { readonly kind: 'connected' }
  | { readonly kind: 'tcp_failure'; readonly detail: string }
  | { readonly kind: 'timeout' };

export interface ProbeAddress {
  readonly ip: string;
  readonly port: number;
  /** Sent as Host, and as server name unless the check has one. */
  readonly host: string;
}

export type Probe = (checks: ActiveChecks, address: ProbeAddress) => Promise<ProbeResult>;

/** For checks whose time-out is 0. */
const timeoutMsDefault = 60_000;

/** Asks one address how it is, on a connection of its own. Never throws; ends within the check's time-out. */
export const probe: Probe = (checks, address) => {
  return new Promise((resolve) => {
    const timeoutMs = checks.timeoutMs === 0 ? timeoutMsDefault : checks.timeoutMs;
    let end: () => void = () => undefined;
    const finish = (result: ProbeResult) => {
      clearTimeout(timer);
      resolve(result);
      end();
    };
    const timer = setTimeout(() => finish({ kind: 'timeout' }), timeoutMs);
    const fail = (error: NodeJS.ErrnoException) =>
      finish(
        error.code === 'ETIMEDOUT' ? { kind: 'timeout' } : { kind: 'tcp_failure', detail: error.code ?? error.name },
      );
    if (checks.type === 'tcp') {
      const socket = connect({ host: address.ip, port: address.port });
      end = () => socket.destroy();
      socket.on('error', fail);
      socket.once('connect', () => finish({ kind: 'connected' }));
      return;
    }
    try {
      const request = open(checks, checks.type, address);
      end = () => request.destroy();
      request.on('error', fail);
      request.once('response', ({ statusCode = 0 }) => finish({ kind: 'status', status: statusCode }));
      request.end();
    } catch (error) {
      // A header or path that no message can carry.
      fail(error instanceof Error ? error : new Error('unknown failure'));
    }
  });
};

function open(checks: ActiveChecks, type: 'http' | 'https', address: ProbeAddress): ClientRequest {
  const headers: Record<string, string | string[]> = { host: hostField(type, address) };
  for (const [name, value] of checks.headers) {
    const lower = name.toLowerCase();
    const before = headers[lower];
    // Node takes a single text for Host only.
    headers[lower] = before === undefined || lower === 'host' ? value : [before, value].flat();
  }
  headers['user-agent'] ??= `sallyport/${packageVersion()} (health check)`;
  headers['connection'] = 'close';
  const options = {
    host: address.ip,
    port: address.port,
    path: checks.path,
    method: 'GET',
    headers,
    agent: false as const,
    setHost: false,
  };
  if (type === 'http') return nodeHttp.request(options);
  const serverName = checks.serverName ?? address.host.replace(/:\d+$/, '');
  return requestHttps({
    ...options,
    rejectUnauthorized: checks.verify,
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
  });
}

function hostField(type: 'http' | 'https', { host, port }: ProbeAddress): string {
  const bare = isIP(host) === 6 ? `[${host}]` : host;
  return /:\d+$/.test(bare) && isIP(host) === 0
    ? bare
    : port === (type === 'https' ? 443 : 80)
      ? bare
      : `${bare}:${port}`;
}
