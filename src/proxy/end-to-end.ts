/**
 * Fields that are meant for everybody on the way, or that say who may do what. `Connection` names fields of one
 * connection (RFC 9110 section 7.6.1), and a sender must not name these; one that does it anyway, to have a check on
 * the other side miss them, is not obeyed.
 */
const endToEnd: ReadonlySet<string> = new Set(
  `accept accept-charset accept-encoding accept-language accept-ranges age allow apikey api-key authorization
   authentication-info baggage cache-control content-disposition content-encoding content-language content-location
   content-range content-security-policy content-security-policy-report-only content-type cookie
   cross-origin-embedder-policy cross-origin-opener-policy cross-origin-resource-policy date dpop etag expect expires
   forwarded from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified link
   location max-forwards origin permissions-policy pragma proxy-authenticate proxy-authorization range referer
   referrer-policy retry-after server set-cookie strict-transport-security traceparent tracestate user-agent vary via
   www-authenticate x-api-key x-client-cert x-content-type-options x-csrf-token x-frame-options x-real-ip x-request-id
   x-requested-with x-ssl-client-cert x-xss-protection x-xsrf-token`.split(/\s+/),
);

const families =
  /^(?:access-control-|sec-|x-forwarded-|x-kong-|x-consumer-|x-credential-|x-auth|x-access-|x-id-|x-user)/;

/** Whether a field stays although `Connection` names it. Names are lower-case, with `-` for `_`. */
export function staysEndToEnd(lower: string): boolean {
  return endToEnd.has(lower) || families.test(lower);
}
