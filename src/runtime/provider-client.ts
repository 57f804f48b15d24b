import type { Agent } from 'undici';
import type { ProviderFault, ProviderOutcome, ProviderRequest } from '../base/exchange.ts';
import { lateModule } from '../base/late-modules.ts';
import { limits } from '../base/limits.ts';

const client = lateModule((require) => require('undici') as typeof import('undici'));

/** Makes one call to a provider; never throws, never follows a redirect. */
export type ProviderClient = {
  call(request: ProviderRequest): Promise<ProviderOutcome>;
  close(): Promise<void>;
};

/**
 * The gateway's HTTP client for provider calls: total time-out, bounded answer, no redirects
 * (a redirect could carry credentials elsewhere), one connection pool per trust setting.
 */
export function createProviderClient(now: () => number = Date.now): ProviderClient {
  const agents = new Map<string, Agent>();

  function agentFor(request: ProviderRequest): Agent {
    const key = `${request.tlsVerify}/${request.keepalive}`;
    let agent = agents.get(key);
    if (agent === undefined) {
      agent = new (client().Agent)({
        allowH2: false,
        connections: limits.providerConnectionsPerOriginMax,
        connect: { rejectUnauthorized: request.tlsVerify },
        pipelining: request.keepalive ? 1 : 0,
      });
      agents.set(key, agent);
    }
    return agent;
  }

  async function call(request: ProviderRequest): Promise<ProviderOutcome> {
    const { errors, request: send } = client();
    const timeoutMs = Math.min(Math.max(1, request.timeoutMs), limits.providerTimeoutMsMax);
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new errors.HeadersTimeoutError()), timeoutMs);
    try {
      const headers: string[] = [];
      for (const [name, value] of request.headers) headers.push(name, value);
      const answer = await send(request.url, {
        dispatcher: agentFor(request),
        method: request.method,
        headers,
        body: request.body ?? null,
        signal: abort.signal,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        responseHeaders: 'raw',
      });
      const chunks: Buffer[] = [];
      let total = 0;
      for await (const chunk of answer.body) {
        const bytes = chunk as Buffer;
        total += bytes.length;
        if (total > request.responseBytesMax) {
          answer.body.destroy();
          return failure('too_large', `the answer is longer than ${request.responseBytesMax} bytes`);
        }
        chunks.push(bytes);
      }
      if (answer.statusCode >= 300 && answer.statusCode < 400) {
        return failure('redirect', `status ${answer.statusCode}; redirects are not followed`);
      }
      return {
        kind: 'response',
        status: answer.statusCode,
        headers: headerPairs(answer.headers),
        body: Buffer.concat(chunks).toString('utf8'),
        at: now(),
      };
    } catch (error) {
      return describeFailure(error);
    } finally {
      clearTimeout(timer);
    }
  }

  function failure(fault: ProviderFault, detail: string): ProviderOutcome {
    return { kind: 'failed', fault, detail, at: now() };
  }

  function describeFailure(error: unknown): ProviderOutcome {
    const code = codeOf(error);
    return failure(faultOf(code), detailOf(code));
  }

  return {
    call,
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

/** Headers in the shapes undici may give them, as lower-cased pairs. */
function headerPairs(headers: unknown): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  if (Array.isArray(headers)) {
    for (let index = 0; index + 1 < headers.length; index += 2) {
      pairs.push([String(headers[index]).toLowerCase(), String(headers[index + 1])]);
    }
  } else if (typeof headers === 'object' && headers !== null) {
    for (const [name, value] of Object.entries(headers)) {
      for (const one of Array.isArray(value) ? value : [value]) pairs.push([name.toLowerCase(), String(one)]);
    }
  }
  return pairs;
}

/** The innermost system or TLS code of an error; its message may quote what was sent, so it is never used. */
function codeOf(error: unknown): string {
  let code = '';
  let current: unknown = error;
  for (let depth = 0; depth < 5 && typeof current === 'object' && current !== null; depth += 1) {
    const own = (current as { code?: unknown }).code;
    if (typeof own === 'string') code = own;
    const nested = (current as { errors?: unknown }).errors;
    current = Array.isArray(nested) ? nested[0] : (current as { cause?: unknown }).cause;
  }
  return code;
}

const timeouts = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_ABORTED',
  'ABORT_ERR',
  'ETIMEDOUT',
]);
const unreachable = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EACCES', 'EADDRNOTAVAIL']);
const unresolved = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA']);
const cut = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_CLOSED', 'UND_ERR_DESTROYED']);

function faultOf(code: string): ProviderFault {
  if (timeouts.has(code)) return 'timeout';
  if (unreachable.has(code)) return 'connect';
  if (unresolved.has(code)) return 'dns';
  if (cut.has(code)) return 'reset';
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH)/.test(code)) return 'tls';
  return 'protocol';
}

function detailOf(code: string): string {
  return code === '' ? 'unknown failure' : code;
}
