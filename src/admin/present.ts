import { type Entity, type EntityKind, entityDefinitions } from '../entities/index.ts';
import type { PlainObject } from '../schema/index.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import { asObject } from './entity-model.ts';
import { everyPage } from './every-page.ts';

/**
 * An entity as answers show it: a certificate with its server names, a credential with the seconds it has left.
 * `nowSeconds` is Unix time.
 */
export async function present(
  from: Store | StoreTransaction,
  kind: EntityKind,
  entity: Entity,
  nowSeconds: number,
): Promise<PlainObject> {
  if (kind === 'certificates') return { ...entity, snis: await namesOf(from, entity.id) };
  const { show } = entityDefinitions[kind];
  return show === undefined ? asObject(entity) : show(asObject(entity), nowSeconds);
}

async function namesOf(from: Store | StoreTransaction, certificateId: string): Promise<string[]> {
  const names: string[] = [];
  for (const sni of await namesWithin(from, certificateId)) names.push(String(asObject(sni)['name']));
  return names.sort();
}

async function namesWithin(from: Store | StoreTransaction, certificateId: string): Promise<readonly Entity[]> {
  if ('referring' in from) return await from.referring('snis', 'certificate', certificateId);
  return await everyPage(from, 'snis', { field: 'certificate', id: certificateId });
}
