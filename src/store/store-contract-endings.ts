import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Entity, EntityKind } from '../entities/index.ts';
import type { Store } from './store.ts';
import { entityOf } from './store-contract.ts';

/** What `Store` promises of entities that end and of lists of references, for a store that `open` makes empty. */
export function describeEndings(name: string, open: (now: () => number) => Promise<Store>): void {
  describe(`store contract, endings and lists of references: ${name}`, () => {
    const clock = { ms: 1_700_000_000_000 };
    let store: Store;
    beforeEach(async () => {
      clock.ms = 1_700_000_000_000;
      store = await open(() => clock.ms);
    });
    afterEach(() => store.close());
    describeCredentials(() => store, clock);
    describeReferenceLists(() => store);
  });
}

async function put(store: Store, ...entities: readonly (readonly [EntityKind, Entity])[]) {
  const transaction = await store.begin();
  for (const [kind, entity] of entities) assert.equal(await transaction.insert(kind, entity), undefined);
  return await transaction.commit();
}

const consumer = entityOf('consumers', { username: 'alice' });

function credential(key: string, endsAt?: number): Entity {
  const entity = entityOf('keyauth_credentials', { key, consumer: { id: consumer.id }, tags: ['t'] });
  return endsAt === undefined ? entity : ({ ...entity, expires_at: endsAt } as Entity);
}

function describeCredentials(store: () => Store, clock: { ms: number }): void {
  const soon = 1_700_000_060;

  it('hides an entity from every reader once its time has come', async () => {
    const [ending, staying] = [credential('a', soon), credential('b')];
    await put(store(), ['consumers', consumer], ['keyauth_credentials', ending], ['keyauth_credentials', staying]);
    const seen = async () => [
      await store().get('keyauth_credentials', ending.id),
      await store().getByKey('keyauth_credentials', 'a'),
    ];
    const list = async (more: object) => (await store().list('keyauth_credentials', { size: 10, ...more })).rows;
    assert.deepEqual(await seen(), [ending, ending]);
    assert.equal((await list({})).length, 2);
    clock.ms = soon * 1000;
    assert.deepEqual(await seen(), [undefined, undefined]);
    assert.deepEqual(await list({}), [staying]);
    assert.deepEqual(await list({ parent: { field: 'consumer', id: consumer.id } }), [staying]);
    assert.deepEqual(await list({ tags: { mode: 'any', tags: ['t'] } }), [staying]);
    const left = (await store().everything()).upserts.map(({ entity }) => entity.id);
    assert.deepEqual(left, [consumer.id, staying.id]);
  });

  it('deletes what has ended along with the next write, and says so in its change', async () => {
    const ending = credential('a', soon);
    await put(store(), ['consumers', consumer], ['keyauth_credentials', ending]);
    clock.ms = soon * 1000 + 1;
    const { upserts, deletes } = await put(store(), ['services', entityOf('services', { host: 'h' })]);
    assert.equal(upserts.length, 1);
    assert.deepEqual(deletes, [{ kind: 'keyauth_credentials', id: ending.id }]);
  });

  it('gives the key of an ended entity to a new one, within the same transaction', async () => {
    await put(store(), ['consumers', consumer], ['keyauth_credentials', credential('a', soon)]);
    const early = await store().begin();
    assert.equal((await early.insert('keyauth_credentials', credential('a')))?.kind, 'unique');
    await early.rollback();
    clock.ms = soon * 1000;
    const heir = credential('a');
    await put(store(), ['keyauth_credentials', heir]);
    assert.deepEqual(await store().getByKey('keyauth_credentials', 'a'), heir);
  });

  it('takes an ending away and gives another', async () => {
    const ending = credential('a', soon);
    await put(store(), ['consumers', consumer], ['keyauth_credentials', ending]);
    const { expires_at: _, ...endless } = { expires_at: 0, ...ending };
    const transaction = await store().begin();
    await transaction.upsert('keyauth_credentials', endless as Entity);
    await transaction.commit();
    clock.ms = soon * 1000;
    assert.deepEqual(await store().get('keyauth_credentials', ending.id), endless);
  });

  it('has no more endings deleted by one write than the limit, and hides the others', async () => {
    const many = Array.from({ length: 1005 }, (_, index) => credential(`k-${index}`, soon));
    await put(
      store(),
      ['consumers', consumer],
      ...many.map((entity): readonly [EntityKind, Entity] => ['keyauth_credentials', entity]),
    );
    clock.ms = soon * 1000;
    const { deletes } = await put(store(), ['services', entityOf('services', { host: 'h' })]);
    assert.equal(deletes.length, 1000);
    assert.equal((await store().list('keyauth_credentials', { size: 10 })).rows.length, 0);
    for (const { id } of many) assert.equal(await store().get('keyauth_credentials', id), undefined);
    const heirs = many.map(({ id }, index) => ({ ...credential(`k-${index}`), id }));
    await put(store(), ...heirs.map((entity): readonly [EntityKind, Entity] => ['keyauth_credentials', entity]));
    assert.equal((await store().list('keyauth_credentials', { size: 1000 })).rows.length, 1000);
  });
}

