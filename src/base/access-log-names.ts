/** Fields of an access log line that are written only where they are asked for, or always, with what they tell. */
export const accessLogFieldNames = {
  at: 'when the answer was finished, ISO 8601 in UTC with milliseconds',
  request_id: 'the id that client and upstream got as `X-Kong-Request-Id`',
  client: "the client's address, as `trusted_ips` lets it be believed",
  peer: 'address and port of the other end of the connection',
  scheme: '`http` or `https`, as the client used it',
  version: '`1.0` or `1.1`, as the client used it',
  method: 'method of the request',
  host: '`Host` of the request',
  path: 'normalised path, without the query',
  query: 'the query with every value masked; null without one',
  status: 'status sent to the client, 0 when it left before',
  source: '`upstream` or `gateway`: who made the answer',
  route: 'name of the route, its id when it has none; null when no route matched',
  route_id: 'id of the route',
  service: 'name of the service, its id when it has none',
  service_id: 'id of the service',
  consumer: 'id of the consumer; null when there is none',
  consumer_username: 'username of the consumer',
  credential: 'id of the credential, never the credential',
  upstream: 'address and port of the last try',
  upstream_status: 'status that the upstream answered',
  tries: 'how many times the request was sent to the upstream',
  tls_version: 'version of TLS, null without TLS',
  sni: 'server name that the client asked for through TLS',
  bytes_in: 'bytes received, head and body',
  bytes_out: 'bytes sent, head and body',
  ms_total: 'milliseconds from the first byte of the request to the last of the answer',
  ms_plugins: 'milliseconds spent in plugins before the request was forwarded',
  ms_upstream: "milliseconds between forwarding and the upstream's head",
  ms_gateway: 'milliseconds before the request was forwarded or answered, without those of plugins',
  user_agent: '`User-Agent` of the request',
  correlation_id: 'what the correlation-id plugin sent upstream',
} as const satisfies Readonly<Record<string, string>>;

export type AccessLogFieldName = keyof typeof accessLogFieldNames;

/** What a line has unless `proxy_access_log_fields` says otherwise. */
export const defaultAccessLogFields: readonly AccessLogFieldName[] = [
  'at',
  'request_id',
  'client',
  'method',
  'path',
  'status',
  'route',
  'service',
  'consumer',
  'bytes_in',
  'bytes_out',
  'ms_total',
  'ms_upstream',
];

const telling =
  /auth|cookie|credential|token|secret|passw|pwd|passphrase|api[-_]?key|(^|[-_])key($|[-_])|session|assertion|signature|(^|[-_])sig($|[-_])|jwt|bearer|otp|(^|[-_])code($|[-_])|saml|private/i;

/** Whether a name of a header or of an argument is one that credentials go by. Errs on the side of yes. */
export function looksLikeCredential(name: string): boolean {
  return telling.test(name);
}
