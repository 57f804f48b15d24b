import { type Bucket, emptyBucket, isEmptyBucket, withCandidate, withoutCandidate } from './bucket.ts';
import type { Candidate } from './candidate.ts';

/**
 * Radix tree over path prefixes. Walking a request's path from the root passes every bucket whose prefix
 * the path begins with, in as many steps as the tree branches along it, however many routes there are.
 * Lookups by distinct prefix length in a `Map` cost one hash of a substring for each length instead, and
 * grow with the number of lengths in use.
 *
 * Patterns with a text of unknown length in them, such as `/users/[^/]+/orders`, continue behind the next slash.
 *
 * Nodes are shared between trees. A node may be written to only by the edit that made it (`owner`).
 */
export interface PathNode {
  /** What this node adds to its parent's prefix. */
  readonly label: string;
  readonly bucket: Bucket;
  /** By first code unit of the child's label. */
  readonly children: ReadonlyMap<number, PathNode>;
  /** What goes on at the next slash, whatever stands before it. */
  readonly beyondSegment: PathNode | undefined;
}

/** Identity of one edit; nodes it made are its own until it ends. */
export type EditOwner = object;

interface OwnedNode {
  label: string;
  bucket: Bucket;
  children: Map<number, PathNode>;
  beyondSegment: PathNode | undefined;
  /** Undefined for nodes of a finished tree seen by another edit. */
  readonly owner: EditOwner;
}

const noChildren: Map<number, PathNode> = new Map();

/**
 * The tree with the candidate at the place that `key` names: a prefix, and for every further piece what follows at the
 * next slash. `node` itself is changed only if this edit made it.
 */
export function insertCandidate(
  node: PathNode | undefined,
  key: readonly string[],
  candidate: Candidate,
  owner: EditOwner,
): PathNode {
  const root = node === undefined ? freshNode('', owner) : ownedCopy(node, owner);
  insertBelow(root, key, 0, candidate, owner);
  return root;
}

function insertBelow(
  node: OwnedNode,
  key: readonly string[],
  at: number,
  candidate: Candidate,
  owner: EditOwner,
): void {
  const [prefix = '', ...further] = key;
  if (at === prefix.length) {
    if (further.length === 0) node.bucket = withCandidate(node.bucket, candidate);
    else node.beyondSegment = insertCandidate(node.beyondSegment, further, candidate, owner);
    return;
  }
  const first = prefix.charCodeAt(at);
  const known = node.children.get(first);
  if (known === undefined) {
    const leaf = freshNode(prefix.slice(at), owner);
    insertBelow(leaf, key, prefix.length, candidate, owner);
    setChild(node, leaf);
    return;
  }
  const shared = sharedLength(known.label, prefix, at);
  const child = ownedCopy(known, owner);
  if (shared === known.label.length) {
    setChild(node, child);
    insertBelow(child, key, at + shared, candidate, owner);
    return;
  }
  const fork = freshNode(known.label.slice(0, shared), owner);
  child.label = known.label.slice(shared);
  setChild(fork, child);
  setChild(node, fork);
  insertBelow(fork, key, at + shared, candidate, owner);
}

/** The tree without the candidate; undefined when nothing is left. */
export function removeCandidate(
  node: PathNode,
  key: readonly string[],
  candidate: Candidate,
  owner: EditOwner,
): PathNode | undefined {
  const root = ownedCopy(node, owner);
  removeBelow(root, key, 0, candidate, owner);
  return holdsNothing(root) && root.children.size === 0 ? undefined : root;
}

function removeBelow(
  node: OwnedNode,
  key: readonly string[],
  at: number,
  candidate: Candidate,
  owner: EditOwner,
): void {
  const [prefix = '', ...further] = key;
  if (at === prefix.length) {
    if (further.length === 0) node.bucket = withoutCandidate(node.bucket, candidate);
    else if (node.beyondSegment !== undefined) {
      node.beyondSegment = removeCandidate(node.beyondSegment, further, candidate, owner);
    }
    return;
  }
  const known = node.children.get(prefix.charCodeAt(at));
  if (known === undefined || !prefix.startsWith(known.label, at)) return;
  const child = ownedCopy(known, owner);
  removeBelow(child, key, at + known.label.length, candidate, owner);
  if (!holdsNothing(child) || child.children.size > 1) {
    setChild(node, child);
    return;
  }
  // A node that only leads on becomes one with its child, so that trees do not depend on what once was in them.
  const only = child.children.values().next().value;
  if (only === undefined) {
    node.children.delete(prefix.charCodeAt(at));
    return;
  }
  const merged = ownedCopy(only, owner);
  merged.label = child.label + only.label;
  setChild(node, merged);
}

/** Whether nothing is found at the node itself. */
function holdsNothing(node: PathNode): boolean {
  return isEmptyBucket(node.bucket) && node.beyondSegment === undefined;
}

function freshNode(label: string, owner: EditOwner): OwnedNode {
  return { label, bucket: emptyBucket, children: noChildren, beyondSegment: undefined, owner };
}

function ownedCopy(node: PathNode, owner: EditOwner): OwnedNode {
  const known = node as OwnedNode;
  if (known.owner === owner) return known;
  const children = node.children.size === 0 ? noChildren : new Map(node.children);
  return { label: node.label, bucket: node.bucket, children, beyondSegment: node.beyondSegment, owner };
}

function setChild(node: OwnedNode, child: PathNode): void {
  if (node.children === noChildren) node.children = new Map();
  node.children.set(child.label.charCodeAt(0), child);
}

function sharedLength(label: string, prefix: string, at: number): number {
  const max = Math.min(label.length, prefix.length - at);
  let length = 1;
  while (length < max && label.charCodeAt(length) === prefix.charCodeAt(at + length)) length += 1;
  return length;
}
