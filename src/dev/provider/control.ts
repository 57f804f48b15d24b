import type { IncomingMessage, ServerResponse } from 'node:http';
import { limits } from '../../base/limits.ts';
import { isOwnOrigin } from '../loopback.ts';
import {
  ControlInputError,
  isBody,
  type MintInput,
  readApi,
  readClient,
  readFault,
  readKeepOld,
  readMint,
  readSkew,
} from './control-input.ts';
import type { Counters } from './counters.ts';
import type { Faults } from './faults.ts';
import type { Registry } from './registry.ts';
import { readBody, respondError, respondJson } from './respond.ts';
import { generateSigningKey, mintToken, type SigningKey } from './signing-keys.ts';

/** What the control API may touch. */
export interface Controlled {
  readonly issuer: string;
  readonly registry: Registry;
  readonly faults: Faults;
  readonly counters: Counters;
  readonly clock: { skewSeconds: number };
  /** Takes the registry's keys and clients into force. */
  readonly reload: () => void;
}

type Body = Readonly<Record<string, unknown>>;
type Answer = { readonly status: number; readonly body: unknown };

/**
 * Answers a request under `/control/`. Only programs of this machine may call it: a foreign `Origin`, and
 * with it every web page, gets 403, and a body must be JSON, which no page can send without asking first.
 */
export async function handleControl(
  request: IncomingMessage,
  response: ServerResponse,
  controlled: Controlled,
): Promise<void> {
  if (!isOwnOrigin(request.headers, request.headers['sec-fetch-site'])) {
    return respondError(response, 403, 'forbidden', 'The control API is not open to web pages');
  }
  const body = await readControlBody(request, response);
  if (body === undefined) return;
  try {
    const path = new URL(request.url ?? '/', controlled.issuer).pathname;
    const answer = await route(`${request.method} ${path}`, body, controlled);
    respondJson(response, answer.status, answer.body);
  } catch (error) {
    if (!(error instanceof ControlInputError)) throw error;
    respondError(response, 400, 'invalid_request', error.message);
  }
}

async function readControlBody(request: IncomingMessage, response: ServerResponse): Promise<Body | undefined> {
  const bytes = await readBody(request);
  if (bytes === undefined) {
    respondError(response, 413, 'invalid_request', 'The body is too large', { connection: 'close' });
    return undefined;
  }
  if (bytes.length === 0) return {};
  if (!(request.headers['content-type'] ?? '').toLowerCase().startsWith('application/json')) {
    respondError(response, 415, 'invalid_request', 'The body must be application/json');
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (isBody(value)) return value;
  } catch {
    // Answered below like any other unusable body.
  }
  respondError(response, 400, 'invalid_request', 'The body must be a JSON object');
  return undefined;
}

async function route(target: string, body: Body, controlled: Controlled): Promise<Answer> {
  const { registry, faults, counters, clock } = controlled;
  switch (target) {
    case 'GET /control/state':
      return { status: 200, body: describe(controlled) };
    case 'POST /control/faults': {
      const { endpoint, fault } = readFault(body);
      faults.set(endpoint, fault);
      return { status: 200, body: { faults } };
    }
    case 'POST /control/rotate-keys': {
      const key = await registry.rotateKeys(readKeepOld(body));
      controlled.reload();
      return { status: 200, body: { kid: key.kid, published: registry.keys.map((published) => published.kid) } };
    }
    case 'POST /control/clock':
      clock.skewSeconds = readSkew(body);
      return { status: 200, body: { skewSeconds: clock.skewSeconds } };
    case 'POST /control/reset':
      faults.set('all', undefined);
      counters.reset();
      clock.skewSeconds = 0;
      return { status: 200, body: describe(controlled) };
    case 'PUT /control/apis': {
      const api = readApi(body);
      registry.putApi(api);
      return { status: 200, body: api };
    }
    case 'POST /control/sign':
      return { status: 200, body: { token: await mint(readMint(body), controlled) } };
    default:
      return routeClient(target, body, controlled);
  }
}

function routeClient(target: string, body: Body, { registry }: Controlled): Answer {
  const match = /^(PUT|DELETE) \/control\/clients\/([^/]+)$/.exec(target);
  if (match === null) return { status: 404, body: { error: 'not_found', error_description: 'No such control' } };
  const id = decodeId(match[2] ?? '');
  if (match[1] === 'DELETE') {
    if (registry.deleteClient(id)) return { status: 200, body: { deleted: id } };
    return { status: 404, body: { error: 'not_found', error_description: 'No such client' } };
  }
  if (registry.findClient(id) === undefined && registry.clients.length >= limits.devClientsMax) {
    throw new ControlInputError('there are too many clients');
  }
  const client = readClient(id, body);
  registry.putClient(client);
  const { secret: _secret, ...shown } = client;
  return { status: 200, body: shown };
}

function decodeId(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ControlInputError('the client id in the path is not valid percent-encoding');
  }
}

function describe({ issuer, registry, faults, counters, clock }: Controlled): Record<string, unknown> {
  return {
    issuer,
    skewSeconds: clock.skewSeconds,
    faults,
    ...counters.toJSON(),
    keys: registry.keys.map((key) => key.kid),
    clients: registry.clients.map(({ secret: _secret, ...shown }) => shown),
    apis: registry.apis,
  };
}

async function mint(input: MintInput, { issuer, registry, clock }: Controlled): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000) + clock.skewSeconds;
  return mintToken({
    claims: { iss: issuer, iat: nowSeconds, exp: nowSeconds + input.expiresInSeconds, ...input.claims },
    header: input.header,
    key: await keyFor(input.key, registry),
    minting: input.key,
  });
}

async function keyFor(minting: MintInput['key'], registry: Registry): Promise<SigningKey> {
  if (minting === 'unknown' || minting === 'embedded-jwk') return generateSigningKey();
  if (minting !== 'previous') return registry.currentKey;
  const previous = registry.previousKey;
  if (previous === undefined) throw new ControlInputError('key: there is no previous key before a rotation');
  return previous;
}
