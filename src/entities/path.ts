/** Faults of a `services.path`: starts with `/`, no empty segments, only characters and escapes of a URI path. */
export function servicePathFault(value: string): string | undefined {
  if (!value.startsWith('/')) return 'should start with: /';
  return pathTextFault(value);
}

/** Says why a pattern does not compile, or undefined. */
export type CheckRegex = (pattern: string) => string | undefined;

/** Faults of one of `routes.paths`: a normalised prefix, or `~` and a pattern. */
export function routePathFault(value: string, checkRegex: CheckRegex): string | undefined {
  if (value.startsWith('~/')) {
    const pattern = value.slice(1);
    const reason = checkRegex(pattern);
    return reason === undefined ? undefined : `invalid regex: '${pattern}' (PCRE returned: ${reason})`;
  }
  if (!value.startsWith('/')) return 'should start with: / (fixed path) or ~/ (regex path)';
  const fault = pathTextFault(value);
  if (fault !== undefined) return fault;
  const normal = normalised(value);
  return normal === value ? undefined : `non-normalized path, consider use '${normal}' instead`;
}

function pathTextFault(value: string): string | undefined {
  if (value.includes('//')) return 'must not have empty segments';
  // `?` and `#` would end the path when it is sent, so they count as outside too.
  if (!/^[A-Za-z0-9\-._~!$&'()*+,;=:@/%[\]]*$/.test(value)) {
    return `invalid path: '${value}' (characters outside of the reserved list of RFC 3986 found)`;
  }
  const broken = /%(?![0-9A-Fa-f]{2}).{0,2}/.exec(value);
  return broken === null ? undefined : `invalid url-encoded value: '${broken[0]}'`;
}

/** The form the proxy compares with (proxying.md 2) of a path that passed `pathTextFault`. */
function normalised(value: string): string {
  const decoded = value.replaceAll(/%[0-9A-Fa-f]{2}/g, (escaped) => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : escaped.toUpperCase();
  });
  const kept: string[] = [];
  const segments = decoded.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    const dots = segment === '.' || segment === '..';
    if (segment === '..') kept.pop();
    if (!dots) kept.push(segment);
    else if (index === segments.length - 1) kept.push('');
  }
  return `/${kept.join('/')}`;
}
