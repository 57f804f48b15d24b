import type { AccessContext, AccessResult, ResponseContext } from '../../pdk/index.ts';
import { generate } from './generators.ts';
import type { CorrelationIdConfig } from './schema.ts';

/** Keeps the id that came with the request, or gives it one, before any other plugin may refuse it. */
export function access(context: AccessContext, config: CorrelationIdConfig): AccessResult {
  const { header_name, echo_downstream } = config;
  const given = context.request.headers.get(header_name.toLowerCase());
  if (given !== undefined && given !== '') {
    if (echo_downstream) context.keep(given);
    return undefined;
  }
  const id = generate(config.generator, context.services, context.connection);
  context.edits.setHeader(header_name, id);
  if (echo_downstream) context.keep(id);
  return undefined;
}

/** Tells the client; a request that no route matched gets its id here, since nothing went before. */
export function headerFilter(context: ResponseContext, config: CorrelationIdConfig): void {
  if (!config.echo_downstream) return;
  const kept = context.state ?? context.request.headers.get(config.header_name.toLowerCase());
  const known = typeof kept === 'string' && kept !== '' ? kept : undefined;
  context.headers.set(config.header_name, known ?? generate(config.generator, context.services, context.connection));
}
