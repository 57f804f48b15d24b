import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LruCache } from '../../base/lru-cache.ts';
import type { PluginServices } from '../../pdk/index.ts';
import { cachedBearer, keepBearer } from './bearer-cache.ts';
import type { RelyingParty } from './relying-party.ts';
import type { VerifiedToken } from './verify/access-token.ts';

function services(): PluginServices {
  const cache = new LruCache<unknown>(100);
  return { cache: () => cache } as unknown as PluginServices;
}

const policy = (name: string) => ({ policy: name.padEnd(43, '.') }) as unknown as RelyingParty;
const verified = (token: string) => ({ token }) as unknown as VerifiedToken;

describe('kept bearer tokens', () => {
  it('answer for the whole token only', () => {
    const worker = services();
    const tail = 's'.repeat(80);
    const kept = verified(`header.claims.${tail}`);
    keepBearer(worker, policy('a'), kept);
    assert.equal(cachedBearer(worker, policy('a'), `header.claims.${tail}`), kept);
    assert.equal(cachedBearer(worker, policy('a'), `header.other.${tail}`), undefined);
    assert.equal(cachedBearer(worker, policy('a'), tail), undefined);
  });

  it('answer for their own policy only', () => {
    const worker = services();
    keepBearer(worker, policy('a'), verified('short'));
    assert.equal(cachedBearer(worker, policy('b'), 'short'), undefined);
    assert.equal(cachedBearer(worker, policy('a'), 'short')?.token, 'short');
  });

  it('stand beside each other when they end alike, up to a bound', () => {
    const worker = services();
    const tokens = Array.from({ length: 12 }, (_, index) => verified(`${index}.${'s'.repeat(80)}`));
    for (const token of tokens) keepBearer(worker, policy('a'), token);
    const found = tokens.filter(({ token }) => cachedBearer(worker, policy('a'), token) !== undefined);
    assert.equal(found.length, 8);
    assert.ok(found.includes(tokens[11] as VerifiedToken));
    keepBearer(worker, policy('b'), tokens[11] as VerifiedToken);
    assert.equal(cachedBearer(worker, policy('a'), `11.${'s'.repeat(80)}`), tokens[11]);
    assert.equal(cachedBearer(worker, policy('b'), `11.${'s'.repeat(80)}`), tokens[11]);
  });

  it('give way to a newer verification of the same token', () => {
    const worker = services();
    const newer = verified('short');
    keepBearer(worker, policy('a'), verified('short'));
    keepBearer(worker, policy('a'), newer);
    assert.equal(cachedBearer(worker, policy('a'), 'short'), newer);
  });
});
