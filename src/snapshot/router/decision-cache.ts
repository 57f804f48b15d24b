import { limits } from '../../base/limits.ts';
import type { HostTable } from './host-table.ts';
import type { PathNode } from './path-tree.ts';
import type { RouteMatch } from './types.ts';

/** A host of requests with the trees that apply to it and the decisions remembered for it. */
export interface KnownHost {
  readonly trees: readonly PathNode[];
  readonly decisions: Map<string, Decision>;
}

interface Decision {
  readonly method: string;
  readonly match: RouteMatch;
  /** The same path with another method. */
  readonly next: Decision | undefined;
}

/**
 * Remembers which route a (host, path, method) led to. Hosts that no route names share one entry for each scheme, so that
 * made-up Host headers do not fill it. When a bound is reached everything is forgotten, which costs each
 * path in use one search.
 */
export class DecisionCache {
  readonly #table: HostTable;
  readonly #unnamedPlain: KnownHost;
  readonly #unnamedSecure: KnownHost;
  readonly #plain = new Map<string, KnownHost>();
  readonly #secure = new Map<string, KnownHost>();
  #decisionCount = 0;
  /** Fingerprints of paths that were searched for, each in the one place its own value leads to. */
  #searched: Uint32Array | undefined = undefined;

  constructor(table: HostTable) {
    this.#table = table;
    const trees = table.anyHost === undefined ? [] : [table.anyHost];
    this.#unnamedPlain = { trees, decisions: new Map() };
    this.#unnamedSecure = { trees, decisions: new Map() };
  }

  /** Hosts and decisions held. */
  get size(): number {
    return this.#plain.size + this.#secure.size + this.#decisionCount;
  }

  host(host: string, secure: boolean): KnownHost {
    const known = (secure ? this.#secure : this.#plain).get(host);
    return known ?? this.#resolve(host, secure);
  }

  decision(host: KnownHost, method: string, path: string): RouteMatch | undefined {
    let decision = host.decisions.get(path);
    while (decision !== undefined && decision.method !== method) decision = decision.next;
    return decision?.match;
  }

  /**
   * Whether this path was lately searched for before, as far as a fingerprint tells. Many paths that hold an id come
   * once: remembering those would be work for nothing, and push out others.
   */
  isSeenAgain(path: string): boolean {
    this.#searched ??= new Uint32Array(fingerprintsKept);
    const print = fingerprint(path);
    const place = print & (fingerprintsKept - 1);
    if (this.#searched[place] === print) return true;
    this.#searched[place] = print;
    return false;
  }

  remember(host: KnownHost, method: string, path: string, match: RouteMatch): void {
    if (path.length > limits.routerCachedPathCharsMax || method.length > limits.routerCachedMethodCharsMax) return;
    if (this.#decisionCount >= limits.routerCachedDecisionsMax) this.#forget();
    const next = host.decisions.get(path);
    // Methods are any token: a client may invent as many as it likes for one path.
    const kept = chainLength(next) < methodsPerPathMax ? next : undefined;
    host.decisions.set(ownCopy(path), { method, match, next: kept });
    this.#decisionCount += 1;
  }

  #resolve(host: string, secure: boolean): KnownHost {
    const trees = this.#table.treesFor(host, secure);
    const unnamed = secure ? this.#unnamedSecure : this.#unnamedPlain;
    if (trees.length === 0) return unnamed;
    const all = [...trees, ...unnamed.trees];
    const known: KnownHost = { trees: all, decisions: new Map() };
    if (host.length > limits.routerCachedHostCharsMax) return known;
    const hosts = secure ? this.#secure : this.#plain;
    if (hosts.size >= limits.routerCachedHostsMax) this.#forget();
    hosts.set(ownCopy(host), known);
    return known;
  }

  #forget(): void {
    this.#plain.clear();
    this.#secure.clear();
    this.#unnamedPlain.decisions.clear();
    this.#unnamedSecure.decisions.clear();
    this.#decisionCount = 0;
  }
}

const methodsPerPathMax = 8;
/** A power of two. */
const fingerprintsKept = 16_384;
const fingerprintChars = 24;

/** Never 0. The end of a path is where ids stand; what happens to be equal is remembered a little early. */
function fingerprint(path: string): number {
  let print = path.length;
  for (let at = Math.max(0, path.length - fingerprintChars); at < path.length; at += 1) {
    print = Math.imul(print, 31) + path.charCodeAt(at);
  }
  print = Math.imul(print ^ (print >>> 15), 0x2c1b3c6d);
  return ((print ^ (print >>> 13)) | 0x8000_0000) >>> 0;
}

function chainLength(decision: Decision | undefined): number {
  let length = 0;
  for (let at = decision; at !== undefined; at = at.next) length += 1;
  return length;
}

/**
 * A string that keeps only itself alive: a substring holds the whole text it was cut from, here a request's head.
 * What came over the wire has one byte per unit and is copied into one piece, which is found faster. Anything else is
 * joined to a new text, which the cut holds instead. Methods are too short to be cut that way.
 */
function ownCopy(text: string): string {
  const copy = Buffer.from(text, 'latin1').toString('latin1');
  return copy === text ? copy : ` ${text}`.slice(1);
}
