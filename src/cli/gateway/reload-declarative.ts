import type { Publisher } from '../../admin/index.ts';
import type { AnyPlugin } from '../../pdk/index.ts';
import type { Settings } from '../../settings/settings.ts';
import { ReadOnlyStore } from '../../store/declarative/read-only-store.ts';
import { reloadDeclarativeStore } from '../../store/declarative/reload-declarative-store.ts';
import type { Store } from '../../store/store.ts';

export interface ReloadDeclarativeParts {
  readonly store: Store;
  readonly publisher: Publisher;
  readonly plugins: ReadonlyMap<string, AnyPlugin>;
}

/** What became of it: faults, after which nothing has changed, or what changed, for a person. */
export interface ReloadOutcome {
  readonly faults: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Reads the declarative configuration anew and puts what is different in force, as one change. Resolves with what is
 * wrong with it; then everything stays as it was. With a database there is nothing to read.
 */
export async function reloadDeclarative(
  { declarativeConfig: file, declarativeConfigString: text }: Settings,
  { store, publisher, plugins }: ReloadDeclarativeParts,
): Promise<ReloadOutcome> {
  if (!(store instanceof ReadOnlyStore) || (file === undefined && text === undefined)) return nothing;
  const { outcome, published } = await publisher.inTurn<Turn>(async () => {
    const options = { plugins, ...(file === undefined ? {} : { file }), ...(text === undefined ? {} : { text }) };
    const read = await reloadDeclarativeStore(store, options);
    if (read.kind === 'faults') return refused([`the declarative configuration is not right:\n${read.text}`]);
    const { upserts, deletes } = read.change;
    if (upserts.length + deletes.length === 0) return { outcome: nothing };
    const checked = await publisher.check(read.change);
    if (checked.kind === 'faults') {
      const faults = checked.faults.map(({ kind, id, name, message }) => `${kind} ${name ?? id}: ${message}`);
      return refused(faults.map((fault) => `the declarative configuration cannot run: ${fault}`));
    }
    await read.commit();
    checked.commit();
    // Wrapped, so that the turn ends before every worker has followed.
    const note = `declarative configuration: ${upserts.length} entities are new or changed, ${deletes.length} are gone`;
    return { outcome: { faults: [], notes: [note] }, published: { inForce: publisher.publish(read.change) } };
  });
  await published?.inForce;
  return outcome;
}

interface Turn {
  readonly outcome: ReloadOutcome;
  readonly published?: { readonly inForce: Promise<void> };
}

const nothing: ReloadOutcome = { faults: [], notes: [] };

function refused(faults: readonly string[]): Turn {
  return { outcome: { faults, notes: [] } };
}
