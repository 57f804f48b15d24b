import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Acl, ConfigChange, Consumer, KeyauthCredential, Upsert } from '../entities/index.ts';
import { ConsumerIndex } from './consumer-index.ts';
import { CredentialIndex } from './credential-index.ts';

function consumer(id: string): Consumer {
  return { id, created_at: 1, updated_at: 1, username: `name of ${id}`, custom_id: null, tags: null };
}

function key(id: string, text: string, of: string, expires_at?: number): KeyauthCredential {
  const common = { id, created_at: 1, consumer: { id: of }, key: text, tags: null };
  return expires_at === undefined ? common : { ...common, expires_at };
}

function acl(id: string, of: string, group: string): Acl {
  return { id, created_at: 1, consumer: { id: of }, group, tags: null };
}

const keys = (...entities: KeyauthCredential[]): Upsert[] =>
  entities.map((entity) => ({ kind: 'keyauth_credentials', entity }));
const acls = (...entities: Acl[]): Upsert[] => entities.map((entity) => ({ kind: 'acls', entity }));

function change(upserts: readonly Upsert[], deletes: ConfigChange['deletes'] = []): ConfigChange {
  return { revision: 1, upserts: [...upserts], deletes: [...deletes] };
}

function indexes(): { index: CredentialIndex; clock: { ms: number } } {
  const clock = { ms: 0 };
  const consumers = new ConsumerIndex();
  consumers.apply(change(['a', 'b'].map((id) => ({ kind: 'consumers', entity: consumer(id) }))));
  return { index: new CredentialIndex(consumers, () => clock.ms), clock };
}

test('a key leads to its credential and its consumer', () => {
  const { index } = indexes();
  index.apply(change(keys(key('k1', 'first', 'a'), key('k2', 'second', 'b'))));
  assert.equal(index.keyAuth('first')?.consumer.id, 'a');
  assert.equal(index.keyAuth('second')?.credential.id, 'k2');
  for (const wrong of ['', 'First', 'first ', 'firs', '__proto__'])
    assert.equal(index.keyAuth(wrong), undefined, wrong);
});

test('a key whose consumer is not there is none', () => {
  const { index } = indexes();
  index.apply(change(keys(key('k1', 'first', 'gone'))));
  assert.equal(index.keyAuth('first'), undefined);
});

test('a key ends at its second', () => {
  const { index, clock } = indexes();
  index.apply(change(keys(key('k1', 'first', 'a', 10))));
  clock.ms = 9_999;
  assert.equal(index.keyAuth('first')?.consumer.id, 'a');
  clock.ms = 10_000;
  assert.equal(index.keyAuth('first'), undefined);
});

test('keys change, move between credentials and go', () => {
  const { index } = indexes();
  index.apply(change(keys(key('k1', 'first', 'a'), key('k2', 'second', 'b'))));
  index.apply(change(keys(key('k1', 'second', 'a'), key('k2', 'first', 'b'))));
  assert.equal(index.keyAuth('first')?.credential.id, 'k2');
  assert.equal(index.keyAuth('second')?.credential.id, 'k1');
  index.apply(change(keys(key('k1', 'third', 'a'))));
  assert.equal(index.keyAuth('second'), undefined);
  index.apply(change([], [{ kind: 'keyauth_credentials', id: 'k1' }]));
  assert.equal(index.keyAuth('third'), undefined);
  assert.equal(index.keyAuth('first')?.credential.id, 'k2');
});

test('groups are those of the consumer, sorted, and follow changes', () => {
  const { index } = indexes();
  assert.deepEqual(index.groupsOf('a'), []);
  index.apply(change(acls(acl('1', 'a', 'staff'), acl('2', 'a', 'admins'), acl('3', 'b', 'staff'))));
  assert.deepEqual(index.groupsOf('a'), ['admins', 'staff']);
  assert.equal(index.groupsOf('a'), index.groupsOf('a'));
  index.apply(change(acls(acl('1', 'b', 'owners'))));
  assert.deepEqual(index.groupsOf('a'), ['admins']);
  assert.deepEqual(index.groupsOf('b'), ['owners', 'staff']);
  index.apply(change([], [{ kind: 'acls', id: '2' }]));
  assert.deepEqual(index.groupsOf('a'), []);
});
