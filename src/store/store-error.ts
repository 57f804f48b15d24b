/** Stable codes of everything a store can run into that is not a fault of the write itself. */
export type StoreErrorCode =
  /** Another process has the database open. */
  | 'store_locked'
  /** Folder or file cannot be made, read or written. */
  | 'store_unavailable'
  /** The file is not a database of this gateway. */
  | 'store_foreign'
  /** Written by a newer version. */
  | 'store_newer'
  /** The content contradicts itself. */
  | 'store_damaged'
  /** No space left. */
  | 'store_full'
  | 'store_closed'
  /** The configuration comes from a declarative file. */
  | 'store_read_only'
  /** Used after commit or rollback. */
  | 'transaction_over'
  | 'store_failed';

/** A fault of the store, for operators: the message may hold a path, never an entity's content. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(code: StoreErrorCode, message: string, more: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, more.cause === undefined ? {} : { cause: more.cause });
    this.name = 'StoreError';
    this.code = code;
    this.hint = more.hint;
  }
}

/** A write to a configuration that comes from a declarative file; the Admin API answers 405, code 12. */
export class ReadOnlyStoreError extends StoreError {
  constructor() {
    super('store_read_only', 'the configuration comes from a declarative file and cannot be written', {
      hint: 'change the file and load it again, or use database=sqlite',
    });
    this.name = 'ReadOnlyStoreError';
  }
}
