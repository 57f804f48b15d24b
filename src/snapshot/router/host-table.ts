import { ShardedMap, type ShardedMapDraft } from '../../base/sharded-map.ts';
import type { Candidate } from './candidate.ts';
import { type HostPattern, splitHost } from './host-pattern.ts';
import { type EditOwner, insertCandidate, type PathNode, removeCandidate } from './path-tree.ts';

/** What is configured for one host name or one fixed part of a wildcard. */
interface HostEntry {
  readonly anyPort: PathNode | undefined;
  /** By port as text. */
  readonly ports: ReadonlyMap<string, PathNode>;
}

type HostMap = ShardedMap<HostEntry>;

/** Path trees by the host they apply to. */
export class HostTable {
  static readonly empty = new HostTable({
    anyHost: undefined,
    plain: ShardedMap.empty(),
    suffix: ShardedMap.empty(),
    prefix: ShardedMap.empty(),
    suffixLengths: new Map(),
    prefixLengths: new Map(),
  });

  readonly #parts: TableParts;

  constructor(parts: TableParts) {
    this.#parts = parts;
  }

  /** The tree of routes without `hosts`. */
  get anyHost(): PathNode | undefined {
    return this.#parts.anyHost;
  }

  /**
   * Every tree whose host matches, apart from `anyHost` (proxying.md 2, "host" and "wildcard host").
   * @param host lower case, with the port as the client wrote it
   */
  treesFor(host: string, secure: boolean): readonly PathNode[] {
    const { plain, suffix, prefix, suffixLengths, prefixLengths } = this.#parts;
    const { name, port } = splitHost(host);
    const trees: PathNode[] = [];
    addTrees(trees, plain.get(name), port);
    if (suffixLengths.size === 0 && prefixLengths.size === 0) return trees;
    // Only wildcards see the scheme's default port.
    const wildcardPort = port ?? (secure ? '443' : '80');
    for (const length of suffixLengths.keys()) {
      const at = name.length - length;
      if (at > 0) addTrees(trees, suffix.get(name.slice(at)), wildcardPort);
    }
    for (const length of prefixLengths.keys()) {
      if (length < name.length) addTrees(trees, prefix.get(name.slice(0, length)), wildcardPort);
    }
    return trees;
  }

  edit(): HostTableDraft {
    return new HostTableDraft(this.#parts);
  }
}

interface TableParts {
  readonly anyHost: PathNode | undefined;
  readonly plain: HostMap;
  readonly suffix: HostMap;
  readonly prefix: HostMap;
  /** How many entries of `suffix` and `prefix` have each length. */
  readonly suffixLengths: ReadonlyMap<number, number>;
  readonly prefixLengths: ReadonlyMap<number, number>;
}

function addTrees(trees: PathNode[], entry: HostEntry | undefined, port: string | undefined): void {
  if (entry === undefined) return;
  if (entry.anyPort !== undefined) trees.push(entry.anyPort);
  const withPort = port === undefined ? undefined : entry.ports.get(port);
  if (withPort !== undefined) trees.push(withPort);
}

/** Changes to a host table; the table it came from never changes. */
export class HostTableDraft {
  readonly #owner: EditOwner = {};
  #anyHost: PathNode | undefined;
  readonly #plain: ShardedMapDraft<HostEntry>;
  readonly #suffix: ShardedMapDraft<HostEntry>;
  readonly #prefix: ShardedMapDraft<HostEntry>;
  readonly #suffixLengths: Map<number, number>;
  readonly #prefixLengths: Map<number, number>;

  constructor(parts: TableParts) {
    this.#anyHost = parts.anyHost;
    this.#plain = parts.plain.edit();
    this.#suffix = parts.suffix.edit();
    this.#prefix = parts.prefix.edit();
    this.#suffixLengths = new Map(parts.suffixLengths);
    this.#prefixLengths = new Map(parts.prefixLengths);
  }

  /** Adds a candidate under one host; undefined: under no host. */
  add(host: HostPattern | undefined, candidate: Candidate): void {
    const { key } = candidate.criteria;
    this.#change(host, (tree) => insertCandidate(tree, key, candidate, this.#owner));
  }

  /** Takes out what `add` put in. */
  remove(host: HostPattern | undefined, candidate: Candidate): void {
    const { key } = candidate.criteria;
    this.#change(host, (tree) => (tree === undefined ? undefined : removeCandidate(tree, key, candidate, this.#owner)));
  }

  /** The table; the draft must not be used afterwards. */
  done(): HostTable {
    return new HostTable({
      anyHost: this.#anyHost,
      plain: this.#plain.done(),
      suffix: this.#suffix.done(),
      prefix: this.#prefix.done(),
      suffixLengths: this.#suffixLengths,
      prefixLengths: this.#prefixLengths,
    });
  }

  #change(host: HostPattern | undefined, edit: (tree: PathNode | undefined) => PathNode | undefined): void {
    if (host === undefined) {
      this.#anyHost = edit(this.#anyHost);
      return;
    }
    const map = host.kind === 'plain' ? this.#plain : host.kind === 'suffix' ? this.#suffix : this.#prefix;
    const before = map.get(host.key);
    const after = changedEntry(before, host.port, edit);
    if (after === undefined) map.delete(host.key);
    else map.set(host.key, after);
    const step = Number(after !== undefined) - Number(before !== undefined);
    if (host.kind !== 'plain' && step !== 0) {
      const lengths = host.kind === 'suffix' ? this.#suffixLengths : this.#prefixLengths;
      const count = (lengths.get(host.key.length) ?? 0) + step;
      if (count === 0) lengths.delete(host.key.length);
      else lengths.set(host.key.length, count);
    }
  }
}

function changedEntry(
  entry: HostEntry | undefined,
  port: string | undefined,
  edit: (tree: PathNode | undefined) => PathNode | undefined,
): HostEntry | undefined {
  const ports = entry?.ports ?? new Map<string, PathNode>();
  if (port === undefined) {
    const anyPort = edit(entry?.anyPort);
    return anyPort === undefined && ports.size === 0 ? undefined : { anyPort, ports };
  }
  const tree = edit(ports.get(port));
  const changed = new Map(ports);
  if (tree === undefined) changed.delete(port);
  else changed.set(port, tree);
  return entry?.anyPort === undefined && changed.size === 0 ? undefined : { anyPort: entry?.anyPort, ports: changed };
}
