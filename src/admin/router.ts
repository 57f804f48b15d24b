import type { AdminHandler } from './answer.ts';

export type AdminMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One path of the API. `{name}` stands for a segment; a literal segment wins over a parameter. */
export interface AdminRoute {
  readonly path: string;
  readonly methods: { readonly [M in AdminMethod]?: AdminHandler };
  /** The handler does not look at the body, so no Content-Type is refused. */
  readonly ignoresBody?: boolean;
}

export interface RouteMatch {
  readonly route: AdminRoute;
  readonly params: Readonly<Record<string, string>>;
}

export interface Router {
  /** `segments` are percent-decoded and hold no empty one. */
  match(segments: readonly string[]): RouteMatch | undefined;
}

interface Node {
  readonly literals: Map<string, Node>;
  parameter: Node | undefined;
  route: AdminRoute | undefined;
}

/** A tree over segments; looking up costs the length of the path. */
export function createRouter(routes: readonly AdminRoute[]): Router {
  const root = newNode();
  for (const route of routes) add(root, route);
  return {
    match: (segments) => {
      const route = find(root, segments, 0);
      return route === undefined ? undefined : { route, params: paramsOf(route, segments) };
    },
  };
}

/** Kong's `Allow` list: sorted, HEAD wherever GET is, OPTIONS everywhere. */
export function allowedMethods(route: AdminRoute): string {
  const methods = Object.keys(route.methods);
  if (route.methods.GET !== undefined) methods.push('HEAD');
  return [...methods, 'OPTIONS'].sort().join(', ');
}

/** `/services/{services}` as its segments; the root has none. */
export function pathSegments(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function newNode(): Node {
  return { literals: new Map(), parameter: undefined, route: undefined };
}

function add(root: Node, route: AdminRoute): void {
  let node = root;
  for (const segment of pathSegments(route.path)) {
    let next = isParameter(segment) ? node.parameter : node.literals.get(segment);
    if (next === undefined) {
      next = newNode();
      if (isParameter(segment)) node.parameter = next;
      else node.literals.set(segment, next);
    }
    node = next;
  }
  if (node.route !== undefined) throw new TypeError(`two routes for ${route.path}`);
  node.route = route;
}

function find(node: Node, segments: readonly string[], depth: number): AdminRoute | undefined {
  const segment = segments[depth];
  if (segment === undefined) return node.route;
  const literal = node.literals.get(segment);
  const found = literal === undefined ? undefined : find(literal, segments, depth + 1);
  if (found !== undefined) return found;
  return node.parameter === undefined ? undefined : find(node.parameter, segments, depth + 1);
}

function paramsOf(route: AdminRoute, segments: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [index, segment] of pathSegments(route.path).entries()) {
    if (isParameter(segment)) params[segment.slice(1, -1)] = segments[index] ?? '';
  }
  return params;
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{');
}
