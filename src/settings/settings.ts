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
  /** Lower case; `proxy_protocol` is not a header. */
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
