import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import type { HttpLimits, ServerTls, TlsIdentity } from '../../http/index.ts';
import type { ProxyOptions } from '../../proxy/options.ts';
import type { Settings } from '../../settings/settings.ts';
import type { SnapshotHolder } from '../../snapshot/holder.ts';

/** Bounds of the proxy's listeners. The servers read the object at each use, so writing into it changes them at once. */
export function httpLimits({ clientLimits }: Settings): HttpLimits {
  const { bodyBytesMax: _, ...bounds } = clientLimits;
  return { ...bounds, peekBytesTotalMax: limits.peekBytesTotalMax };
}

/** What request handling is told; a new object stands for new settings. */
export function proxyOptions({ request, trustedIps, clientLimits, upstreamTls }: Settings): ProxyOptions {
  return {
    ...request,
    trustedIps,
    bodyBytesMax: clientLimits.bodyBytesMax,
    upstreamClientCertificate: upstreamTls.clientCertificate,
  };
}

export interface PoolOptions {
  readonly poolSizeMax: number;
  readonly requestsPerConnectionMax: number;
  readonly idleTimeoutMs: number;
}

/** How connections to upstreams are kept; read at each use as well. */
export function poolOptions({ upstreamKeepalive }: Settings): PoolOptions {
  const { poolSizeMax, requestsPerConnectionMax, idleTimeoutMs } = upstreamKeepalive;
  const forEver = Number.POSITIVE_INFINITY;
  return {
    poolSizeMax,
    requestsPerConnectionMax: requestsPerConnectionMax === 0 ? forEver : requestsPerConnectionMax,
    idleTimeoutMs: idleTimeoutMs === 0 ? forEver : idleTimeoutMs,
  };
}

export interface TlsParts {
  readonly holder: SnapshotHolder;
  /** The listener's own certificate, for names that no entity covers; asked at each handshake. */
  readonly usual: () => TlsIdentity;
  readonly ticketKeys: Uint8Array;
  readonly log: Logger;
}

/** TLS of the proxy's ssl listeners; certificates and who is asked for one are those of the current snapshot. */
export function serverTls({ tls }: Settings, { holder, usual, ticketKeys, log }: TlsParts): ServerTls {
  return {
    identityFor: (serverName) => holder.current.certificates.identityFor(serverName) ?? usual(),
    requestsAnyClientCertificate: () => holder.current.clientCertificateNames.any,
    requestsClientCertificate: (serverName) => holder.current.clientCertificateNames.includes(serverName),
    onCertificateFault: (serverName, reason) =>
      log.error('worker.certificate.fail', { server_name: serverName, reason }),
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    ciphers: tls.ciphers,
    honorCipherOrder: tls.preferServerCiphers,
    sessionTickets: tls.sessionTickets,
    sessionTimeoutSeconds: tls.sessionTimeoutSeconds,
    ticketKeys,
  };
}
