import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HashRing, type RingMember } from './hash-ring.ts';
import { xxhash32 } from './xxhash32.ts';

const everybody = () => true;
const hashes = Array.from({ length: 20_000 }, (_, index) => xxhash32(`key-${index}`));

function members(count: number, weight: (index: number) => number = () => 100): RingMember[] {
  return Array.from({ length: count }, (_, index) => ({ name: `10.0.0.${index + 1}:80`, weight: weight(index) }));
}

function ownersOf(ring: HashRing, names: readonly RingMember[]): string[] {
  return hashes.map((hash) => names[ring.find(hash, everybody)]?.name ?? '');
}

function sharesOf(owners: readonly string[]): Map<string, number> {
  const shares = new Map<string, number>();
  for (const owner of owners) shares.set(owner, (shares.get(owner) ?? 0) + 1 / owners.length);
  return shares;
}

test('keys spread over members in proportion to their weights, within a fifth', () => {
  const five = members(5, (index) => (index === 0 ? 300 : 100));
  const shares = sharesOf(ownersOf(new HashRing(five, 10_000), five));
  for (const { name, weight } of five) {
    const fair = weight / 700;
    const share = shares.get(name) ?? 0;
    assert.ok(Math.abs(share - fair) < fair * 0.2, `${name} has ${share}, should have ${fair}`);
  }
});

test('a member that leaves takes only its own keys along', () => {
  const before = members(6);
  const after = before.filter((_, index) => index !== 2);
  const former = ownersOf(new HashRing(before, 10_000), before);
  const later = ownersOf(new HashRing(after, 10_000), after);
  const gone = before[2]?.name;
  const moved = former.filter((owner, index) => owner !== gone && later[index] !== owner).length;
  // Points are scaled by the number of members, so a few places change hands besides.
  assert.ok(moved / hashes.length < 0.02, `${moved} keys moved that had no reason to`);
  assert.ok(later.every((owner) => owner !== gone));
});

test('the order of members makes no difference', () => {
  const names = members(7, (index) => 50 + index * 10);
  const turned = [...names].reverse();
  assert.deepEqual(ownersOf(new HashRing(names, 10_000), names), ownersOf(new HashRing(turned, 10_000), turned));
});

test('keys of a member that is not accepted go to others, and back when it is', () => {
  const names = members(4);
  const ring = new HashRing(names, 1000);
  for (const hash of hashes.slice(0, 500)) {
    const owner = ring.find(hash, everybody);
    const standIn = ring.find(hash, (member) => member !== owner);
    assert.notEqual(standIn, owner);
    assert.equal(ring.find(hash, everybody), owner);
    assert.equal(
      ring.find(hash, (member) => member !== owner),
      standIn,
    );
  }
});

test('every hash has an owner on the smallest ring, and nobody owns an empty one', () => {
  const names = members(40);
  const ring = new HashRing(names, 10);
  for (const hash of hashes.slice(0, 100)) assert.ok(ring.find(hash, everybody) >= 0);
  assert.equal(new HashRing([], 10).find(5, everybody), -1);
  assert.equal(
    new HashRing(
      members(2, () => 0),
      10,
    ).find(5, everybody),
    -1,
  );
  assert.equal(
    ring.find(5, () => false),
    -1,
  );
});
