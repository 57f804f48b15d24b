import type { LogLevel } from '../base/log.ts';

/** One address that something listens on. */
export interface Listener {
  /** IPv4 or IPv6 address (no brackets) or host name. */
  readonly host: string;
  /** 0 lets the system choose a free port. */
  readonly port: number;
  readonly ssl: boolean;
  readonly reuseport: boolean;
  /** Length of the kernel's queue of connections; the platform's own when undefined. */
  readonly backlog: number | undefined;
  /** An IPv6 address takes no IPv4 connections, so that `0.0.0.0:8000, [::]:8000` do not clash. */
  readonly ipv6Only: boolean;
  /** Address and flags as written, for `GET /` and messages. */
  readonly listener: string;
}

/** Certificate chain and private key, both PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** TLS towards clients of the proxy. */
export interface TlsSettings {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** OpenSSL list, suites of TLS 1.3 included. */
  readonly ciphers: string;
  readonly preferServerCiphers: boolean;
  readonly sessionTickets: boolean;
  readonly sessionTimeoutSeconds: number;
}

/** TLS towards upstreams, where service and upstream say nothing themselves. */
export interface UpstreamTlsSettings {
  readonly verify: boolean;
  /** `client_ssl`: shown to upstreams that ask for a client certificate. */
  readonly clientCertificate: CertificatePair | undefined;
}

/** Unused connections to upstreams. */
export interface UpstreamKeepalive {
  /** Per pool; 0 keeps none. */
  readonly poolSizeMax: number;
  readonly requestsPerConnectionMax: number;
  /** 0: for ever. */
  readonly idleTimeoutMs: number;
}

export type DnsRecordType = 'LAST' | 'SRV' | 'A' | 'AAAA' | 'CNAME';

export interface DnsSettings {
  /** `ip` or `ip:port` (`[ip6]:port`); empty for those of resolv.conf. */
  readonly nameServers: readonly string[];
  readonly hostsFile: string;
  /** `LAST` is the type that answered last time. */
  readonly order: readonly DnsRecordType[];
  /** Replaces every record's own TTL; undefined keeps them. */
  readonly validTtlSeconds: number | undefined;
  readonly staleTtlSeconds: number;
  readonly notFoundTtlSeconds: number;
  readonly errorTtlSeconds: number;
  readonly cacheEntriesMax: number;
}

/** Bounds on what a client of the proxy may send; the names of `base/limits.ts`, whose values are the defaults. */
export interface ClientLimits {
  readonly requestLineBytesMax: number;
  readonly headBytesMax: number;
  readonly headerCountMax: number;
  readonly headTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly requestsPerConnectionMax: number;
  /** 0: no limit. */
  readonly bodyBytesMax: number;
}

/** What the process was told at its start. Plain data, so that it can be sent to worker threads. */
export interface Settings {
  /** Absolute path of the state folder. */
  readonly prefix: string;
  readonly database: 'sqlite' | 'off';
  /** Absolute path; read only when `database` is `off`. */
  readonly declarativeConfig: string | undefined;
  readonly declarativeConfigString: string | undefined;
  readonly proxyListen: readonly Listener[];
  readonly adminListen: readonly Listener[];
  readonly statusListen: readonly Listener[];
  /** Networks as `address/length`. */
  readonly trustedIps: readonly string[];
  readonly request: RequestSettings;
  readonly tls: TlsSettings;
  readonly upstreamTls: UpstreamTlsSettings;
  /**
   * PEM texts of the authorities that outgoing TLS trusts; `system` among them stands for those of the machine.
   * Undefined: those that come with the runtime.
   */
  readonly trustedAuthorities: readonly string[] | undefined;
  readonly upstreamKeepalive: UpstreamKeepalive;
  readonly clientLimits: ClientLimits;
  readonly dns: DnsSettings;
  /** Largest body of an Admin API request. */
  readonly adminBodyBytesMax: number;
  /** Requests and bytes are counted by consumer as well. */
  readonly metricsPerConsumer: boolean;
  /** Fixed UUID of the node; undefined: the one kept under prefix. */
  readonly nodeId: string | undefined;
  readonly workers: number;
  readonly logLevel: LogLevel;
  /** Where the process log goes: `stderr`, `stdout` or an absolute path. */
  readonly processLog: string;
  /** Absolute path, `/dev/stdout`, `/dev/stderr` or `off`. */
  readonly proxyAccessLog: string;
  /** Origins (`https://host:port`) whose pages may call the Admin API. */
  readonly adminGuiUrls: readonly string[];
  /** Lower-case host names, without port. */
  readonly adminAllowedHosts: readonly string[];
  readonly shutdownDelayMs: number;
  readonly shutdownTimeoutMs: number;
  readonly decisionsKept: number;
  /** Plugin names as configured (`bundled` stands for all that are built in); empty when `off`. */
  readonly plugins: readonly string[];
  /** Undefined where the listener's certificate is to be generated. */
  readonly certificates: {
    readonly proxy: CertificatePair | undefined;
    readonly admin: CertificatePair | undefined;
    readonly status: CertificatePair | undefined;
  };
  /** Every setting that has a value, by its wire name, for `GET /`; secrets are asterisks. */
  readonly resolved: Readonly<Record<string, unknown>>;
}

/** How single requests are read, answered and logged. Plain data. */
export interface RequestSettings {
  /** Lower-case names of the headers that the gateway adds to answers (`headers`). */
  readonly responseHeaders: readonly string[];
  /** The upstream gets X-Kong-Request-Id (`headers_upstream`). */
  readonly upstreamRequestId: boolean;
  /** Lower case. */
  readonly realIpHeader: string;
  readonly realIpRecursive: boolean;
  /** Media type of error bodies where the request names none. */
  readonly errorDefaultType: string;
  /** Texts that replace the bodies of errors, with `%s` for message and request id. */
  readonly errorTemplates: Readonly<Record<'html' | 'json' | 'xml' | 'plain', string | undefined>>;
  readonly allowDebugHeader: boolean;
  /** Pairs of a local port and the one it is published as. */
  readonly portMaps: readonly (readonly [number, number])[];
  /** In the order in which they are written; empty for the usual ones. */
  readonly accessLogFields: readonly string[];
}
