import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Entity, type EntityKind, entityDefinitions } from '../entities/index.ts';
import { processInsert } from '../schema/index.ts';
import type { Store, StoreFault, StoreTransaction } from './store.ts';
import { StoreError } from './store-error.ts';

/** A valid entity as the Admin API would hand it over. */
export function entityOf(kind: EntityKind, input: Readonly<Record<string, unknown>>): Entity {
  const generators = { uuid: randomUUID, now: () => 1_700_000_000, secret: randomUUID };
  const processed = processInsert(entityDefinitions[kind].record, input, 'insert', generators);
  if (processed.kind === 'invalid') throw new Error(JSON.stringify(processed.faults));
  return processed.value as unknown as Entity;
}

/** Every promise of `Store`, checked against a store that `open` makes empty for each test. */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(`store contract: ${name}`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());
    describeReads(() => store);
    describeIsolation(() => store);
    describeUnique(() => store);
    describeReferences(() => store);
    describeLists(() => store);
    describeLife(() => store);
  });
}

const service = (input: Readonly<Record<string, unknown>> = {}) =>
  entityOf('services', { host: 'a.example', ...input });
const route = (input: Readonly<Record<string, unknown>> = {}) => entityOf('routes', { paths: ['/a'], ...input });
const consumer = (username: string, more: Readonly<Record<string, unknown>> = {}) =>
  entityOf('consumers', { username, ...more });
const plugin = (input: Readonly<Record<string, unknown>>) => entityOf('plugins', { config: {}, ...input });

