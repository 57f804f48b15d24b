import { regexFault } from '../base/regex.ts';
import { consumerDefinition } from './consumer.ts';
import type { EntityDefinition, EntityKind } from './definition.ts';
import { pluginDefinition } from './plugin.ts';
import { routeDefinition } from './route.ts';
import { serviceDefinition } from './service.ts';

/** Every kind of entity there is; a kind comes after those it refers to. */
export const entityDefinitions: { readonly [K in EntityKind]: EntityDefinition<K> } = {
  services: serviceDefinition,
  routes: routeDefinition(regexFault),
  consumers: consumerDefinition,
  plugins: pluginDefinition,
};

/** True for the plural names of `entityDefinitions`. */
export function isEntityKind(name: string): name is EntityKind {
  return Object.hasOwn(entityDefinitions, name);
}

export { nameFault } from './common.ts';
export { type ConfigChange, type Deletion, type Entity, type EntityOf, type Upsert, upsertOf } from './config-set.ts';
export { type Consumer, consumerRecord } from './consumer.ts';
export type { EntityDefinition, EntityKind, ForeignRule } from './definition.ts';
export { keyText } from './key-text.ts';
export {
  type PluginEntity,
  type PluginShape,
  pluginProtocolsFault,
  pluginRecord,
  pluginSchemaDocument,
  unknownPluginText,
} from './plugin.ts';
export { type Protocol, protocols } from './protocols.ts';
export { type Route, routeRecord } from './route.ts';
export { type Service, serviceRecord } from './service.ts';
