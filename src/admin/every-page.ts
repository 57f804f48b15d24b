import { limits } from '../base/limits.ts';
import type { Entity, EntityKind } from '../entities/index.ts';
import type { ListOptions, Store } from '../store/store.ts';

/** All entities that refer to the parent, in the order of ids. */
export async function everyPage(
  store: Store,
  kind: EntityKind,
  parent: NonNullable<ListOptions['parent']>,
): Promise<readonly Entity[]> {
  const rows: Entity[] = [];
  let after: string | undefined;
  do {
    const page = await store.list(kind, { size: limits.listSizeMax, parent, ...(after !== undefined && { after }) });
    rows.push(...page.rows);
    after = page.next;
  } while (after !== undefined);
  return rows;
}
