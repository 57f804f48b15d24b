import type { Acl } from './acl.ts';
import type { CaCertificate } from './ca-certificate.ts';
import type { Certificate } from './certificate.ts';
import type { Consumer } from './consumer.ts';
import type { EntityKind } from './definition.ts';
import type { KeyauthCredential } from './keyauth-credential.ts';
import type { PluginEntity } from './plugin.ts';
import type { Route } from './route.ts';
import type { Service } from './service.ts';
import type { Sni } from './sni.ts';
import type { Target } from './target.ts';
import type { Upstream } from './upstream.ts';

/** The validated entity of each kind. */
export interface EntityOf {
  readonly ca_certificates: CaCertificate;
  readonly certificates: Certificate;
  readonly snis: Sni;
  readonly services: Service;
  readonly routes: Route;
  readonly consumers: Consumer;
  readonly plugins: PluginEntity;
  readonly upstreams: Upstream;
  readonly targets: Target;
  readonly keyauth_credentials: KeyauthCredential;
  readonly acls: Acl;
}

export type Entity = EntityOf[EntityKind];

/** An entity with its kind, so that one test narrows both. */
export type Upsert = { readonly [K in EntityKind]: { readonly kind: K; readonly entity: EntityOf[K] } }[EntityKind];

export interface Deletion {
  readonly kind: EntityKind;
  readonly id: string;
}

/** What one revision changes. Deletes come before upserts; references exist when a delta is applied as a whole. */
export interface ConfigChange {
  readonly revision: number;
  readonly upserts: readonly Upsert[];
  readonly deletes: readonly Deletion[];
}

/** Pairs an entity with its kind where both are only known at run time; the caller read them from the same place. */
export function upsertOf(kind: EntityKind, entity: Entity): Upsert {
  return { kind, entity } as Upsert;
}
