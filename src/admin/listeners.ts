import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import { nodeHttp } from '../base/late-modules.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { AdminAnswer } from './answer.ts';
import type { Dispatch } from './dispatch.ts';
import { unexpected } from './errors.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly backlog?: number;
  readonly ipv6Only?: boolean;
  /** PEM texts; HTTPS when given. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** The listeners of one API. */
export interface Listeners {
  /** Rejects when the address cannot be bound. Several addresses may be listened on. */
  listen(options: ListenOptions): Promise<{ readonly port: number }>;
  /** Handshakes from now on show this certificate. Throws when OpenSSL refuses it. */
  renewCertificate(tls: { readonly cert: string; readonly key: string }): void;
  /** Takes no new connection, lets running requests end for a bounded time, then cuts what is left. */
  close(): Promise<void>;
}

export interface ListenersParts {
  readonly dispatch: Dispatch;
  /** Largest body of a request; `limits.adminBodyBytesMax` unless given. */
  readonly bodyBytesMax?: number | undefined;
  /** The `Server` header. */
  readonly serverName: string;
  /** Whether answers have this header (`headers`); all that there are unless given. */
  readonly addsHeader?: (lower: string) => boolean;
  readonly log: Logger;
}

/** HTTP/1.1 over node:http, with bounds on everything a client can hold open. */
export function createListeners(parts: ListenersParts): Listeners {
  const servers = new Set<Server>();
  let closing = false;
  const isClosing = () => closing;
  return {
    listen: async (options) => {
      const server = newServer(options, (request, response) => void serve(parts, isClosing, request, response));
      await bind(server, options);
      servers.add(server);
      const address = server.address();
      return { port: typeof address === 'object' && address !== null ? address.port : options.port };
    },
    renewCertificate: ({ cert, key }) => {
      for (const server of servers) {
        if (server instanceof TlsServer) server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' });
      }
    },
    close: async () => {
      closing = true;
      await Promise.all([...servers].map(closeServer));
      servers.clear();
    },
  };
}

function newServer({ tls }: ListenOptions, listener: RequestListener): Server {
  const options = {
    maxHeaderSize: limits.headBytesMax,
    headersTimeout: limits.headTimeoutMs,
    requestTimeout: limits.bodyTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    connectionsCheckingInterval: 2000,
  };
  const server =
    tls === undefined
      ? nodeHttp.createServer(options, listener)
      : createTlsServer({ ...options, cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2' }, listener);
  server.maxHeadersCount = limits.headerCountMax;
  server.maxConnections = limits.adminConnectionsMax;
  server.maxRequestsPerSocket = limits.requestsPerConnectionMax;
  return server;
}

function bind(server: Server, { host, port, backlog, ipv6Only }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ...(backlog !== undefined && { backlog }), ...(ipv6Only && { ipv6Only }) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), limits.adminCloseWaitMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** Answers one request. Nothing that happens to it may reach the process. */
async function serve(
  parts: ListenersParts,
  isClosing: () => boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const started = performance.now();
  response.on('error', () => response.destroy());
  const body = { tooLarge: false };
  let answer: AdminAnswer;
  try {
    answer = await parts.dispatch({
      method: request.method ?? 'GET',
      target: request.url ?? '/',
      headers: request.headers,
      hosts: hostLines(request),
      secure: 'encrypted' in request.socket,
      readBody: async () => {
        const bytes = await readBody(request, parts.bodyBytesMax ?? limits.adminBodyBytesMax);
        body.tooLarge = bytes === undefined;
        return bytes;
      },
    });
  } catch (error) {
    if (error instanceof ClientGone) return;
    parts.log.error('admin.request.failed', { method: request.method, error });
    answer = unexpected;
  }
  try {
    send(parts, request, response, answer, { started, close: body.tooLarge || isClosing() });
  } catch (error) {
    parts.log.error('admin.answer.failed', { method: request.method, error });
    response.destroy();
  }
}

/** node:http keeps the first of two Host lines and would hide the second. */
function hostLines(request: IncomingMessage): string[] {
  const { rawHeaders } = request;
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host');
}

class ClientGone extends Error {}

/**
 * The whole body, or undefined when it is larger than the limit. Up to as much again is read and dropped, so that an
 * ordinary client gets to read the refusal instead of a reset connection.
 */
function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax * 2) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= bytesMax) chunks.push(chunk);
      else chunks.length = 0;
      if (length > bytesMax * 2) resolve(undefined);
    });
    request.on('end', () => resolve(length > bytesMax ? undefined : Buffer.concat(chunks)));
    request.on('error', () => reject(new ClientGone()));
    request.on('close', () => reject(new ClientGone()));
  });
}

function send(
  parts: ListenersParts,
  request: IncomingMessage,
  response: ServerResponse,
  answer: AdminAnswer,
  { started, close }: { readonly started: number; readonly close: boolean },
): void {
  if (response.destroyed) return;
  const { status, json, text, headers = {} } = answer;
  const body = json !== undefined ? JSON.stringify(json) : text;
  response.statusCode = status;
  const adds = parts.addsHeader ?? (() => true);
  if (adds('server')) response.setHeader('Server', parts.serverName);
  if (adds('x-kong-admin-latency')) {
    response.setHeader('X-Kong-Admin-Latency', String(Math.round(performance.now() - started)));
  }
  // Answers hold client secrets and are nobody's to keep, frame or load as a script.
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (close) response.setHeader('Connection', 'close');
  if (json !== undefined) response.setHeader('Content-Type', 'application/json; charset=utf-8');
  else if (text !== undefined && !response.hasHeader('Content-Type'))
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  if (status !== 204) response.setHeader('Content-Length', body === undefined ? 0 : Buffer.byteLength(body));
  response.end(request.method === 'HEAD' ? undefined : body);
}
