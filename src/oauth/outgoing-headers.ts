type Pairs = readonly (readonly [string, string])[];

/**
 * Header fields of a call to a provider: `own`, changed and extended by `extra`. An extra field takes
 * the place of an own one of the same name unless that name is in `fixed`. Fields that frame the
 * message, and names or values that are not valid fields (RFC 9110 section 5), are left out, so a
 * value copied from a client can never split a request.
 */
export function mergeHeaders(own: Pairs, extra: Pairs, fixed: readonly string[]): [string, string][] {
  const added: [string, string][] = [];
  for (const [name, value] of extra) {
    const lower = name.toLowerCase();
    if (framing.has(lower) || fixed.includes(lower)) continue;
    if (fieldName.test(name) && fieldValue.test(value)) added.push([lower, value]);
  }
  const names = new Set(added.map(([name]) => name));
  const kept = own.filter(([name]) => !names.has(name)).map(([name, value]): [string, string] => [name, value]);
  return [...kept, ...added];
}

const framing: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
]);
const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]{0,8192}$/;
