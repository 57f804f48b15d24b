import { xxhash32 } from './xxhash32.ts';

/** Points of an address of average weight. */
const pointsEach = 160;

export interface RingMember {
  /** What the points are made of: the same name has the same points whoever else is on the ring. */
  readonly name: string;
  readonly weight: number;
}

/**
 * A ring of `slots` places for consistent hashing (proxying.md 6): about 160 points a member, scaled by weight, each at
 * a hash of its name and number modulo the slots. A place that two points claim goes to the one with the smaller hash, so
 * the ring does not depend on the order of members, and a member that leaves gives up its own places only.
 */
export class HashRing {
  /** For each slot the owner at or below it, as an index into `#owners`. */
  readonly #below: Uint32Array;
  /** Members in the order of their points. */
  readonly #owners: Uint32Array;

  constructor(members: readonly RingMember[], slots: number) {
    const total = members.reduce((sum, member) => sum + member.weight, 0);
    const owner = new Int32Array(slots).fill(-1);
    const claim = new Uint32Array(slots);
    for (const [index, member] of members.entries()) {
      if (member.weight === 0) continue;
      const base = xxhash32(member.name);
      const points = Math.max(1, Math.round((pointsEach * members.length * member.weight) / total));
      for (let point = 0; point < Math.min(points, slots); point += 1) {
        const hash = pointHash(base, point);
        const slot = hash % slots;
        const held = owner[slot] ?? -1;
        const rank = Math.floor(hash / slots);
        const stronger =
          rank < (claim[slot] ?? 0) || (rank === claim[slot] && member.name < (members[held]?.name ?? ''));
        if (held !== -1 && !stronger) continue;
        owner[slot] = index;
        claim[slot] = rank;
      }
    }
    const order: number[] = [];
    this.#below = new Uint32Array(slots);
    for (let slot = 0; slot < slots; slot += 1) {
      const held = owner[slot] ?? -1;
      if (held !== -1) order.push(held);
      this.#below[slot] = order.length - 1;
    }
    // Places before the first point belong to the last one: it is a ring.
    for (let slot = 0; slot < slots && (owner[slot] ?? -1) === -1; slot += 1) this.#below[slot] = order.length - 1;
    this.#owners = Uint32Array.from(order);
  }

  /** The first member at or below the hash's place that `accepts` takes; -1 when it takes none. */
  find(hash: number, accepts: (member: number) => boolean): number {
    const { length } = this.#owners;
    if (length === 0) return -1;
    let at = this.#below[hash % this.#below.length] ?? 0;
    for (let step = 0; step < length; step += 1) {
      const member = this.#owners[at] ?? 0;
      if (accepts(member)) return member;
      at = at === 0 ? length - 1 : at - 1;
    }
    return -1;
  }
}

/**
 * The place of a member's point: its name's hash and the point's number, mixed until every bit depends on all of them.
 * Hashing a text for each point would keep a worker for milliseconds whenever a large upstream changes.
 */
function pointHash(base: number, point: number): number {
  let hash = (base + Math.imul(point + 1, 0x9e3779b1)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
