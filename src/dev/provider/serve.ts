import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { listen } from '../listen.ts';
import { isLocalHostHeader } from '../loopback.ts';
import { auth0Endpoints, auth0InitialState, auth0Mode } from './auth0-mode.ts';
import { type Controlled, handleControl } from './control.ts';
import { Counters } from './counters.ts';
import { defaultEndpoints, defaultInitialState, defaultMode } from './default-mode.ts';
import { type FaultEndpoint, Faults } from './faults.ts';
import type { OidcHandlerFactory } from './oidc-configuration.ts';
import { openRegistry, type Registry } from './registry.ts';
import { readBody, respondError } from './respond.ts';
import { TokenStore } from './token-adapter.ts';
import { parseTokenRequest } from './token-request.ts';
import type { StartMessage } from './types.ts';

/** A provider that listens. `issuer` ends with a slash in Auth0 mode and without one in default mode. */
export interface ServedProvider {
  readonly issuer: string;
  readonly port: number;
  readonly registry: Registry;
}

/**
 * Listens, opens the registry and puts the package behind our front, which counts, breaks things when asked
 * and reads token requests. Throws DevStartError.
 */
export async function serveProvider(
  start: StartMessage,
  loadPackage: () => Promise<OidcHandlerFactory>,
): Promise<ServedProvider> {
  const server = createServer();
  // Reading keys and loading the package take most of the start, so they run while the port is bound.
  const initial = start.mode === 'auth0' ? auth0InitialState() : defaultInitialState();
  const [port, registry, createHandler] = await Promise.all([
    listen(server, start.host, start.port),
    openRegistry(start.stateDir, initial),
    loadPackage(),
  ]).catch((error: unknown) => {
    server.close();
    throw error;
  });
  const origin = `http://${start.host.includes(':') ? `[${start.host}]` : start.host}:${port}`;
  const issuer = start.mode === 'auth0' ? `${origin}/` : origin;
  const front = createFront({ start, issuer, registry, createHandler });
  server.on('request', front);
  return { issuer, port, registry };
}

function createFront(input: {
  start: StartMessage;
  issuer: string;
  registry: Registry;
  createHandler: OidcHandlerFactory;
}): RequestListener {
  const { issuer, registry } = input;
  const store = new TokenStore();
  const clock = { skewSeconds: 0 };
  const modeInput = { issuer, registry, store, skewSeconds: () => clock.skewSeconds };
  // The package takes its keys once, so a rotation builds it anew over the same store.
  const build = () => input.createHandler(input.start.mode === 'auth0' ? auth0Mode(modeInput) : defaultMode(modeInput));
  let oidc = build();
  const controlled: Controlled = {
    issuer,
    registry,
    clock,
    faults: new Faults(),
    counters: new Counters(),
    reload: () => {
      oidc = build();
    },
  };
  return (request, response) => {
    handle(request, response, input.start, controlled, (...both) => oidc(...both)).catch((error: unknown) => {
      process.stderr.write(`front ${error instanceof Error ? error.message : 'unknown fault'}\n`);
      respondError(response, 500, 'server_error', 'The local provider failed');
    });
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  start: StartMessage,
  controlled: Controlled,
  oidc: RequestListener,
): Promise<void> {
  if (!isLocalHostHeader(request.headers.host)) {
    return respondError(response, 403, 'forbidden', 'The Host header does not name this machine');
  }
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  if (path.startsWith('/control/')) return handleControl(request, response, controlled);
  const endpoint = endpointOf(path, start);
  if (endpoint === 'token' && request.method === 'POST') {
    if (!(await prepareTokenRequest(request, response, start, controlled))) return;
  } else if (endpoint === 'discovery') {
    controlled.counters.countDiscovery();
  } else if (endpoint === 'jwks') {
    controlled.counters.countJwks();
  }
  if (await controlled.faults.apply(endpoint, response)) return;
  // Metadata and redirects name the issuer's own address, by whichever local name the provider was reached.
  request.headers.host = new URL(controlled.issuer).host;
  oidc(request, response);
}

function endpointOf(path: string, start: StartMessage): FaultEndpoint {
  const endpoints = start.mode === 'auth0' ? auth0Endpoints : defaultEndpoints;
  if (path === endpoints.token) return 'token';
  if (path === endpoints.jwks) return 'jwks';
  const discovery = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
  return discovery.includes(path) ? 'discovery' : 'all';
}

/** Reads and counts a token request, and leaves its parameters where the package looks for a parsed body. */
async function prepareTokenRequest(
  request: IncomingMessage,
  response: ServerResponse,
  start: StartMessage,
  { counters }: Controlled,
): Promise<boolean> {
  const body = await readBody(request);
  if (body === undefined) {
    respondError(response, 413, 'invalid_request', 'The body is too large', { connection: 'close' });
    return false;
  }
  const parsed = parseTokenRequest(request, body, start.mode === 'auth0');
  counters.countToken(request, parsed);
  response.once('finish', () => counters.countTokenAnswer(response.statusCode));
  if (parsed !== undefined) {
    Object.assign(request, { body: parsed.parameters, tokenRequest: parsed });
    request.headers['content-type'] = 'application/x-www-form-urlencoded';
  } else if (start.mode === 'auth0') {
    respondError(response, 400, 'invalid_request', 'The body is neither a form nor a JSON object of plain values');
    return false;
  } else {
    // Without parameters the package says what is wrong with the content type or the missing grant_type.
    Object.assign(request, { body: {} });
  }
  return true;
}
