import type { AccessContext, AccessResult, PluginServices, ResponseContext } from '../../pdk/index.ts';
import { callerOf } from './caller.ts';
import { check, type Facts } from './checks.ts';
import type { Limit, RateLimiting } from './prepared.ts';
import { type Window, type WindowName, windowAt } from './windows.ts';

/** What one request did to one window. */
interface Use {
  readonly limit: Limit;
  readonly window: Window;
  /** Requests of the window, with this one if it was let through. */
  readonly count: number;
}

/**
 * Counts the request in every limited window, or in none when one of them is used up. Each count is one atomic
 * step in memory that all workers share, from the narrowest window to the widest: whoever finds a wider one
 * full takes back what it counted before, and meanwhile it keeps out nobody who would have got in.
 */
export function access(context: AccessContext, prepared: RateLimiting): AccessResult {
  const { decision, services } = context;
  const caller = callerOf(context, prepared);
  const key = `${prepared.instanceId}:${caller.kind}:${caller.id}`;
  const now = services.now();
  const uses: Use[] = [];
  for (const limit of prepared.limits) {
    const window = windowAt(limit.name, now);
    const count = add(context, prepared, key, window);
    if (count === undefined) {
      takeBack(context, key, uses);
      return refuseUncounted(context);
    }
    if (count > limit.limit) {
      takeBack(context, key, [...uses, { limit, window, count }]);
      return refuse(context, prepared, { key, caller: caller.text, full: limit, now });
    }
    decision.pass(check[`limit.${limit.name}`]);
    uses.push({ limit, window, count });
  }
  decision.pass(check['limit.counters']);
  const facts: Facts = { caller: caller.text, counts: countsOf(uses) };
  decision.allow(facts);
  if (!prepared.config.hide_client_headers) context.keep(headersOf(uses, now).pairs);
  return undefined;
}

/** Tells the client how much is left; what an upstream says of limits of its own is replaced. */
export function headerFilter(context: ResponseContext): void {
  const pairs = context.state;
  if (!Array.isArray(pairs)) return;
  for (const [name, value] of pairs as [string, string][]) context.headers.set(name, value);
}

function add(
  { services }: AccessContext,
  { config }: RateLimiting,
  key: string,
  { startMs, lengthMs }: Window,
): number | undefined {
  const count = services.counters.add(key, startMs, lengthMs, 1);
  if (count !== undefined || !config.fault_tolerant) return count;
  warnFull(services);
  // Without any counter to displace the request passes uncounted, as a tolerated fault.
  return services.counters.addDisplacing(key, startMs, lengthMs, 1) ?? 0;
}

/** Once a minute for each worker. */
function warnFull(services: PluginServices): void {
  const cache = services.cache<number>('rate-limiting');
  const last = cache.get('warned');
  const now = services.now();
  if (last !== undefined && now - last < 60_000) return;
  cache.set('warned', now);
  services.log.warn('rate_limiting.counters.full', { hint: 'counters that have counted least are forgotten' });
}

function takeBack({ services }: AccessContext, key: string, uses: readonly Use[]): void {
  for (const { window } of uses) services.counters.add(key, window.startMs, window.lengthMs, -1);
}

function refuse(
  context: AccessContext,
  { config, limits }: RateLimiting,
  refusal: { readonly key: string; readonly caller: string; readonly full: Limit; readonly now: number },
): AccessResult {
  const { key, caller, full, now } = refusal;
  const uses = limits.map((limit) => {
    const window = windowAt(limit.name, now);
    const count = context.services.counters.add(key, window.startMs, window.lengthMs, 0) ?? 0;
    return { limit, window, count: limit === full ? limit.limit : count };
  });
  const { pairs, resetSeconds } = headersOf(uses, now);
  const facts: Facts = { caller, counts: countsOf(uses) };
  context.decision.refuse(
    {
      check: check[`limit.${full.name}`],
      status: config.error_code,
      text: `the requests of this ${full.name} are used up`,
      seen: `one more than ${full.limit} of ${caller}`,
      expected: `at most ${full.limit} in a ${full.name}`,
      hint: `The caller must wait ${resetSeconds} s; if it may do more, raise config.${full.name}.`,
    },
    facts,
  );
  const headers: [string, string][] = config.hide_client_headers
    ? []
    : [...pairs, ['Retry-After', String(resetSeconds)]];
  return { status: config.error_code, headers, message: config.error_message };
}

function refuseUncounted(context: AccessContext): AccessResult {
  context.decision.refuse(
    {
      check: check['limit.counters'],
      status: 500,
      text: 'the request could not be counted',
      seen: 'no room for another counter',
      expected: 'room for another counter',
      hint: 'Count fewer different callers (config.limit_by), or set config.fault_tolerant=true.',
    },
    undefined,
  );
  return { status: 500, headers: [], message: 'An unexpected error occurred' };
}

function countsOf(uses: readonly Use[]): Partial<Record<WindowName, number>> {
  return Object.fromEntries(uses.map(({ limit, count }) => [limit.name, count]));
}

/** The fields about every window, and about the one with the least left (the widest of several). */
function headersOf(uses: readonly Use[], now: number): { pairs: [string, string][]; resetSeconds: number } {
  const pairs: [string, string][] = [];
  let tightest: { readonly use: Use; readonly remaining: number } | undefined;
  for (const use of uses) {
    const remaining = Math.max(0, Math.floor(use.limit.limit - use.count));
    pairs.push([use.limit.limitHeader, String(use.limit.limit)], [use.limit.remainingHeader, String(remaining)]);
    if (tightest === undefined || remaining <= tightest.remaining) tightest = { use, remaining };
  }
  if (tightest === undefined) return { pairs, resetSeconds: 1 };
  const { window, limit } = tightest.use;
  const resetSeconds = Math.max(1, Math.ceil((window.startMs + window.lengthMs - now) / 1000));
  pairs.push(
    ['RateLimit-Limit', String(limit.limit)],
    ['RateLimit-Remaining', String(tightest.remaining)],
    ['RateLimit-Reset', String(resetSeconds)],
  );
  return { pairs, resetSeconds };
}
