import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AdminParts, createPublisher, type Publisher } from '../../src/admin/index.ts';
import { type Logger, silentLogger } from '../../src/base/log.ts';
import type { ConfigChange } from '../../src/entities/index.ts';
import { pluginsByName } from '../../src/plugins/index.ts';
import { SnapshotHolder } from '../../src/snapshot/index.ts';
import { config } from './cases/plugins.ts';
import { Client, field, fresh, rows } from './client.ts';
import { startAdmin, type TestAdmin } from './harness.ts';

interface Watched {
  readonly admin: TestAdmin;
  readonly client: Client;
  readonly snapshot: SnapshotHolder;
  readonly published: ConfigChange[];
  /** Resolves the waits of publications when called. */
  acknowledge(): void;
}

async function watched(options: { hold?: boolean; parts?: Partial<AdminParts> } = {}): Promise<Watched> {
  const snapshot = new SnapshotHolder();
  const published: ConfigChange[] = [];
  const waiting: (() => void)[] = [];
  const publish = (change: ConfigChange): Promise<void> => {
    published.push(change);
    return options.hold === true ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve();
  };
  const publisher = createPublisher({ snapshot, plugins: pluginsByName(), fleet: { publish } });
  const admin = await startAdmin({ publisher, ...options.parts });
  return {
    admin,
    client: new Client(() => admin.url),
    snapshot,
    published,
    acknowledge: () => {
      for (const release of waiting.splice(0)) release();
    },
  };
}

test('a write reaches the own snapshot and the workers under the revision of the store', async () => {
  const { admin, client, snapshot, published } = await watched();
  const service = await client.make('/services', { host: 'h' });
  const route = await client.make(`/services/${service.id}/routes`, { paths: ['/a'] });
  assert.deepEqual(
    published.map(({ revision, upserts }) => [revision, upserts.map(({ kind, entity }) => [kind, entity.id])]),
    [
      [1, [['services', service.id]]],
      [2, [['routes', route.id]]],
    ],
  );
  assert.equal(snapshot.current.revision, await admin.parts.store.revision());
  assert.equal(snapshot.current.counts.routes, 1);
  await admin.close();
});

test('a deletion is published with everything that goes with it', async () => {
  const { admin, client, published } = await watched();
  const service = await client.make('/services', { host: 'h' });
  const plugin = await client.make(`/services/${service.id}/plugins`, { name: 'openid-connect', config });
  await client.delete(`/services/${service.id}`);
  assert.deepEqual(
    published.at(-1)?.deletes.map(({ id }) => id),
    [plugin.id, service.id],
  );
  await admin.close();
});

test('what changes nothing is not published', async () => {
  const { admin, client, published } = await watched();
  await client.delete('/services/none');
  await client.post('/services', {});
  await client.patch('/services/none', { retries: 1 });
  await client.post('/schemas/services/validate', { host: 'h' });
  assert.deepEqual(published, []);
  assert.equal(await admin.parts.store.revision(), 0);
  await admin.close();
});

test('a write answers when the workers have it, and the next one does not wait for that', async () => {
  const { admin, client, published, acknowledge } = await watched({ hold: true });
  let answered = 0;
  const writes = [fresh(), fresh(), fresh()].map(async (name) => {
    await client.make('/services', { name, host: 'h' });
    answered++;
  });
  while (published.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(answered, 0);
  assert.equal(rows((await client.get('/services')).json).length, 3);
  acknowledge();
  await Promise.all(writes);
  assert.deepEqual(
    published.map(({ revision }) => revision),
    [1, 2, 3],
  );
  await admin.close();
});

test('a change that does not compile is a 400 that names the field and leaves nothing behind', async () => {
  const base = createPublisher({
    snapshot: new SnapshotHolder(),
    plugins: pluginsByName(),
    fleet: { publish: async () => {} },
  });
  const publisher: Publisher = {
    ...base,
    check: async ({ upserts }) => ({
      kind: 'faults',
      faults: upserts.map(({ entity }) => ({
        kind: 'plugins',
        id: entity.id,
        name: 'x',
        message: 'cannot be prepared',
      })),
    }),
  };
  const { admin, client } = await watched({ parts: { publisher } });
  const answer = await client.post('/plugins', { name: 'openid-connect', config });
  assert.equal(answer.status, 400);
  assert.deepEqual(answer.json, {
    code: 2,
    name: 'schema violation',
    message: 'schema violation (config: cannot be prepared)',
    fields: { config: 'cannot be prepared' },
  });
  assert.deepEqual(rows((await client.get('/plugins')).json), []);
  await admin.close();
});

test('a fault of the store is a 500 without its cause, logged, and the next write works', async () => {
  const logged: unknown[] = [];
  const log: Logger = { ...silentLogger, error: (event, fields) => logged.push([event, fields?.['route']]) };
  const { admin, client } = await watched({ parts: { log } });
  const { store } = admin.parts;
  const begin = store.begin.bind(store);
  store.begin = async () => {
    const transaction = await begin();
    transaction.commit = async () => {
      await transaction.rollback();
      throw new Error('disk full at /secret/path');
    };
    store.begin = begin;
    return transaction;
  };
  const answer = await client.post('/services', { name: 'a', host: 'h' });
  assert.equal(answer.status, 500);
  assert.deepEqual(answer.json, { message: 'An unexpected error occurred' });
  assert.deepEqual(logged, [['admin.request.failed', '/services']]);
  assert.equal((await client.get('/services/a')).status, 404);
  assert.equal((await client.post('/services', { name: 'a', host: 'h' })).status, 201);
  await admin.close();
});

test('concurrent writes of one name leave exactly one entity', async () => {
  const { admin, client, published } = await watched();
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => client.post('/services', { name: 'same', host: 'h' })),
  );
  const count = (status: number) => answers.filter((answer) => answer.status === status).length;
  assert.deepEqual([count(201), count(409)], [1, 19]);
  assert.equal(published.length, 1);
  await admin.close();
});

test('concurrent patches of different fields all arrive', async () => {
  const { admin, client } = await watched();
  const { id } = await client.make('/services', { host: 'h' });
  const changes = { retries: 1, port: 81, path: '/p', read_timeout: 5, write_timeout: 6, tags: ['a'] };
  await Promise.all(Object.entries(changes).map(([name, value]) => client.patch(`/services/${id}`, { [name]: value })));
  const { json } = await client.get(`/services/${id}`);
  for (const [name, value] of Object.entries(changes)) assert.deepEqual(field(json, name), value);
  await admin.close();
});

test('200 concurrent writes are published in the order of their revisions', async () => {
  const { admin, client, published, snapshot } = await watched();
  await Promise.all(Array.from({ length: 200 }, (_, index) => client.make('/routes', { paths: [`/r${index}`] })));
  assert.deepEqual(
    published.map(({ revision }) => revision),
    Array.from({ length: 200 }, (_, index) => index + 1),
  );
  assert.equal(snapshot.current.counts.routes, 200);
  await admin.close();
});
