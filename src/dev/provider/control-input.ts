import { limits } from '../../base/limits.ts';
import { type Fault, type FaultEndpoint, faultEndpoints, faultKinds } from './faults.ts';
import { type MintingKey, mintingKeys } from './signing-keys.ts';
import type { ClientAuthMethod, ClientGrant, ProviderApi, ProviderClient } from './types.ts';

/** A control request that says something wrong; the message names the field. */
export class ControlInputError extends Error {}

type Body = Readonly<Record<string, unknown>>;

/** `fault` undefined: the body's kind was `none`. */
export function readFault(body: Body): { endpoint: FaultEndpoint; fault: Fault | undefined } {
  const endpoint = body['endpoint'] === undefined ? 'all' : oneOf(body, 'endpoint', faultEndpoints);
  const kind = oneOf(body, 'kind', faultKinds);
  if (kind === 'none') return { endpoint, fault: undefined };
  const retryAfterSeconds = optionalInteger(body, 'retryAfterSeconds', 0, 86_400);
  return {
    endpoint,
    fault: {
      kind,
      delayMs: optionalInteger(body, 'delayMs', 0, limits.devDelayMsMax) ?? (kind === 'slow' ? 1000 : 0),
      status: optionalInteger(body, 'status', 200, 599) ?? (retryAfterSeconds === null ? 500 : 429),
      retryAfterSeconds,
      body: optionalText(body, 'body') ?? null,
      bodyBytes: optionalInteger(body, 'bodyBytes', 0, 16 * 1024 * 1024) ?? 0,
      count: optionalInteger(body, 'count', 1, 1_000_000),
    },
  };
}

export function readClient(id: string, body: Body): ProviderClient {
  if (id === '') throw new ControlInputError('the path must end with the client id');
  const authMethods: readonly ClientAuthMethod[] = ['any', 'client_secret_basic', 'client_secret_post'];
  return {
    id,
    name: optionalText(body, 'name') ?? id,
    secret: visibleText(body, 'secret'),
    authMethod: body['authMethod'] === undefined ? 'any' : oneOf(body, 'authMethod', authMethods),
    grants: list(body, 'grants').map((grant): ClientGrant => {
      if (!isBody(grant)) throw new ControlInputError('grants: expected objects with audience and scopes');
      return { audience: text(grant, 'audience'), scopes: texts(grant, 'scopes') };
    }),
    redirectUris: texts(body, 'redirectUris'),
  };
}

export function readApi(body: Body): ProviderApi {
  const identifier = text(body, 'identifier');
  return {
    identifier,
    name: optionalText(body, 'name') ?? identifier,
    scopes: texts(body, 'scopes'),
    tokenLifetimeSeconds: optionalInteger(body, 'tokenLifetimeSeconds', 1, 2_592_000) ?? 86_400,
    ungrantedScopes:
      body['ungrantedScopes'] === undefined ? 'ignore' : oneOf(body, 'ungrantedScopes', ['ignore', 'refuse'] as const),
  };
}

export interface MintInput {
  readonly claims: Body;
  readonly header: Body;
  readonly expiresInSeconds: number;
  readonly key: MintingKey;
}

export function readMint(body: Body): MintInput {
  return {
    claims: optionalObject(body, 'claims'),
    header: optionalObject(body, 'header'),
    expiresInSeconds: optionalInteger(body, 'expiresInSeconds', -1_000_000_000, 1_000_000_000) ?? 300,
    key: body['key'] === undefined ? 'current' : oneOf(body, 'key', mintingKeys),
  };
}

export function readSkew(body: Body): number {
  const skewSeconds = optionalInteger(body, 'skewSeconds', -1_000_000_000, 1_000_000_000);
  if (skewSeconds === null) throw new ControlInputError('skewSeconds: expected a whole number');
  return skewSeconds;
}

export function readKeepOld(body: Body): boolean {
  const keepOld = body['keepOld'] ?? true;
  if (typeof keepOld !== 'boolean') throw new ControlInputError('keepOld: expected true or false');
  return keepOld;
}

export function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw new ControlInputError(`${name}: expected a text`);
  return value;
}

/** RFC 6749 appendix A.2: client secrets are printable ASCII. */
function visibleText(body: Body, name: string): string {
  const value = text(body, name);
  if (!/^[ -~]+$/.test(value)) throw new ControlInputError(`${name}: expected printable ASCII`);
  return value;
}

function optionalText(body: Body, name: string): string | undefined {
  return body[name] === undefined ? undefined : text(body, name);
}

function list(body: Body, name: string): readonly unknown[] {
  const value = body[name] ?? [];
  if (!Array.isArray(value)) throw new ControlInputError(`${name}: expected a list`);
  return value;
}

function texts(body: Body, name: string): string[] {
  return list(body, name).map((item) => {
    if (typeof item !== 'string' || item === '') throw new ControlInputError(`${name}: expected a list of texts`);
    return item;
  });
}

function oneOf<T extends string>(body: Body, name: string, allowed: readonly T[]): T {
  const value = allowed.find((candidate) => candidate === body[name]);
  if (value === undefined) throw new ControlInputError(`${name}: expected one of ${allowed.join(', ')}`);
  return value;
}

function optionalInteger(body: Body, name: string, min: number, max: number): number | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new ControlInputError(`${name}: expected a whole number between ${min} and ${max}`);
  }
  return value;
}

function optionalObject(body: Body, name: string): Body {
  const value = body[name] ?? {};
  if (!isBody(value)) throw new ControlInputError(`${name}: expected an object`);
  return value;
}
