import { StoreError } from '../store-error.ts';
import type { Database } from './driver.ts';

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/** In ascending order, never changed once released: a released schema only moves forward by a new one. */
const migrations: readonly Migration[] = [
  {
    number: 1,
    name: 'entities and their indexes',
    sql: `
      CREATE TABLE entities (
        position INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        body TEXT NOT NULL,
        UNIQUE (kind, id)
      ) STRICT;
      CREATE TABLE unique_values (
        kind TEXT NOT NULL,
        rule TEXT NOT NULL,
        value TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (kind, rule, value)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE refs (
        kind TEXT NOT NULL,
        field TEXT NOT NULL,
        to_id TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (kind, field, to_id, id)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE tags (
        kind TEXT NOT NULL,
        tag TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (kind, tag, id)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE meta (
        name TEXT PRIMARY KEY,
        value ANY NOT NULL
      ) STRICT, WITHOUT ROWID;
      INSERT INTO meta (name, value) VALUES ('revision', 0);
    `,
  },
  {
    number: 2,
    name: 'entities that end',
    sql: `
      CREATE TABLE endings (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        expires_at INTEGER NOT NULL,
        PRIMARY KEY (kind, id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX endings_by_time ON endings (expires_at);
    `,
  },
];

/** "SALY" in the file's header tells our databases from those of others. */
const applicationId = 0x53414c59;

/**
 * Brings the database to the newest schema in one transaction; does nothing when it is there already. Refuses files
 * of other programs (`store_foreign`) and of newer versions (`store_newer`) without touching them.
 */
export function migrate(database: Database, now: () => number): void {
  const owner = database.prepare('PRAGMA application_id').row()?.[0];
  const tables = database.prepare('SELECT count(*) FROM sqlite_schema').row()?.[0];
  if (tables !== 0 && owner !== applicationId) {
    throw new StoreError('store_foreign', 'the database belongs to another program', {
      hint: 'give the gateway a file of its own',
    });
  }
  const applied = tables === 0 ? 0 : appliedNumber(database);
  const newest = migrations.at(-1)?.number ?? 0;
  if (applied > newest) {
    throw new StoreError('store_newer', `the database has schema ${applied}, this version knows up to ${newest}`, {
      hint: 'run the version that wrote it, or a newer one',
    });
  }
  if (applied === newest) return;
  database.transaction(() => {
    database.exec(`PRAGMA application_id = ${applicationId}`);
    database.exec('CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT, applied_at INTEGER)');
    const record = database.prepare('INSERT INTO migrations (number, name, applied_at) VALUES (?, ?, ?)');
    for (const migration of migrations.filter(({ number }) => number > applied)) {
      database.exec(migration.sql);
      record.run(migration.number, migration.name, Math.floor(now() / 1000));
    }
  });
}

function appliedNumber(database: Database): number {
  const number = database.prepare('SELECT max(number) FROM migrations').row()?.[0];
  return typeof number === 'number' ? number : 0;
}
