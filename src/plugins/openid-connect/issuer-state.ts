import type { ExchangeAnswer, ProviderRequest } from '../../base/exchange.ts';
import { type ProviderMetadata, processDiscovery } from '../../oauth/discovery.ts';
import { jwksRequest, type KeySet, keySetOf, mergeKeySets, processJwks } from '../../oauth/jwks.ts';
import type { ProviderProblem } from '../../oauth/problem.ts';
import type { PluginServices } from '../../pdk/index.ts';
import { callOptions, type RelyingParty } from './relying-party.ts';

/** What is known of a provider: its metadata and its keys. Replaced as a whole, never changed. */
export interface IssuerState {
  readonly metadata: ProviderMetadata;
  readonly keys: KeySet | undefined;
  /** Why there are no keys. */
  readonly keysProblem: ProviderProblem | undefined;
  readonly fetchedAt: number;
}

export type IssuerOutcome =
  | { readonly kind: 'ok'; readonly state: IssuerState }
  | { readonly kind: 'problem'; readonly step: 'metadata' | 'keys'; readonly problem: ProviderProblem };

/** One issuer in the worker's cache, shared by every plugin instance with the same issuer settings. */
interface Slot {
  state: IssuerState | undefined;
  failure: { readonly problem: ProviderProblem; readonly until: number } | undefined;
  /** The newest good key set of each source: one that fails keeps what it gave before. */
  readonly keysBySource: Map<string, KeySet>;
  loading: Promise<IssuerOutcome> | undefined;
  refreshAfter: number;
  rediscovering: Promise<IssuerState> | undefined;
  rediscoverAfter: number;
}

/** After a failed fetch nobody asks again for this long, unless the provider named a time itself. */
const retryMs = 2000;

/** What is known already, without waiting; undefined before the first success. Starts a refresh when it has aged. */
export function knownIssuer(rp: RelyingParty, services: PluginServices): IssuerState | undefined {
  const slot = slotOf(rp, services);
  const { state } = slot;
  if (state === undefined || state.keys === undefined) return undefined;
  const now = services.now();
  if (now > slot.refreshAfter) {
    // Requests keep using the old state meanwhile, and after a failure.
    slot.refreshAfter = now + retryMs;
    void fetchIssuer(rp, services, slot, { round: '', freshAfter: state.fetchedAt + 1 });
  }
  return state;
}

/** Metadata and keys, fetched once however many requests wait. A recent failure answers for itself. */
export function loadIssuer(rp: RelyingParty, services: PluginServices): Promise<IssuerOutcome> {
  const slot = slotOf(rp, services);
  const known = knownIssuer(rp, services);
  if (known !== undefined) return Promise.resolve({ kind: 'ok', state: known });
  if (slot.failure !== undefined && slot.failure.until > services.now()) {
    return Promise.resolve({ kind: 'problem', step: 'metadata', problem: slot.failure.problem });
  }
  slot.loading ??= fetchIssuer(rp, services, slot, { round: '', freshAfter: undefined }).finally(() => {
    slot.loading = undefined;
  });
  return slot.loading;
}

/**
 * A token names a key nobody knows: metadata and keys are fetched again, once per cool-down on the
 * whole node (`rediscovery_lifetime`). Answers the state to try again with, the same one in the cool-down.
 */
export function rediscover(rp: RelyingParty, services: PluginServices, state: IssuerState): Promise<IssuerState> {
  const slot = slotOf(rp, services);
  if (slot.rediscovering !== undefined) return slot.rediscovering;
  if (slot.state !== undefined && slot.state !== state) return Promise.resolve(slot.state);
  const now = services.now();
  if (now < slot.rediscoverAfter) return Promise.resolve(state);
  const freshAfter = now - rp.issuer.rediscoveryMs;
  slot.rediscovering = fetchIssuer(rp, services, slot, { round: '/rediscovery', freshAfter }).then((outcome) => {
    // Counted from the answer, which another worker may have asked for: all of them end the cool-down together.
    const at = outcome.kind === 'ok' ? outcome.state.fetchedAt : now;
    slot.rediscoverAfter = at + rp.issuer.rediscoveryMs;
    slot.rediscovering = undefined;
    return outcome.kind === 'ok' ? outcome.state : state;
  });
  return slot.rediscovering;
}

function slotOf(rp: RelyingParty, services: PluginServices): Slot {
  const cache = services.cache<Slot>('oidc.issuers');
  let slot = cache.get(rp.issuer.cacheKey);
  if (slot === undefined) {
    slot = {
      state: undefined,
      failure: undefined,
      keysBySource: new Map(),
      loading: undefined,
      refreshAfter: 0,
      rediscovering: undefined,
      rediscoverAfter: 0,
    };
    cache.set(rp.issuer.cacheKey, slot);
  }
  return slot;
}

interface Round {
  /** Rediscoveries have exchange keys of their own, so that one is possible right after the first fetch. */
  readonly round: '' | '/rediscovery';
  readonly freshAfter: number | undefined;
}

