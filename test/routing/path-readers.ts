/**
 * How servers behind a gateway read a path before they look for a resource. Each is stricter or laxer than RFC 3986
 * in a way that is found in the wild; none decodes twice.
 */
export const pathReaders: Readonly<Record<string, (path: string) => string>> = {
  'by the letter of RFC 3986': (path) => resolved(path.split('/')),
  'that merges slashes': (path) => resolved(path.replace(/\/{2,}/g, '/').split('/')),
  'that decodes escapes first': (path) => resolved(merged(decoded(path)).split('/')),
  'that takes a backslash for a slash': (path) => resolved(merged(decoded(path).replaceAll('\\', '/')).split('/')),
  'that cuts off parameters of segments': (path) => resolved(withoutParameters(path)),
  'that cuts off parameters, then decodes': (path) =>
    resolved(merged(decoded(withoutParameters(path).join('/'))).split('/')),
  'that decodes, then cuts off parameters': (path) =>
    resolved(withoutParameters(merged(decoded(path).replaceAll('\\', '/')))),
};

function decoded(path: string): string {
  return path.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

function merged(path: string): string {
  return path.replace(/\/{2,}/g, '/');
}

function withoutParameters(path: string): string[] {
  return path.split('/').map((segment) => segment.replace(/;.*$/s, ''));
}

/** Removes dot segments; what would climb above the root stays at it. */
function resolved(segments: readonly string[]): string {
  const kept: string[] = [];
  for (const [index, segment] of segments.entries()) {
    if (index === 0) continue;
    const last = index === segments.length - 1;
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
    if (last && (segment === '..' || segment === '.')) kept.push('');
  }
  return `/${kept.join('/')}`;
}
