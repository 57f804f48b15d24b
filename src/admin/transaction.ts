import { type EntityKind, keyText } from '../entities/index.ts';
import type { Fault } from '../schema/index.ts';
import type { CompileFault } from '../snapshot/index.ts';
import type { StoreTransaction } from '../store/store.ts';
import type { AdminAnswer } from './answer.ts';
import { schemaViolation } from './errors.ts';
import type { AdminParts } from './parts.ts';

/** What the steps of a write decided: keep it and answer, or leave everything as it was and answer. */
export type Decided =
  | { readonly kind: 'commit'; readonly answer: AdminAnswer }
  | { readonly kind: 'rollback'; readonly answer: AdminAnswer };

export function commit(answer: AdminAnswer): Decided {
  return { kind: 'commit', answer };
}

export function rollback(answer: AdminAnswer): Decided {
  return { kind: 'rollback', answer };
}

/** The entity a write is about, for telling its own compile faults from those of others. */
export interface Subject {
  readonly kind: EntityKind;
  readonly id: string | undefined;
}

/**
 * Runs the steps in a transaction, compiles what they changed, commits, and answers when every worker has the change
 * in force. Whatever fails before the commit leaves nothing behind. The turn ends with the commit, so that waiting
 * for workers holds nobody up.
 */
export async function write(
  parts: AdminParts,
  subject: Subject,
  steps: (transaction: StoreTransaction) => Promise<Decided>,
): Promise<AdminAnswer> {
  const { answer, inForce } = await parts.publisher.inTurn(async () => {
    const transaction = await parts.store.begin();
    let open = true;
    try {
      const decided = await steps(transaction);
      if (decided.kind === 'rollback') return { answer: decided.answer, inForce: nothing };
      const change = transaction.changes();
      if (change.upserts.length + change.deletes.length === 0) return { answer: decided.answer, inForce: nothing };
      const checked = await parts.publisher.check(change);
      if (checked.kind === 'faults') return { answer: compileFaults(subject, checked.faults), inForce: nothing };
      open = false;
      const committed = await transaction.commit();
      checked.commit();
      // Wrapped, since an asynchronous function would wait for a bare promise and with it keep the turn.
      return { answer: decided.answer, inForce: { published: parts.publisher.publish(committed) } };
    } finally {
      if (open) await transaction.rollback();
    }
  });
  await inForce.published;
  return answer;
}

const nothing = { published: Promise.resolve() };

/** What the schema let through but cannot run, as a schema violation of the entity that was written. */
function compileFaults(subject: Subject, faults: readonly CompileFault[]): AdminAnswer {
  return schemaViolation(
    faults.map(({ kind, id, name, message }): Fault => {
      if (kind !== subject.kind || (subject.id !== undefined && id !== subject.id)) {
        const key = keyText(name === null ? { id } : { id, name });
        return {
          path: [],
          entity: true,
          message: `an existing '${kind}' entity cannot run with this, ${key}: ${message}`,
        };
      }
      return kind === 'plugins' ? { path: ['config'], message } : { path: [], entity: true, message };
    }),
  );
}
