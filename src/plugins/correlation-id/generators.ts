import { randomUUID } from 'node:crypto';
import type { ConnectionFacts, PluginServices } from '../../pdk/index.ts';
import type { CorrelationIdConfig } from './schema.ts';

/** What a worker has given out so far; it lives as long as the worker, so that no id comes twice. */
interface Given {
  readonly worker: string;
  count: number;
  connections: number;
  readonly byConnection: WeakMap<ConnectionFacts, { readonly number: number; requests: number }>;
}

/** A new id in the form that the configuration names. */
export function generate(
  generator: CorrelationIdConfig['generator'],
  services: PluginServices,
  connection: ConnectionFacts,
): string {
  if (generator === 'uuid') return randomUUID();
  const given = givenBy(services);
  if (generator === 'tracker') return tracker(given, connection, services.now());
  given.count += 1;
  return `${given.worker}#${given.count}`;
}

function givenBy(services: PluginServices): Given {
  const cache = services.cache<Given>('correlation-id');
  let given = cache.get('given');
  if (given === undefined) {
    given = { worker: randomUUID(), count: 0, connections: 0, byConnection: new WeakMap() };
    cache.set('given', given);
  }
  return given;
}

function tracker(given: Given, connection: ConnectionFacts, nowMs: number): string {
  let known = given.byConnection.get(connection);
  if (known === undefined) {
    given.connections += 1;
    known = { number: given.connections, requests: 0 };
    given.byConnection.set(connection, known);
  }
  known.requests += 1;
  const { localAddress, localPort } = connection;
  return [localAddress, localPort, process.pid, known.number, known.requests, (nowMs / 1000).toFixed(3)].join('-');
}
