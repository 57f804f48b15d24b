import type { ErrorBodyOptions } from './error-body.ts';

/** What settings say about how single requests are read, answered and logged. */
export interface ProxyOptions extends ErrorBodyOptions {
  /** Networks (`address/length`) whose forwarded headers are believed. */
  readonly trustedIps: readonly string[];
  /** Lower-case name of the header in which a trusted peer tells the client's address. */
  readonly realIpHeader: string;
  /** Trusted addresses are skipped from the right. */
  readonly realIpRecursive: boolean;
  /** Lower-case names of the headers that the gateway adds to answers. */
  readonly responseHeaders: readonly string[];
  /** The upstream gets X-Kong-Request-Id. */
  readonly upstreamRequestId: boolean;
  /** Answers to requests with `Kong-Debug: 1` name route and service. */
  readonly allowDebugHeader: boolean;
  /** Pairs of a local port and the one it is published as. */
  readonly portMaps: readonly (readonly [number, number])[];
  /** In the order in which they are written; empty for the usual ones. */
  readonly accessLogFields: readonly string[];
  /** Largest request body in bytes, 0 for no limit. */
  readonly bodyBytesMax: number;
  /** Shown to upstreams that ask, where neither service nor upstream has one (PEM). */
  readonly upstreamClientCertificate: { readonly cert: string; readonly key: string } | undefined;
}

/** What a gateway does that was told nothing. */
export const defaultProxyOptions: ProxyOptions = {
  trustedIps: [],
  realIpHeader: 'x-real-ip',
  realIpRecursive: false,
  responseHeaders: [
    'server',
    'via',
    'x-kong-upstream-latency',
    'x-kong-proxy-latency',
    'x-kong-response-latency',
    'x-kong-request-id',
  ],
  upstreamRequestId: true,
  errorDefaultType: 'text/plain',
  errorTemplates: { html: undefined, json: undefined, xml: undefined, plain: undefined },
  allowDebugHeader: false,
  portMaps: [],
  accessLogFields: [],
  bodyBytesMax: 0,
  upstreamClientCertificate: undefined,
};