async function fetchIssuer(
  rp: RelyingParty,
  services: PluginServices,
  slot: Slot,
  round: Round,
): Promise<IssuerOutcome> {
  const metadata = await fetchMetadata(rp, services, round);
  if (metadata.kind === 'problem') {
    slot.failure = { problem: metadata, until: services.now() + retryDelay(metadata) };
    services.log.warn('oidc.issuer.discover_fail', {
      issuer: rp.issuer.configured,
      problem: metadata.code,
      seen: metadata.seen,
      expected: metadata.expected,
    });
    return { kind: 'problem', step: 'metadata', problem: metadata };
  }
  const fetched = await fetchKeys(rp, services, slot, metadata.value, round);
  const previous = slot.state?.keys;
  const { keys } = fetched;
  const state: IssuerState = {
    metadata: metadata.value,
    // The same keys stay the same object, so that tokens verified with them need no second look.
    keys: keys !== undefined && previous !== undefined && sameKeys(previous, keys) ? previous : keys,
    keysProblem: fetched.problem,
    fetchedAt: Math.max(metadata.at, fetched.at),
  };
  slot.refreshAfter = state.fetchedAt + rp.issuer.refreshMs;
  slot.failure = undefined;
  slot.state = state;
  if (state.keysProblem !== undefined) {
    services.log.warn('oidc.issuer.keys_fail', { issuer: rp.issuer.configured, problem: state.keysProblem.code });
  } else {
    services.log.info('oidc.issuer.discover', { issuer: state.metadata.issuer, keys: state.keys?.keys.length ?? 0 });
  }
  return { kind: 'ok', state };
}

async function fetchMetadata(
  rp: RelyingParty,
  services: PluginServices,
  round: Round,
): Promise<Judged<ProviderMetadata>> {
  const request = rp.issuer.metadataRequest;
  if (request === undefined) return { kind: 'ok', value: { issuer: rp.issuer.configured }, at: services.now() };
  const rules = {
    configuredIssuer: rp.issuer.configured,
    allowIssuerMismatch: rp.dangers.allowIssuerMismatch,
    nowMs: services.now(),
  };
  return exchangeJudged(rp, services, 'metadata', request, round, (outcome) => {
    const result = processDiscovery(outcome, rules);
    return result.kind === 'ok' ? { kind: 'ok', value: result.metadata, at: outcome.at } : result;
  });
}

interface FetchedKeys {
  readonly keys: KeySet | undefined;
  /** Why there are none. */
  readonly problem: ProviderProblem | undefined;
  readonly at: number;
}

/** Keys of all sources; a failed fetch never takes away keys that were good (security floor 5, demand P06). */
async function fetchKeys(
  rp: RelyingParty,
  services: PluginServices,
  slot: Slot,
  metadata: ProviderMetadata,
  round: Round,
): Promise<FetchedKeys> {
  const own = rp.issuer.jwksEndpoint ?? metadata.jwks_uri;
  const urls = own === undefined ? rp.issuer.extraJwks : [own, ...rp.issuer.extraJwks];
  if (urls.length === 0) return noSources(services.now());
  const call = callOptions(rp.config);
  let problem: ProviderProblem | undefined;
  let at = 0;
  await Promise.all(
    urls.map(async (url) => {
      const result = await exchangeJudged(
        rp,
        services,
        `jwks/${url}`,
        jwksRequest({ url, ...call }),
        round,
        (outcome) => {
          const set = processJwks(outcome, services.now());
          return set.kind === 'ok' ? { kind: 'ok', value: set, at: outcome.at } : set;
        },
      );
      if (result.kind === 'problem') problem ??= result;
      else {
        slot.keysBySource.set(url, result.value);
        at = Math.max(at, result.at);
      }
    }),
  );
  for (const source of slot.keysBySource.keys()) if (!urls.includes(source)) slot.keysBySource.delete(source);
  const sets = urls.map((url) => slot.keysBySource.get(url)).filter((set) => set !== undefined);
  return sets.length === 0 ? { keys: undefined, problem, at } : { keys: mergeKeySets(sets), problem: undefined, at };
}

function noSources(at: number): FetchedKeys {
  const none = keySetOf({ keys: [] });
  return none.kind === 'ok' ? { keys: none, problem: undefined, at } : { keys: undefined, problem: none, at };
}

type Judged<T> = { readonly kind: 'ok'; readonly value: T; readonly at: number } | ProviderProblem;

/** One exchange with its verdict: kept while good, kept briefly when not, and the last good outcome steps in for a failure. */
async function exchangeJudged<T>(
  rp: RelyingParty,
  services: PluginServices,
  what: string,
  request: ProviderRequest,
  round: Round,
  judge: (outcome: ExchangeAnswer['outcome']) => Judged<T>,
): Promise<Judged<T>> {
  const key = `${rp.issuer.cacheKey}/${what}${round.round}`;
  const options = round.freshAfter === undefined ? {} : { freshAfter: round.freshAfter };
  const { outcome, lastGood } = await services.provider.exchange(key, request, options);
  const judged = judge(outcome);
  // Counted from the answer: a worker that hears of it later must not keep it alive for the others.
  if (judged.kind === 'ok') {
    services.provider.keep(key, outcome.at + (round.round === '' ? rp.issuer.refreshMs : rp.issuer.rediscoveryMs));
    return judged;
  }
  services.provider.keep(key, outcome.at + retryDelay(judged));
  if (lastGood === undefined) return judged;
  const stale = judge(lastGood);
  return stale.kind === 'ok' ? stale : judged;
}

function retryDelay(problem: ProviderProblem): number {
  return Math.max(retryMs, (problem.answer === 'rate_limited' ? (problem.retryAfterSeconds ?? 0) : 0) * 1000);
}

function sameKeys(left: KeySet, right: KeySet): boolean {
  if (left === right) return true;
  if (left.keys.length !== right.keys.length) return false;
  return JSON.stringify(left.keys.map((key) => key.jwk)) === JSON.stringify(right.keys.map((key) => key.jwk));
}
