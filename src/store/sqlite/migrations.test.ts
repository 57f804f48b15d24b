import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Entity } from '../../entities/index.ts';
import { entityOf } from '../store-contract.ts';
import { openDatabase } from './driver.ts';
import { openSqliteStore } from './sqlite-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const service = entityOf('services', { name: 'orders', host: 'a.example', tags: ['x'] });
const route = entityOf('routes', { paths: ['/a'], service: { id: service.id } });

/** The schema of the first release, word for word, with two entities as that release wrote them. */
function writeFirstRelease(path: string): void {
  const database = openDatabase(path, { busyTimeoutMs: 0 });
  database.exec(`
    PRAGMA application_id = ${0x53414c59};
    CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT, applied_at INTEGER);
    INSERT INTO migrations VALUES (1, 'entities and their indexes', 1700000000);
    CREATE TABLE entities (
      position INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (kind, id)
    ) STRICT;
    CREATE TABLE unique_values (
      kind TEXT NOT NULL, rule TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (kind, rule, value)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE refs (
      kind TEXT NOT NULL, field TEXT NOT NULL, to_id TEXT NOT NULL, id TEXT NOT NULL,
      PRIMARY KEY (kind, field, to_id, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE tags (
      kind TEXT NOT NULL, tag TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (kind, tag, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO meta (name, value) VALUES ('revision', 7), ('model', 'rules of the first release');
  `);
  const insert = database.prepare('INSERT INTO entities (kind, id, body) VALUES (?, ?, ?)');
  insert.run('services', service.id, JSON.stringify(service));
  insert.run('routes', route.id, JSON.stringify(route));
  database.exec(`
    INSERT INTO unique_values VALUES ('services', 'name', '["orders"]', '${service.id}');
    INSERT INTO refs VALUES ('routes', 'service', '${service.id}', '${route.id}');
    INSERT INTO tags VALUES ('services', 'x', '${service.id}');
  `);
  database.close();
}

describe('a database of the first release', () => {
  it('keeps its entities, revision, names, references and tags', async () => {
    const path = join(folder, 'kept.db');
    writeFirstRelease(path);
    const store = await openSqliteStore({ path });
    assert.equal(await store.revision(), 7);
    assert.deepEqual(
      (await store.everything()).upserts.map(({ entity }) => entity),
      [service, route],
    );
    assert.deepEqual(await store.getByKey('services', 'orders'), service);
    assert.deepEqual((await store.list('services', { size: 9, tags: { mode: 'all', tags: ['x'] } })).rows, [service]);
    const transaction = await store.begin();
    assert.equal((await transaction.delete('services', service.id))?.kind, 'referenced');
    await transaction.rollback();
    await store.close();
  });

  it('takes the kinds it did not know, also such as end, and keeps them over a restart', async () => {
    const path = join(folder, 'grown.db');
    writeFirstRelease(path);
    const upstream = entityOf('upstreams', { name: 'u' });
    const consumer = entityOf('consumers', { username: 'alice' });
    const key = entityOf('keyauth_credentials', { key: 'k', consumer: { id: consumer.id } });
    const ending = { ...key, expires_at: 2_000_000_000 } as Entity;
    const store = await openSqliteStore({ path, now: () => 1_700_000_000_000 });
    const transaction = await store.begin();
    await transaction.insert('upstreams', upstream);
    await transaction.insert('targets', entityOf('targets', { upstream: { id: upstream.id }, target: 'a:1' }));
    await transaction.insert('consumers', consumer);
    await transaction.insert('keyauth_credentials', ending);
    await transaction.commit();
    await store.close();
    const later = await openSqliteStore({ path, now: () => 2_000_000_000_000 });
    assert.deepEqual(await later.getByKey('upstreams', 'u'), upstream);
    assert.equal(await later.getByKey('keyauth_credentials', 'k'), undefined);
    assert.equal((await later.list('targets', { size: 9 })).rows.length, 1);
    await later.close();
  });
});
