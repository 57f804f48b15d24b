/** Every protocol Kong names; the data plane speaks `http` and `https`. */
export const protocols = ['grpc', 'grpcs', 'http', 'https', 'tcp', 'tls', 'tls_passthrough', 'udp'] as const;

export type Protocol = (typeof protocols)[number];

const unsupported = protocols.filter((protocol) => protocol !== 'http' && protocol !== 'https');

/** Routes and services of these would not be proxied, so they are refused. */
export const unsupportedProtocols = { values: unsupported } as const;

/** Kong's four families, which one route may not mix. */
const families: readonly (readonly string[])[] = [
  ['http', 'https'],
  ['tcp', 'tls', 'udp'],
  ['tls_passthrough'],
  ['grpc', 'grpcs'],
];

/** Kong picks a route's subschema by the first protocol; an unknown one is named that way. */
export function routeProtocolsFault(value: readonly unknown[]): string | undefined {
  const first = value[0];
  if (first === undefined) return 'unknown type: nil';
  if (typeof first !== 'string') return undefined;
  if (!protocols.some((protocol) => protocol === first)) return `unknown type: ${first}`;
  const mixed = families.filter((family) => family.some((protocol) => value.includes(protocol)));
  if (mixed.length < 2) return undefined;
  const texts = mixed.map((family) => `(${family.map((protocol) => `'${protocol}'`).join(', ')})`);
  return `these sets are mutually exclusive: ${texts.join(', ')}`;
}
