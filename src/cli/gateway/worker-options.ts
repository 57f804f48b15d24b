import { limits } from '../../base/limits.ts';
import type { HttpLimits, ServerTls, TlsIdentity } from '../../http/index.ts';
import type { ProxyOptions } from '../../proxy/options.ts';
import type { Settings } from '../../settings/settings.ts';

/** Bounds of the proxy's listeners. The servers read the object at each use, so writing into it changes them at once. */
export function httpLimits({ clientLimits }: Settings): HttpLimits {
  const { bodyBytesMax: _, ...bounds } = clientLimits;
  return { ...bounds, peekBytesTotalMax: limits.peekBytesTotalMax };
}

/** What request handling is told; a new object stands for new settings. */
export function proxyOptions({ request, trustedIps, clientLimits }: Settings): ProxyOptions {
  return { ...request, trustedIps, bodyBytesMax: clientLimits.bodyBytesMax };
}

/** How connections to upstreams are kept; read at each use as well. */
export function poolOptions({ upstreamKeepalive }: Settings) {
  const { poolSizeMax, requestsPerConnectionMax, idleTimeoutMs } = upstreamKeepalive;
  const forEver = Number.POSITIVE_INFINITY;
  return {
    poolSizeMax,
    requestsPerConnectionMax: requestsPerConnectionMax === 0 ? forEver : requestsPerConnectionMax,
    idleTimeoutMs: idleTimeoutMs === 0 ? forEver : idleTimeoutMs,
  };
}

export interface TlsParts {
  /** Asked at each handshake. */
  readonly identityFor: (serverName: string | undefined) => TlsIdentity;
  readonly ticketKeys: Uint8Array;
}

/** TLS of the proxy's ssl listeners. */
export function serverTls({ tls }: Settings, parts: TlsParts): ServerTls {
  return {
    identityFor: parts.identityFor,
    requestsAnyClientCertificate: () => false,
    requestsClientCertificate: () => false,
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    ciphers: tls.ciphers,
    honorCipherOrder: tls.preferServerCiphers,
    sessionTickets: tls.sessionTickets,
    sessionTimeoutSeconds: tls.sessionTimeoutSeconds,
    ticketKeys: parts.ticketKeys,
  };
}
