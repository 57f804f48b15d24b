import type { AccessContext, AccessResult, ResponseContext, ResponseHeaders } from '../../pdk/index.ts';
import { matchesOrigin, type Policy } from './policy.ts';

/** Kept for the header phase: a preflight has its answer from here, or wants the upstream's. */
const preflight = Symbol('preflight');

/** Answers preflights, before any plugin asks for a credential that browsers do not send with them. */
export function access(context: AccessContext, policy: Policy): AccessResult {
  const { method, headers } = context.request;
  if (method !== 'OPTIONS') return undefined;
  if (headers.get('origin') === undefined || headers.get('access-control-request-method') === undefined)
    return undefined;
  context.keep(preflight);
  if (policy.config.preflight_continue) return undefined;
  const told = new Told();
  tellOrigin(told, policy, headers.get('origin'));
  const allowHeaders = policy.allowHeaders ?? headers.get('access-control-request-headers');
  if (allowHeaders !== undefined) told.set('Access-Control-Allow-Headers', allowHeaders);
  told.set('Access-Control-Allow-Methods', policy.allowMethods);
  const { max_age, private_network } = policy.config;
  if (max_age !== null) told.set('Access-Control-Max-Age', String(max_age));
  if (private_network && headers.get('access-control-request-private-network') === 'true') {
    told.set('Access-Control-Allow-Private-Network', 'true');
  }
  return { status: 200, headers: told.pairs, message: '', body: { contentType: '', bytes: '' } };
}

/** Every other answer, refusals and errors included: without these headers a page could not read them. */
export function headerFilter(context: ResponseContext, policy: Policy): void {
  if (context.state === preflight) return;
  const { headers } = context;
  tellOrigin(headers, policy, context.request.headers.get('origin'));
  if (policy.exposeHeaders !== undefined) headers.set('Access-Control-Expose-Headers', policy.exposeHeaders);
}

/** Access-Control-Allow-Origin, -Allow-Credentials and Vary; what an upstream says of its own is replaced. */
function tellOrigin(headers: Told | ResponseHeaders, { config, origins }: Policy, origin: string | undefined): void {
  if (origins.kind === 'some') {
    vary(headers);
    if (origin !== undefined && matchesOrigin(origins.rules, origin)) headers.set(allowOrigin, origin);
    else headers.remove(allowOrigin);
  } else if (origins.kind === 'fixed') {
    headers.set(allowOrigin, origins.origin);
  } else if (config.credentials && origin !== undefined) {
    // Browsers refuse `*` together with credentials.
    vary(headers);
    headers.set(allowOrigin, origin);
  } else {
    headers.set(allowOrigin, '*');
    return;
  }
  if (config.credentials) headers.set('Access-Control-Allow-Credentials', 'true');
}

const allowOrigin = 'Access-Control-Allow-Origin';

/** Caches keep one answer for each origin. Fields that are there stay, since there may be several. */
function vary(headers: Told | ResponseHeaders): void {
  const value =
    headers
      .get('vary')
      ?.toLowerCase()
      .split(/\s*,\s*/) ?? [];
  if (!value.includes('*') && !value.includes('origin')) headers.add('Vary', 'Origin');
}

/** Headers of the answer to a preflight, of which there are none before. */
class Told {
  readonly pairs: [string, string][] = [];

  get(lower: string): string | undefined {
    return this.pairs.find(([name]) => name.toLowerCase() === lower)?.[1];
  }

  set(name: string, value: string): void {
    this.pairs.push([name, value]);
  }

  add(name: string, value: string): void {
    this.pairs.push([name, value]);
  }

  remove(_name: string): void {
    // Nothing was set by somebody else.
  }
}
