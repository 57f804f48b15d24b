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
});
