/**
 * What follows the scheme in an Authorization field (RFC 9110 section 11.6.2), without surrounding
 * spaces and tabs; undefined when the field has another scheme. `scheme` is given in lower case and
 * compared in any. Other white space belongs to the value and is left for the scheme to judge.
 */
export function valueOfScheme(authorization: string, scheme: string): string | undefined {
  const { length } = scheme;
  if (authorization.length > length && !isBlank(authorization.charCodeAt(length))) return undefined;
  if (authorization.slice(0, length).toLowerCase() !== scheme) return undefined;
  let from = length;
  while (isBlank(authorization.charCodeAt(from))) from++;
  let to = authorization.length;
  while (to > from && isBlank(authorization.charCodeAt(to - 1))) to--;
  return authorization.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
