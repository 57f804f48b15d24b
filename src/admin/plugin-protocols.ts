import { limits } from '../base/limits.ts';
import { type Entity, pluginProtocolsFault } from '../entities/index.ts';
import type { Fault } from '../schema/index.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import { asObject, foreignId } from './entity-model.ts';

/** The fault of a plugin entry that shares no protocol with the route, or with any route of the service, it is bound to. */
export async function protocolsFault(
  store: Store,
  transaction: StoreTransaction,
  plugin: Entity,
): Promise<Fault | undefined> {
  const own = textsOf(plugin);
  const routeId = foreignId(plugin, 'route');
  const serviceId = foreignId(plugin, 'service');
  if (routeId !== undefined) {
    const route = await transaction.get('routes', routeId);
    if (route === undefined) return undefined;
    return faultOf(pluginProtocolsFault(own, { to: 'route', protocols: textsOf(route) }));
  }
  return serviceId === undefined ? undefined : faultOf(await serviceFault(store, own, serviceId));
}

/** Ends with the first page that has a fitting route; the store is read because no other write runs meanwhile. */
async function serviceFault(store: Store, own: readonly string[], serviceId: string): Promise<string | undefined> {
  let after: string | undefined;
  for (;;) {
    const page = await store.list('routes', {
      size: limits.listSizeMax,
      parent: { field: 'service', id: serviceId },
      ...(after !== undefined && { after }),
    });
    const text = pluginProtocolsFault(own, { to: 'service', routes: page.rows.map(textsOf) });
    if (text === undefined || page.next === undefined) return text;
    after = page.next;
  }
}

function faultOf(message: string | undefined): Fault | undefined {
  return message === undefined ? undefined : { path: ['protocols'], message };
}

function textsOf(entity: Entity): string[] {
  const { protocols } = asObject(entity);
  return Array.isArray(protocols) ? protocols.filter((protocol) => typeof protocol === 'string') : [];
}