async function within(store: Store, work: (transaction: StoreTransaction) => Promise<unknown>) {
  const transaction = await store.begin();
  try {
    await work(transaction);
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
  return await transaction.commit();
}

async function put(store: Store, ...entities: readonly (readonly [EntityKind, Entity])[]) {
  return await within(store, async (transaction) => {
    for (const [kind, entity] of entities) assert.equal(await transaction.insert(kind, entity), undefined);
  });
}

/** Runs one write in a transaction of its own and takes it back. */
async function faultOf(store: Store, work: (transaction: StoreTransaction) => Promise<StoreFault | undefined>) {
  const transaction = await store.begin();
  const fault = await work(transaction);
  await transaction.rollback();
  return fault;
}

function describeReads(store: () => Store): void {
  it('starts empty at revision 0', async () => {
    assert.deepEqual(await store().everything(), { revision: 0, upserts: [], deletes: [] });
    assert.equal(await store().get('services', randomUUID()), undefined);
    assert.equal(await store().reachable(), true);
  });

  it('gives back what was written, found by id, by key and by another unique field', async () => {
    const one = consumer('alice', { custom_id: 'c-1', tags: ['x'] });
    await put(store(), ['consumers', one]);
    assert.deepEqual(await store().get('consumers', one.id), one);
    assert.deepEqual(await store().getByKey('consumers', 'alice'), one);
    assert.deepEqual(await store().getByUnique('consumers', { custom_id: 'c-1' }), one);
    assert.equal(await store().getByUnique('consumers', { custom_id: 'alice' }), undefined);
    assert.equal(await store().getByKey('services', 'alice'), undefined);
    assert.equal(await store().get('services', one.id), undefined);
  });

  it('lists everything with references before their users, whatever the order of writing', async () => {
    const target = service({ name: 's' });
    await put(store(), ['consumers', consumer('alice')]);
    await put(store(), ['plugins', plugin({ name: 'p' })], ['services', target]);
    await put(store(), ['routes', route({ service: { id: target.id } })]);
    const { upserts, revision } = await store().everything();
    assert.equal(revision, 3);
    assert.deepEqual(
      upserts.map(({ kind }) => kind),
      ['services', 'routes', 'consumers', 'plugins'],
    );
  });

  it('keeps names that are members of every object', async () => {
    const one = consumer('__proto__');
    await put(store(), ['consumers', one], ['consumers', consumer('constructor')]);
    assert.deepEqual(await store().getByKey('consumers', '__proto__'), one);
    assert.equal(await store().getByKey('consumers', 'toString'), undefined);
  });
}

function describeIsolation(store: () => Store): void {
  it('shows writes to their own transaction at once and to others only after commit', async () => {
    const old = service({ name: 'old' });
    await put(store(), ['services', old]);
    const renamed = { ...old, name: 'new' };
    const transaction = await store().begin();
    await transaction.upsert('services', renamed);
    assert.deepEqual(await transaction.get('services', old.id), renamed);
    assert.deepEqual(await transaction.getByKey('services', 'new'), renamed);
    assert.equal(await transaction.getByKey('services', 'old'), undefined);
    assert.deepEqual(await store().get('services', old.id), old);
    assert.equal(await store().getByKey('services', 'new'), undefined);
    assert.deepEqual((await store().list('services', { size: 10 })).rows, [old]);
    assert.equal(await store().revision(), 1);
    await transaction.commit();
    assert.deepEqual(await store().getByKey('services', 'new'), renamed);
    assert.equal(await store().getByKey('services', 'old'), undefined);
    assert.equal(await store().revision(), 2);
  });

  it('forgets everything on rollback', async () => {
    const transaction = await store().begin();
    await transaction.insert('services', service({ name: 's' }));
    await transaction.rollback();
    assert.equal(await store().revision(), 0);
    assert.equal(await store().getByKey('services', 's'), undefined);
  });

  it('lets writers in one at a time, in the order of asking', async () => {
    const order: number[] = [];
    const first = await store().begin();
    const others = [1, 2, 3].map(async (number) => {
      const transaction = await store().begin();
      order.push(number);
      await transaction.insert('consumers', consumer(`c${number}`));
      await new Promise((resolve) => setImmediate(resolve));
      return (await transaction.commit()).revision;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(order, []);
    await first.commit();
    assert.deepEqual(await Promise.all(others), [2, 3, 4]);
    assert.deepEqual(order, [1, 2, 3]);
  });

  it('announces in `changes` exactly what `commit` returns, under the next revision', async () => {
    const target = service({ name: 's' });
    const gone = consumer('gone');
    await put(store(), ['consumers', gone], ['services', target]);
    const transaction = await store().begin();
    const bound = route({ service: { id: target.id } });
    await transaction.insert('plugins', plugin({ name: 'p' }));
    await transaction.insert('routes', bound);
    await transaction.delete('consumers', gone.id);
    const passing = consumer('passing');
    await transaction.insert('consumers', passing);
    await transaction.delete('consumers', passing.id);
    const changes = transaction.changes();
    assert.equal(changes.revision, 2);
    assert.deepEqual(
      changes.upserts.map(({ kind }) => kind),
      ['routes', 'plugins'],
    );
    assert.deepEqual(changes.deletes, [{ kind: 'consumers', id: gone.id }]);
    assert.deepEqual(await transaction.commit(), changes);
  });

  it('publishes an entity deleted and written again as an upsert only', async () => {
    const one = service({ name: 's' });
    await put(store(), ['services', one]);
    const change = await within(store(), async (transaction) => {
      await transaction.delete('services', one.id);
      await transaction.insert('services', one);
    });
    assert.deepEqual(change, { revision: 2, upserts: [{ kind: 'services', entity: one }], deletes: [] });
    assert.deepEqual(await store().getByKey('services', 's'), one);
  });
}

function describeUnique(store: () => Store): void {
  it('refuses an insert under a taken id', async () => {
    const one = service();
    await put(store(), ['services', one]);
    const fault = await faultOf(store(), (transaction) => transaction.insert('services', service({ id: one.id })));
    assert.deepEqual(fault, { kind: 'primary_key', id: one.id });
  });

  it('refuses a taken unique value, stored or of the same transaction, and takes many nulls', async () => {
    await put(store(), ['services', service({ name: 's' })], ['services', service()], ['services', service()]);
    const taken = { kind: 'unique', fields: { name: 's' } };
    assert.deepEqual(await faultOf(store(), (one) => one.insert('services', service({ name: 's' }))), taken);
    assert.deepEqual(await faultOf(store(), (one) => one.upsert('services', service({ name: 's' }))), taken);
    const fault = await faultOf(store(), async (transaction) => {
      await transaction.insert('services', service({ name: 't' }));
      return await transaction.insert('services', service({ name: 't' }));
    });
    assert.deepEqual(fault, { kind: 'unique', fields: { name: 't' } });
  });

  it('leaves the transaction as it was after a fault', async () => {
    await put(store(), ['services', service({ name: 's' })]);
    const change = await within(store(), async (transaction) => {
      assert.notEqual(await transaction.insert('services', service({ name: 's' })), undefined);
      assert.equal(await transaction.insert('services', service({ name: 't' })), undefined);
    });
    assert.equal(change.upserts.length, 1);
  });

  it('frees a unique value by change and by deletion, in the same transaction and after it', async () => {
    const one = service({ name: 's' });
    await put(store(), ['services', one]);
    await within(store(), async (transaction) => {
      await transaction.upsert('services', { ...one, name: 't' });
      assert.equal(await transaction.insert('services', service({ name: 's' })), undefined);
      await transaction.delete('services', one.id);
      assert.equal(await transaction.insert('services', service({ name: 't' })), undefined);
    });
    await put(store(), ['services', service({ id: one.id, name: 'u' })]);
  });

  it('lets two entities swap a unique value in one transaction', async () => {
    const [left, right] = [service({ name: 'left' }), service({ name: 'right' })];
    await put(store(), ['services', left], ['services', right]);
    await within(store(), async (transaction) => {
      await transaction.upsert('services', { ...left, name: 'between' });
      await transaction.upsert('services', { ...right, name: 'left' });
      assert.equal(await transaction.upsert('services', { ...left, name: 'right' }), undefined);
    });
    assert.equal((await store().getByKey('services', 'left'))?.id, right.id);
    assert.equal((await store().getByKey('services', 'right'))?.id, left.id);
  });

  it('takes a plugin once per name, route, service and consumer, nulls being equal', async () => {
    const target = service();
    const bound = { service: { id: target.id } };
    await put(
      store(),
      ['services', target],
      ['plugins', plugin({ name: 'p' })],
      ['plugins', plugin({ name: 'p', ...bound })],
      ['plugins', plugin({ name: 'q', ...bound })],
    );
    const global = await faultOf(store(), (one) => one.insert('plugins', plugin({ name: 'p' })));
    const free = { name: 'p', route: null, service: null, consumer: null };
    assert.deepEqual(global, { kind: 'unique', fields: free });
    const second = await faultOf(store(), (one) => one.insert('plugins', plugin({ name: 'p', ...bound })));
    assert.deepEqual(second, { kind: 'unique', fields: { ...free, ...bound } });
  });
}

function describeReferences(store: () => Store): void {
  it('refuses a reference to what does not exist', async () => {
    const id = randomUUID();
    const fault = await faultOf(store(), (transaction) => transaction.insert('routes', route({ service: { id } })));
    assert.deepEqual(fault, { kind: 'foreign_missing', field: 'service', to: 'services', id });
  });

  it('knows targets written or deleted earlier in the same transaction', async () => {
    const target = service();
    await within(store(), async (transaction) => {
      await transaction.insert('services', target);
      assert.equal(await transaction.insert('routes', route({ service: { id: target.id } })), undefined);
    });
    const fault = await faultOf(store(), async (transaction) => {
      const other = service();
      await transaction.insert('services', other);
      await transaction.delete('services', other.id);
      return await transaction.insert('routes', route({ service: { id: other.id } }));
    });
    assert.equal(fault?.kind, 'foreign_missing');
  });

  it('refuses to delete a service while routes refer to it, stored or of the same transaction', async () => {
    const target = service();
    await put(store(), ['services', target]);
    const bound = route({ service: { id: target.id } });
    const early = await faultOf(store(), async (transaction) => {
      await transaction.insert('routes', bound);
      return await transaction.delete('services', target.id);
    });
    assert.deepEqual(early, { kind: 'referenced', by: 'routes', id: bound.id });
    await put(store(), ['routes', bound]);
    const late = await faultOf(store(), (transaction) => transaction.delete('services', target.id));
    assert.deepEqual(late, { kind: 'referenced', by: 'routes', id: bound.id });
    await within(store(), async (transaction) => {
      await transaction.upsert('routes', { ...bound, service: null });
      assert.equal(await transaction.delete('services', target.id), undefined);
    });
    assert.equal(await store().get('services', target.id), undefined);
  });

  it('deletes plugins with the route, service or consumer they belong to, and no others', async () => {
    const [target, alice] = [service(), consumer('alice')];
    const bound = route({ service: { id: target.id } });
    const onRoute = plugin({ name: 'p', route: { id: bound.id } });
    const onBoth = plugin({ name: 'q', route: { id: bound.id }, consumer: { id: alice.id } });
    const free = plugin({ name: 'p' });
    await put(
      store(),
      ['services', target],
      ['routes', bound],
      ['consumers', alice],
      ['plugins', onRoute],
      ['plugins', onBoth],
      ['plugins', free],
    );
    const change = await within(store(), (transaction) => transaction.delete('routes', bound.id));
    assert.deepEqual(change.deletes.map(({ kind, id }) => `${kind} ${id}`).sort(), [
      ...[onRoute.id, onBoth.id].sort().map((id) => `plugins ${id}`),
      `routes ${bound.id}`,
    ]);
    assert.equal(change.deletes.at(-1)?.kind, 'routes');
    assert.deepEqual((await store().list('plugins', { size: 10 })).rows, [free]);
    await put(store(), ['routes', bound], ['plugins', onBoth]);
    await within(store(), (transaction) => transaction.delete('consumers', alice.id));
    assert.equal(await store().get('plugins', onBoth.id), undefined);
  });

  it('takes the deletion of what is not there for done', async () => {
    const change = await within(store(), (transaction) => transaction.delete('services', randomUUID()));
    assert.deepEqual(change, { revision: 1, upserts: [], deletes: [] });
  });
}

function describeLists(store: () => Store): void {
  const walk = async (kind: EntityKind, options: Omit<Parameters<Store['list']>[1], 'after'>) => {
    const ids: string[] = [];
    const sizes: number[] = [];
    let after: string | undefined;
    do {
      const page = await store().list(kind, after === undefined ? options : { ...options, after });
      ids.push(...page.rows.map(({ id }) => id));
      sizes.push(page.rows.length);
      after = page.next;
    } while (after !== undefined);
    return { ids, sizes };
  };

  it('pages through a kind in the order of ids, each entity once', async () => {
    const all = Array.from({ length: 7 }, (_, index) => service({ name: `s${index}` }));
    await put(store(), ...all.map((one) => ['services', one] as const), ['consumers', consumer('alice')]);
    const sorted = all.map(({ id }) => id).sort();
    assert.deepEqual(await walk('services', { size: 3 }), { ids: sorted, sizes: [3, 3, 1] });
    assert.deepEqual(await walk('services', { size: 7 }), { ids: sorted, sizes: [7] });
  });

  it('continues after an id that has been deleted meanwhile', async () => {
    const all = Array.from({ length: 4 }, () => service()).sort((left, right) => (left.id < right.id ? -1 : 1));
    await put(store(), ...all.map((one) => ['services', one] as const));
    const first = await store().list('services', { size: 2 });
    await within(store(), (transaction) => transaction.delete('services', first.next ?? ''));
    const rest = await store().list('services', { size: 2, after: first.next ?? '' });
    assert.deepEqual(rest.rows, all.slice(2));
  });

  it('filters by all of the tags or any of them', async () => {
    const tagged = (...tags: string[]) => service({ tags });
    const [both, left, right, none] = [tagged('x', 'y'), tagged('x'), tagged('y', 'z'), service()];
    await put(store(), ...[both, left, right, none].map((one) => ['services', one] as const));
    const ids = async (mode: 'all' | 'any', ...tags: string[]) =>
      (await walk('services', { size: 1, tags: { mode, tags } })).ids;
    const sorted = (...entities: Entity[]) => entities.map(({ id }) => id).sort();
    assert.deepEqual(await ids('all', 'x'), sorted(both, left));
    assert.deepEqual(await ids('all', 'x', 'y'), sorted(both));
    assert.deepEqual(await ids('all', 'x', 'x'), sorted(both, left));
    assert.deepEqual(await ids('any', 'x', 'y'), sorted(both, left, right));
    assert.deepEqual(await ids('any', 'z', 'nowhere'), sorted(right));
    assert.deepEqual(await ids('all', 'z', 'nowhere'), []);
    await within(store(), (transaction) => transaction.upsert('services', { ...both, tags: ['z'] }));
    assert.deepEqual(await ids('all', 'x'), sorted(left));
    assert.deepEqual(await ids('any', 'z'), sorted(both, right));
  });

  it('lists the children of one parent, with tags too', async () => {
    const [mine, other] = [service(), service()];
    const child = (parent: Entity, tags: string[]) => route({ service: { id: parent.id }, tags });
    const [one, two, three] = [child(mine, ['x']), child(mine, ['y']), child(other, ['x'])];
    await put(store(), ['services', mine], ['services', other]);
    await put(store(), ...[one, two, three, route()].map((each) => ['routes', each] as const));
    const parent = { field: 'service', id: mine.id };
    assert.deepEqual((await walk('routes', { size: 1, parent })).ids, [one.id, two.id].sort());
    const tags = { mode: 'any', tags: ['x'] } as const;
    assert.deepEqual((await walk('routes', { size: 1, parent, tags })).ids, [one.id]);
    await within(store(), (transaction) => transaction.upsert('routes', { ...one, service: { id: other.id } }));
    assert.deepEqual((await walk('routes', { size: 10, parent })).ids, [two.id]);
  });

  it('keeps page sizes within 1 and 1000', async () => {
    await put(store(), ...Array.from({ length: 3 }, () => ['services', service()] as const));
    assert.equal((await store().list('services', { size: 0 })).rows.length, 1);
    assert.equal((await store().list('services', { size: 1e9 })).rows.length, 3);
  });
}

function describeLife(store: () => Store): void {
  const failsWith = (code: string) => (error: unknown) => error instanceof StoreError && error.code === code;

  it('refuses to use a transaction that is over', async () => {
    const transaction = await store().begin();
    await transaction.commit();
    await assert.rejects(transaction.insert('services', service()), failsWith('transaction_over'));
    await assert.rejects(transaction.commit(), failsWith('transaction_over'));
    await assert.rejects(transaction.rollback(), failsWith('transaction_over'));
    await (await store().begin()).rollback();
  });

  it('lets the writer at work end when it closes and refuses those who wait', async () => {
    const working = await store().begin();
    const waiting = assert.rejects(store().begin(), failsWith('store_closed'));
    await working.insert('services', service());
    const closed = store().close();
    assert.equal((await working.commit()).revision, 1);
    await closed;
    await waiting;
    assert.equal(await store().reachable(), false);
    await assert.rejects(store().revision(), failsWith('store_closed'));
    await store().close();
  });
}
