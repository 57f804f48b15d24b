import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { describeStore, entityOf } from '../store-contract.ts';
import { describeEndings } from '../store-contract-endings.ts';
import { StoreError } from '../store-error.ts';
import { openDatabase } from './driver.ts';
import { openSqliteStore } from './sqlite-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'store-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function newPath(): string {
  files += 1;
  return join(folder, String(files), 'sallyport.db');
}

describeStore('SQLite file', () => openSqliteStore({ path: newPath() }));
describeStore('SQLite in memory', () => openSqliteStore({ path: ':memory:' }));
describeEndings('SQLite in memory', (now) => openSqliteStore({ path: ':memory:', now }));

async function insertConsumer(path: string, username: string): Promise<void> {
  const store = await openSqliteStore({ path });
  const transaction = await store.begin();
  assert.equal(await transaction.insert('consumers', entityOf('consumers', { username })), undefined);
  await transaction.commit();
  await store.close();
}

describe('SQLite file', () => {
  const rejectsWith = (code: string, text: RegExp) => (error: unknown) =>
    error instanceof StoreError && error.code === code && text.test(error.message);

  it('keeps entities and revision over a restart', async () => {
    const path = newPath();
    await insertConsumer(path, 'alice');
    await insertConsumer(path, 'bob');
    const store = await openSqliteStore({ path });
    assert.equal(await store.revision(), 2);
    assert.equal((await store.everything()).upserts.length, 2);
    assert.ok(await store.getByKey('consumers', 'alice'));
    await store.close();
  });

  it('is closed to other users: file 0600, made folder 0700, the log likewise', async () => {
    const path = newPath();
    const store = await openSqliteStore({ path });
    const mode = (name: string) => statSync(name).mode & 0o777;
    assert.equal(mode(path), 0o600);
    assert.equal(mode(join(path, '..')), 0o700);
    assert.equal(mode(`${path}-wal`), 0o600);
    await store.close();
  });

  it('refuses a second opener by name while the first is alive', async () => {
    const path = newPath();
    const first = await openSqliteStore({ path });
    const locked = rejectsWith('store_locked', /sallyport\.db is in use by another process$/);
    await assert.rejects(openSqliteStore({ path, busyTimeoutMs: 0 }), locked);
    const script = `import { openSqliteStore } from ${JSON.stringify(import.meta.resolve('./sqlite-store.ts'))};
      await openSqliteStore({ path: ${JSON.stringify(path)}, busyTimeoutMs: 0 }).then(
        () => console.log('opened'), (error) => console.log(error.code));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output] = await once(child.stdout, 'data');
    assert.equal(String(output).trim(), 'store_locked');
    await first.close();
    await (await openSqliteStore({ path, busyTimeoutMs: 0 })).close();
  });

  it('refuses, untouched, what is not its own: other text, other databases, newer schemas', async () => {
    const text = newPath();
    await (await openSqliteStore({ path: text })).close();
    writeFileSync(text, 'not a database, but long enough to have a header of some kind in it');
    await assert.rejects(openSqliteStore({ path: text }), rejectsWith('store_foreign', /not a SQLite file/));
    assert.match(readFileSync(text, 'utf8'), /^not a database/);

    const other = newPath();
    const database = openDatabase(other, { busyTimeoutMs: 0 });
    database.exec('CREATE TABLE theirs (x)');
    database.close();
    await assert.rejects(openSqliteStore({ path: other }), rejectsWith('store_foreign', /another program/));

    const newer = newPath();
    await (await openSqliteStore({ path: newer })).close();
    const raised = openDatabase(newer, { busyTimeoutMs: 0 });
    raised.exec("INSERT INTO migrations VALUES (999, 'from the future', 0)");
    raised.close();
    await assert.rejects(openSqliteStore({ path: newer }), rejectsWith('store_newer', /schema 999/));
  });

  it('says which path it cannot open', async () => {
    const path = newPath();
    await (await openSqliteStore({ path })).close();
    const below = join(path, 'sallyport.db');
    await assert.rejects(
      openSqliteStore({ path: below }),
      rejectsWith('store_unavailable', /sallyport\.db\/sallyport\.db/),
    );
  });

  it('builds its indexes anew when another version wrote them by other rules', async () => {
    const path = newPath();
    await insertConsumer(path, 'alice');
    const database = openDatabase(path, { busyTimeoutMs: 0 });
    database.exec("DELETE FROM unique_values; UPDATE meta SET value = 'other rules' WHERE name = 'model'");
    database.close();
    const store = await openSqliteStore({ path });
    assert.ok(await store.getByKey('consumers', 'alice'));
    await store.close();
  });

  it('refuses a commit that the disk does not take, and is as before', async () => {
    const path = newPath();
    await insertConsumer(path, 'alice');
    const database = openDatabase(path, { busyTimeoutMs: 0 });
    database.exec("CREATE TRIGGER full BEFORE INSERT ON tags BEGIN SELECT RAISE(ABORT, 'no'); END");
    database.close();
    const store = await openSqliteStore({ path });
    const transaction = await store.begin();
    await transaction.insert('consumers', entityOf('consumers', { username: 'bob', tags: ['x'] }));
    await assert.rejects(transaction.commit(), rejectsWith('store_failed', /failed/));
    assert.equal(await store.getByKey('consumers', 'bob'), undefined);
    assert.equal(await store.revision(), 1);
    await (await store.begin()).rollback();
    await store.close();
  });
});

describe('SQLite file under kill -9', () => {
  /** Writes a consumer with its plugin per transaction and prints the pair once the commit is acknowledged. */
  const writer = (path: string) => `
    import { writeSync } from 'node:fs';
    import { openSqliteStore } from ${JSON.stringify(import.meta.resolve('./sqlite-store.ts'))};
    import { entityOf } from ${JSON.stringify(import.meta.resolve('../store-contract.ts'))};
    const store = await openSqliteStore({ path: ${JSON.stringify(path)} });
    for (;;) {
      const consumer = entityOf('consumers', { username: crypto.randomUUID() });
      const plugin = entityOf('plugins', { name: 'p', config: {}, consumer: { id: consumer.id } });
      const transaction = await store.begin();
      await transaction.insert('consumers', consumer);
      await transaction.insert('plugins', plugin);
      await transaction.commit();
      writeSync(1, consumer.id + ' ' + plugin.id + '\\n');
    }`;

  it('has every acknowledged write and no half of one after each of 10 crashes', async () => {
    const path = newPath();
    const acknowledged: string[] = [];
    for (let round = 0; round < 10; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', writer(path)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.on('data', (chunk) => {
        // The first line tells that writing has begun; the kill falls at a random point after it.
        if (output === '') setTimeout(() => child.kill('SIGKILL'), Math.random() * 40);
        output += chunk;
      });
      const [, signal] = await once(child, 'close');
      assert.equal(signal, 'SIGKILL');
      acknowledged.push(...output.split('\n').slice(0, -1));

      const store = await openSqliteStore({ path });
      for (const line of acknowledged) {
        const [consumer = '', plugin = ''] = line.split(' ');
        assert.ok(await store.get('consumers', consumer), `consumer of ${line}`);
        assert.ok(await store.get('plugins', plugin), `plugin of ${line}`);
      }
      const { upserts, revision } = await store.everything();
      assert.equal(upserts.filter(({ kind }) => kind === 'consumers').length, revision);
      assert.equal(upserts.filter(({ kind }) => kind === 'plugins').length, revision);
      assert.ok(revision >= acknowledged.length);
      await store.close();
    }
    assert.ok(acknowledged.length > 10);
  });
});
