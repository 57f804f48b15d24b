import { type Entity, sniRecord } from '../entities/index.ts';
import { type Fault, type Generators, processInsert } from '../schema/index.ts';
import type { StoreTransaction } from '../store/store.ts';
import { asEntity, asObject, foreignId } from './entity-model.ts';

/**
 * Makes the server names of a certificate those given, each an entity of snis: missing ones are inserted, others of
 * the certificate deleted. Returns Kong's faults at `snis` for names that occur twice or belong to another one.
 */
export async function writeNames(
  transaction: StoreTransaction,
  certificate: Entity,
  names: readonly string[],
  generators: Generators,
): Promise<readonly Fault[]> {
  const wanted = new Set<string>();
  for (const name of names) {
    if (wanted.has(name)) return [fault(`${name} is duplicated`)];
    wanted.add(name);
  }
  const present = await transaction.referring('snis', 'certificate', certificate.id);
  for (const sni of present) if (!wanted.has(nameOf(sni))) await transaction.delete('snis', sni.id);
  for (const name of names) {
    const holder = await transaction.getByKey('snis', name);
    const owner = holder === undefined ? undefined : foreignId(holder, 'certificate');
    if (owner === certificate.id) continue;
    if (owner !== undefined) return [fault(`${name} already associated with existing certificate '${owner}'`)];
    const input = { name, certificate: { id: certificate.id } };
    const made = processInsert(sniRecord, input, 'insert', generators);
    if (made.kind === 'invalid') return made.faults;
    await transaction.insert('snis', asEntity(made.value));
  }
  return [];
}

function fault(message: string): Fault {
  return { path: ['snis'], message };
}

function nameOf(sni: Entity): string {
  return String(asObject(sni)['name']);
}
