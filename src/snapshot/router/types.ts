import type { HeaderView, PathCaptures } from '../../pdk/index.ts';
import type { CompiledRoute } from '../compiled.ts';

/** What the router reads of a request. */
export interface MatchRequest {
  /** As sent; methods are case-sensitive. */
  readonly method: string;
  /** Host with port as the client wrote it, lower case. */
  readonly host: string;
  /** Normalised path, the one that goes upstream. */
  readonly path: string;
  readonly headers: Pick<HeaderView, 'get' | 'all'>;
  /** Whether the connection is TLS, which decides the default port of wildcard hosts and whether `snis` count. */
  readonly secure: boolean;
  /** TLS server name as the client sent it; undefined without one. */
  readonly serverName: string | undefined;
}

/** The router's decision; shared between requests, never changed. */
export interface RouteMatch {
  readonly route: CompiledRoute;
  /** What `strip_path` removes: the prefix, or the text a regex path matched; empty for routes without paths. */
  readonly matchedPrefix: string;
  /** Undefined unless a regex path matched. */
  readonly captures: PathCaptures | undefined;
}
