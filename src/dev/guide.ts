/** An entity as the Admin API answers it. */
export interface GuideEntity {
  readonly id: string;
  readonly name: string | null;
  readonly [field: string]: unknown;
}

export interface GuideEntities {
  readonly service: GuideEntity;
  readonly route: GuideEntity;
  readonly plugin: GuideEntity;
}

export interface GuideInput {
  /** Base of the Admin API, with or without a path prefix such as `/kong-admin`. */
  readonly adminUrl: string;
  /** The provider's issuer or its discovery URL. */
  readonly issuer: string;
  readonly upstreamUrl: string;
  readonly audience: string;
}

/** A step of the guide that the Admin API refused; the message names request, status and answer. */
export class GuideError extends Error {}

const answerCharactersMax = 2_000;
const requestTimeoutMs = 30_000;
const serviceName = 'guide-service';
const routeName = 'guide-route';

/**
 * Creates the guide's service, route and openid-connect plugin through the Admin API, or brings what is there
 * up to date: only the service's address and the plugin's issuer and audience are changed, so that whatever
 * else the user has set stays. Throws GuideError.
 */
export async function prepareGuide(input: GuideInput): Promise<GuideEntities> {
  const call = createCaller(input.adminUrl);
  const service = await ensureService(call, input.upstreamUrl);
  const route = await ensureRoute(call);
  const plugin = await ensurePlugin(call, input);
  return { service, route, plugin };
}

type Call = (method: string, path: string, body?: object | URLSearchParams) => Promise<unknown>;

async function ensureService(call: Call, upstreamUrl: string): Promise<GuideEntity> {
  const path = `/services/${serviceName}`;
  const found = await call('GET', path);
  if (found === undefined) return entity(await call('PUT', path, { url: upstreamUrl }));
  const service = entity(found);
  return sameAddress(service, upstreamUrl) ? service : entity(await call('PATCH', path, { url: upstreamUrl }));
}

async function ensureRoute(call: Call): Promise<GuideEntity> {
  const path = `/services/${serviceName}/routes/${routeName}`;
  const found = await call('GET', path);
  return entity(found ?? (await call('PUT', path, { paths: ['/'] })));
}

async function ensurePlugin(call: Call, input: GuideInput): Promise<GuideEntity> {
  const path = `/services/${serviceName}/plugins`;
  const issuer = discoveryUrl(input.issuer);
  const list = await call('GET', `${path}?size=1000`);
  const found = pluginsOf(list).find((candidate) => candidate.name === 'openid-connect');
  if (found === undefined) {
    // The guide's own curl, field by field.
    const form = new URLSearchParams([
      ['name', 'openid-connect'],
      ['config.auth_methods', 'client_credentials'],
      ['config.issuer', issuer],
      ['config.token_post_args_names', 'audience'],
      ['config.token_post_args_values', input.audience],
    ]);
    return entity(await call('POST', path, form));
  }
  const config = isRecord(found['config']) ? found['config'] : {};
  if (config['issuer'] === issuer && audienceOf(config) === input.audience) return found;
  return entity(await call('PATCH', `/plugins/${found.id}`, { config: changedConfig(config, issuer, input.audience) }));
}

/** Kong keeps `url` as parts. */
function sameAddress(service: GuideEntity, upstreamUrl: string): boolean {
  const url = new URL(upstreamUrl);
  const path = url.pathname === '/' ? null : url.pathname;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return (
    service['protocol'] === url.protocol.slice(0, -1) &&
    service['host'] === url.hostname &&
    service['port'] === port &&
    (service['path'] ?? null) === path
  );
}

/** The arguments are two lists of equal length; the user's other ones stay where they are. */
function changedConfig(config: Record<string, unknown>, issuer: string, audience: string): Record<string, unknown> {
  const names = textsOf(config['token_post_args_names']);
  const values = textsOf(config['token_post_args_values']);
  const at = names.indexOf('audience');
  if (at === -1) {
    names.push('audience');
    values.push(audience);
  } else {
    values[at] = audience;
  }
  return { issuer, token_post_args_names: names, token_post_args_values: values };
}

function audienceOf(config: Record<string, unknown>): string | undefined {
  const at = textsOf(config['token_post_args_names']).indexOf('audience');
  return at === -1 ? undefined : textsOf(config['token_post_args_values'])[at];
}

/** The guide configures the discovery document's own address. */
function discoveryUrl(issuer: string): string {
  const suffix = '.well-known/openid-configuration';
  if (issuer.endsWith(`/${suffix}`)) return issuer;
  return `${issuer.endsWith('/') ? issuer : `${issuer}/`}${suffix}`;
}

function createCaller(adminUrl: string): Call {
  const base = adminUrl.replace(/\/+$/, '');
  return async (method, path, body) => {
    const request: RequestInit = { method, signal: AbortSignal.timeout(requestTimeoutMs) };
    if (body instanceof URLSearchParams) request.body = body;
    else if (body !== undefined) {
      request.body = JSON.stringify(body);
      request.headers = { 'content-type': 'application/json' };
    }
    let status: number;
    let text: string;
    try {
      const response = await fetch(base + path, request);
      status = response.status;
      text = await response.text();
    } catch (error) {
      throw new GuideError(`${method} ${base}${path} got no answer: ${reasonOf(error)}`);
    }
    if (status === 404 && method === 'GET') return undefined;
    if (status >= 200 && status < 300) return parseJson(text, `${method} ${path}`);
    throw new GuideError(`${method} ${path} answered ${status}: ${text.slice(0, answerCharactersMax)}`);
  };
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new GuideError(`${what} did not answer JSON`);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown fault';
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function pluginsOf(list: unknown): GuideEntity[] {
  if (!isRecord(list) || !Array.isArray(list['data']))
    throw new GuideError('The Admin API answered no list of plugins');
  return list['data'].map(entity);
}

function entity(value: unknown): GuideEntity {
  if (!isRecord(value) || typeof value['id'] !== 'string') throw new GuideError('The Admin API answered no entity');
  const name = value['name'];
  return { ...value, id: value['id'], name: typeof name === 'string' ? name : null };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
