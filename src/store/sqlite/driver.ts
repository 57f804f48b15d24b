import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { StoreError } from '../store-error.ts';

export type Value = SQLInputValue;
/** One row in the order of the selected columns. */
export type Row = readonly unknown[];

/** A prepared statement. */
export interface Statement {
  run(...values: Value[]): void;
  row(...values: Value[]): Row | undefined;
  rows(...values: Value[]): readonly Row[];
  each(...values: Value[]): Iterable<Row>;
}

/** One connection. Everything is synchronous; faults are `StoreError`s. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  /** BEGIN IMMEDIATE … COMMIT around `work`, which must not wait for anything. Durable when it returns; rolled back when it throws. */
  transaction(work: () => void): void;
  close(): void;
}

/** The path of a database that lives in memory and ends with its connection. */
export const inMemory = ':memory:';

/**
 * Opens or creates a database: file mode 0600, missing folders 0700. The connection holds the file until
 * `close` or the end of the process, so a second gateway on it is refused instead of serving a configuration
 * that nobody tells it about. `busyTimeoutMs` is how long to wait (blocking) for a predecessor that is just ending.
 */
export function openDatabase(path: string, options: { readonly busyTimeoutMs: number }): Database {
  const name = path === inMemory ? 'the database in memory' : `the database ${resolve(path)}`;
  if (path !== inMemory) guarded(name, () => makePrivateFile(path));
  const connection = guarded(name, () => new DatabaseSync(path, { timeout: options.busyTimeoutMs }));
  try {
    guarded(name, () => configure(connection, path, name));
  } catch (error) {
    connection.close();
    throw error;
  }
  return databaseOf(connection, name);
}

/**
 * SQLite gives the files beside the database (`-wal`) the mode of the database itself. A file that exists is not
 * opened here: closing it would drop every POSIX lock that this process holds on it through another connection.
 */
function makePrivateFile(path: string): void {
  mkdirSync(dirname(resolve(path)), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  chmodSync(path, 0o600);
}

function configure(connection: DatabaseSync, path: string, name: string): void {
  connection.exec('PRAGMA locking_mode = EXCLUSIVE');
  const mode = connection.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
  if (path !== inMemory && mode !== 'wal') {
    throw new StoreError('store_unavailable', `${name} cannot use a write-ahead log (journal mode ${String(mode)})`);
  }
  // FULL syncs the log at every commit: an acknowledged write survives a crash of the process and of the machine.
  connection.exec('PRAGMA synchronous = FULL');
  // The first write transaction takes the exclusive lock and keeps it.
  connection.exec('BEGIN IMMEDIATE; COMMIT');
}

function databaseOf(connection: DatabaseSync, name: string): Database {
  return {
    exec: (sql) => guarded(name, () => connection.exec(sql)),
    prepare: (sql) => guarded(name, () => statementOf(connection.prepare(sql), name)),
    transaction: (work) => guarded(name, () => transact(connection, work)),
    close: () => guarded(name, () => connection.close()),
  };
}

function transact(connection: DatabaseSync, work: () => void): void {
  connection.exec('BEGIN IMMEDIATE');
  try {
    work();
    connection.exec('COMMIT');
  } catch (error) {
    // Some faults (a full disk) have ended the transaction already.
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

function statementOf(statement: StatementSync, name: string): Statement {
  statement.setReturnArrays(true);
  return {
    run: (...values) => {
      guarded(name, () => statement.run(...values));
    },
    row: (...values) => guarded(name, () => asRow(statement.get(...values))),
    rows: (...values) => guarded(name, () => statement.all(...values).map((row) => asRow(row) ?? [])),
    each: function* (...values) {
      for (const row of guarded(name, () => statement.iterate(...values))) yield asRow(row) ?? [];
    },
  };
}

function asRow(value: unknown): Row | undefined {
  return Array.isArray(value) ? value : undefined;
}

function guarded<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof StoreError ? error : storeError(name, error);
  }
}

/** SQLite's primary result codes, https://sqlite.org/rescode.html; extended ones hold them in the low byte. */
function storeError(name: string, cause: unknown): StoreError {
  const text = cause instanceof Error ? cause.message : 'unknown fault';
  const errcode = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : undefined;
  switch (errcode) {
    case 5: // BUSY
    case 6: // LOCKED
      return new StoreError('store_locked', `${name} is in use by another process`, {
        hint: 'stop the other gateway, or give this one a prefix of its own',
        cause,
      });
    case 8: // READONLY
    case 14: // CANTOPEN
    case 23: // AUTH
      return new StoreError('store_unavailable', `${name} cannot be opened for writing (${text})`, { cause });
    case 11: // CORRUPT
      return new StoreError('store_damaged', `${name} is damaged (${text})`, { hint: 'restore a backup', cause });
    case 13: // FULL
      return new StoreError('store_full', `no space left for ${name}`, { hint: 'free disk space', cause });
    case 26: // NOTADB
      return new StoreError('store_foreign', `${name} is not a SQLite file`, { cause });
    default:
      break;
  }
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  if (errcode === undefined && code?.startsWith('E') === true && !code.startsWith('ERR_')) {
    return new StoreError('store_unavailable', `${name} cannot be opened (${code})`, { cause });
  }
  return new StoreError('store_failed', `${name} failed (${text})`, { cause });
}
