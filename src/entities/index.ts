import { regexFault } from '../base/regex.ts';
import { aclDefinition } from './acl.ts';
import { caCertificateDefinition } from './ca-certificate.ts';
import { certificateDefinition } from './certificate.ts';
import { consumerDefinition } from './consumer.ts';
import type { EntityDefinition, EntityKind } from './definition.ts';
import { keyauthCredentialDefinition } from './keyauth-credential.ts';
import { pluginDefinition } from './plugin.ts';
import { routeDefinition } from './route.ts';
import { serviceDefinition } from './service.ts';
import { sniDefinition } from './sni.ts';
import { targetDefinition } from './target.ts';
import { upstreamDefinition } from './upstream.ts';

/** Every kind of entity there is; a kind comes after those it refers to. */
export const entityDefinitions: { readonly [K in EntityKind]: EntityDefinition<K> } = {
  ca_certificates: caCertificateDefinition,
  certificates: certificateDefinition,
  snis: sniDefinition,
  services: serviceDefinition,
  routes: routeDefinition(regexFault),
  consumers: consumerDefinition,
  plugins: pluginDefinition,
  upstreams: upstreamDefinition,
  targets: targetDefinition,
  keyauth_credentials: keyauthCredentialDefinition,
  acls: aclDefinition,
};

/** True for the plural names of `entityDefinitions`. */
export function isEntityKind(name: string): name is EntityKind {
  return Object.hasOwn(entityDefinitions, name);
}

export type { Acl } from './acl.ts';
export type { CaCertificate } from './ca-certificate.ts';
export type { Certificate } from './certificate.ts';
export { nameFault } from './common.ts';
export { type ConfigChange, type Deletion, type Entity, type EntityOf, type Upsert, upsertOf } from './config-set.ts';
export { type Consumer, consumerRecord } from './consumer.ts';
export type { AdminPaths, EntityDefinition, EntityKind, ForeignRule } from './definition.ts';
export { targetFault, targetText } from './host.ts';
export { keyText } from './key-text.ts';
export type { KeyauthCredential } from './keyauth-credential.ts';
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
export { type Sni, sniRecord } from './sni.ts';
export type { Target } from './target.ts';
export { type Upstream, upstreamRecord } from './upstream.ts';
export { certificateKeyType, parseCertificates } from './x509.ts';