/** The store never looks into a certificate, so a text stands for one. */
function authority(): Entity {
  const id = randomUUID();
  return { id, created_at: 1, updated_at: 1, cert: id, cert_digest: id, tags: null } as Entity;
}

function describeReferenceLists(store: () => Store): void {
  const trusting = (...ids: readonly string[]) =>
    entityOf('services', { host: 'h', protocol: 'https', ca_certificates: ids });

  it('refuses an id in a list that nothing has', async () => {
    const known = authority();
    const unknown = randomUUID();
    await put(store(), ['ca_certificates', known]);
    const transaction = await store().begin();
    assert.deepEqual(await transaction.insert('services', trusting(known.id, unknown)), {
      kind: 'foreign_missing',
      field: 'ca_certificates',
      to: 'ca_certificates',
      id: unknown,
    });
    await transaction.rollback();
  });

  it('refuses to delete what a list refers to, and names who does', async () => {
    const [one, two] = [authority(), authority()];
    const service = trusting(one.id, two.id);
    await put(store(), ['ca_certificates', one], ['ca_certificates', two], ['services', service]);
    const transaction = await store().begin();
    for (const { id } of [one, two]) {
      assert.deepEqual(await transaction.delete('ca_certificates', id), {
        kind: 'referenced',
        by: 'services',
        id: service.id,
      });
    }
    await transaction.upsert('services', { ...service, ca_certificates: [two.id] } as Entity);
    assert.equal(await transaction.delete('ca_certificates', one.id), undefined);
    assert.deepEqual(await transaction.referring('services', 'ca_certificates', two.id), [
      { ...service, ca_certificates: [two.id] },
    ]);
    await transaction.commit();
    assert.equal(await store().get('ca_certificates', one.id), undefined);
  });

  it('finds an entity by several fields that occur once together', async () => {
    const [one, two] = [entityOf('upstreams', { name: 'one' }), entityOf('upstreams', { name: 'two' })];
    const target = entityOf('targets', { upstream: { id: one.id }, target: 'a:80' });
    await put(store(), ['upstreams', one], ['upstreams', two], ['targets', target]);
    const found = (upstream: string, text: string) => store().getByUnique('targets', { target: text, upstream });
    assert.deepEqual(await found(one.id, 'a:80'), target);
    assert.equal(await found(two.id, 'a:80'), undefined);
    const transaction = await store().begin();
    const again = entityOf('targets', { upstream: { id: one.id }, target: 'a:80' });
    assert.deepEqual(await transaction.insert('targets', again), {
      kind: 'unique',
      fields: { upstream: { id: one.id }, target: 'a:80' },
    });
    assert.deepEqual(await transaction.getByUnique('targets', { upstream: one.id, target: 'a:80' }), target);
    assert.equal(await transaction.delete('upstreams', one.id), undefined);
    assert.equal(await transaction.getByUnique('targets', { upstream: one.id, target: 'a:80' }), undefined);
    await transaction.commit();
  });
}
