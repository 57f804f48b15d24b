import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessResult, Identity } from '../../pdk/index.ts';
import { faultsOf, prepared, type TestContext, testContext, testIdentity } from '../../pdk/testing.ts';
import { check } from './handler.ts';
import { acl } from './index.ts';

const stored: Readonly<Record<string, readonly string[]>> = {
  'id of alice': ['admins', 'staff'],
  'id of guest': ['guests'],
};
const services = { credentials: { keyAuth: () => undefined, groupsOf: (id: string) => stored[id] ?? [] } };

function run(
  config: Record<string, unknown>,
  identity: Identity | null,
): { answer: AccessResult; context: TestContext } {
  const context = testContext({ services, identity });
  const answer = acl.access?.(context, prepared(acl, config)) as AccessResult;
  return { answer, context };
}

const status = (config: Record<string, unknown>, identity: Identity | null) => run(config, identity).answer?.status;
const alice = testIdentity('alice');
const token = testIdentity('', { consumer: null, authenticatedGroups: ['staff', 'night'] });

test('allow lets its groups in, deny keeps them out', () => {
  assert.equal(status({ allow: ['staff'] }, alice), undefined);
  assert.equal(status({ allow: ['other', 'admins'] }, alice), undefined);
  assert.equal(status({ allow: ['other'] }, alice), 403);
  assert.equal(status({ deny: ['other'] }, alice), undefined);
  assert.equal(status({ deny: ['admins'] }, alice), 403);
  assert.equal(status({ allow: ['staff'] }, testIdentity('bob')), 403);
  assert.equal(status({ deny: ['staff'] }, testIdentity('bob')), undefined);
});

test('a refusal has the text, and its record names groups and setting', () => {
  const { answer, context } = run({ allow: ['other'] }, alice);
  assert.equal(answer?.message, 'You cannot consume this service');
  const { failure } = context.decision;
  assert.deepEqual(
    [failure?.check, failure?.seen, failure?.expected, failure?.field],
    [check['caller.groups'], 'admins, staff', 'one of other', 'config.allow'],
  );
});

test('nobody is 401, a credential without a consumer and groups is 403', () => {
  const { answer } = run({ allow: ['staff'] }, null);
  assert.deepEqual([answer?.status, answer?.message], [401, 'Unauthorized']);
  assert.equal(status({ allow: ['staff'] }, testIdentity('', { consumer: null, credential: null })), 401);
  assert.equal(status({ allow: ['staff'] }, testIdentity('', { consumer: null })), 403);
});

test('groups of a token count without a consumer, without a credential, or when always preferred', () => {
  assert.equal(status({ allow: ['night'] }, token), undefined);
  assert.equal(status({ allow: ['admins'] }, token), 403);
  const both = testIdentity('alice', { authenticatedGroups: ['night'] });
  assert.equal(status({ allow: ['night'] }, both), 403);
  assert.equal(status({ allow: ['night'], always_use_authenticated_groups: true }, both), undefined);
  assert.equal(status({ allow: ['staff'], always_use_authenticated_groups: true }, both), 403);
  assert.equal(status({ allow: ['staff'], always_use_authenticated_groups: true }, alice), undefined);
  assert.equal(
    status({ allow: ['night'] }, testIdentity('alice', { authenticatedGroups: ['night'], credential: null })),
    undefined,
  );
});

test('the anonymous consumer has the groups that are stored for it', () => {
  const guest = testIdentity('guest', { anonymous: true, credential: null });
  assert.equal(status({ allow: ['guests'] }, guest), undefined);
  assert.equal(status({ allow: ['staff'] }, guest), 403);
});

test('the upstream is told the groups that counted, unless they are hidden', () => {
  const told = (config: Record<string, unknown>, identity: Identity) => {
    const pairs = run(config, identity).context.told ?? [];
    const at = pairs.findIndex((name) => name.endsWith('-Groups'));
    return at === -1 ? undefined : [pairs[at], pairs[at + 1]];
  };
  assert.deepEqual(told({ allow: ['staff'] }, alice), ['X-Consumer-Groups', 'admins, staff']);
  assert.deepEqual(told({ allow: ['staff'] }, token), ['X-Authenticated-Groups', 'staff, night']);
  assert.equal(told({ allow: ['staff'], hide_groups_header: true }, alice), undefined);
  assert.equal(told({ allow: ['staff'], hide_groups_header: true }, token), undefined);
  assert.equal(told({ deny: ['x'] }, testIdentity('bob')), undefined);
  assert.ok(run({ allow: ['staff'] }, alice).context.told?.includes('X-Consumer-Username'));
});

test('exactly one of the lists is configured', () => {
  const fault = ["@entity: exactly one of these fields must be non-empty: 'config.allow', 'config.deny'"];
  assert.deepEqual(faultsOf(acl, {}), fault);
  assert.deepEqual(faultsOf(acl, { allow: ['a'], deny: ['b'] }), fault);
  assert.deepEqual(faultsOf(acl, { deny: ['b'] }), []);
});
