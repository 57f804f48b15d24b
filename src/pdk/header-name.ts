/** Fields that frame or route a message; a configured or claimed value in one of them would change the message. */
const framing = [
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Schema attributes of a header field name that a plugin sets or looks for. */
export const headerName = { validate: headerNameFault } as const;

/** The fault of a header field name (RFC 9110 section 5.1) in a configuration; undefined for a good one. */
export function headerNameFault(value: string): string | undefined {
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(value)) return `invalid header name '${value}'`;
  if (!framing.includes(value.toLowerCase().replaceAll('_', '-'))) return undefined;
  return `must not be one of: ${framing.join(', ')}`;
}
