import { type PluginEntity, unknownPluginText } from '../entities/index.ts';
import type { AnyPlugin } from '../pdk/index.ts';
import type { CompiledPlugin, HttpProtocols } from './compiled.ts';

export type PluginOutcome =
  | { readonly kind: 'ok'; readonly plugin: CompiledPlugin }
  | { readonly kind: 'fault'; readonly message: string };

/** Prepares one plugin entry. Disabled ones are not prepared. What `prepare` throws becomes a fault. */
export function compilePlugin(entity: PluginEntity, definition: AnyPlugin | undefined): PluginOutcome {
  if (definition === undefined) return { kind: 'fault', message: unknownPluginText(entity.name) };
  let prepared: unknown;
  let owned: readonly string[] = [];
  if (entity.enabled) {
    try {
      // The store validated it against this very definition, whose type is forgotten here.
      prepared = frozen(definition.prepare(entity.config as never, { id: entity.id, name: entity.name }));
      owned = (definition.ownedRequestHeaders?.(prepared) ?? []).map((name) => name.toLowerCase());
    } catch (error) {
      return {
        kind: 'fault',
        message: error instanceof Error ? error.message : 'its configuration cannot be prepared',
      };
    }
  }
  const plugin: CompiledPlugin = Object.freeze({
    id: entity.id,
    name: entity.name,
    enabled: entity.enabled,
    prepared,
    ownedRequestHeaders: Object.freeze(owned),
    protocols: httpProtocols(entity.protocols),
    routeId: entity.route?.id ?? null,
    serviceId: entity.service?.id ?? null,
    consumerId: entity.consumer?.id ?? null,
    definition,
    entity,
  });
  return { kind: 'ok', plugin };
}

/** Which of the two schemes a list of protocols holds. */
export function httpProtocols(protocols: readonly string[]): HttpProtocols {
  return Object.freeze({ http: protocols.includes('http'), https: protocols.includes('https') });
}

function frozen(value: unknown): unknown {
  // Views on buffers cannot be frozen.
  return typeof value === 'object' && !ArrayBuffer.isView(value) ? Object.freeze(value) : value;
}
