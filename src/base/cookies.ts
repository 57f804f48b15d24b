/**
 * The value of the first cookie of that name, without the quotes it may stand in; undefined without one
 * (RFC 6265 section 4.2; section 5.4: the most specific one is sent first).
 */
export function cookieValue(fields: readonly string[], name: string): string | undefined {
  for (const field of fields) {
    for (const pair of field.split(';')) {
      if (cookieName(pair) !== name) continue;
      const value = pair.slice(pair.indexOf('=') + 1).trim();
      return value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
    }
  }
  return undefined;
}

/** The cookies without those of that name, as one field value; undefined when none is left. */
export function withoutCookie(fields: readonly string[], name: string): string | undefined {
  const kept: string[] = [];
  for (const field of fields) {
    for (const pair of field.split(';')) {
      const cookie = pair.trim();
      if (cookie !== '' && cookie !== name && cookieName(cookie) !== name) kept.push(cookie);
    }
  }
  return kept.length === 0 ? undefined : kept.join('; ');
}

function cookieName(pair: string): string | undefined {
  const equals = pair.indexOf('=');
  return equals === -1 ? undefined : pair.slice(0, equals).trim();
}
