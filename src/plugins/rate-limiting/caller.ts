import type { AccessContext } from '../../pdk/index.ts';
import type { RateLimiting } from './prepared.ts';

/** Who a request is counted for; `kind` keeps a header's value from passing for somebody's address or id. */
export interface Caller {
  readonly kind: 'consumer' | 'credential' | 'address' | 'service' | 'header' | 'path';
  readonly id: string;
  /** For people; a header's value may be a secret and is not part of it. */
  readonly text: string;
}

/** Follows `limit_by`; what the request lacks falls back to the client's address. */
export function callerOf(context: AccessContext, prepared: RateLimiting): Caller {
  return named(context, prepared) ?? byAddress(context);
}

function named(context: AccessContext, { config, header }: RateLimiting): Caller | undefined {
  const { identity, service, request } = context;
  switch (config.limit_by) {
    case 'consumer': {
      const consumer = identity?.consumer ?? null;
      if (consumer === null) return byCredential(context);
      return { kind: 'consumer', id: consumer.id, text: `consumer ${consumer.username ?? consumer.id}` };
    }
    case 'credential':
      return byCredential(context);
    case 'service':
      return service === null
        ? undefined
        : { kind: 'service', id: service.id, text: `service ${service.name ?? service.id}` };
    case 'header': {
      const value = request.headers.get(header);
      return value === undefined ? undefined : { kind: 'header', id: value, text: `a value of header ${header}` };
    }
    case 'path':
      return request.path === config.path
        ? { kind: 'path', id: request.path, text: `path ${request.path}` }
        : undefined;
    case 'ip':
      return undefined;
  }
}

function byCredential({ identity }: AccessContext): Caller | undefined {
  const credential = identity?.credential ?? null;
  return credential === null
    ? undefined
    : { kind: 'credential', id: credential.id, text: `credential ${credential.id}` };
}

function byAddress({ clientAddress }: AccessContext): Caller {
  return { kind: 'address', id: clientAddress, text: `address ${clientAddress}` };
}
