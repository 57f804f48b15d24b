import { limits } from '../../base/limits.ts';
import { type AccessContext, type AccessResult, type PluginResponse, parseArguments } from '../../pdk/index.ts';
import type { RequestTerminationConfig } from './schema.ts';

/** One configuration, worked out once. */
export interface Termination {
  readonly config: RequestTerminationConfig;
  readonly trigger: string | undefined;
  /** The same for every request, unless it is echoed. */
  readonly answer: PluginResponse;
}

const jsonType = 'application/json; charset=utf-8';

const usualMessages: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  404: 'Not found',
  405: 'Method not allowed',
  500: 'An unexpected error occurred',
  502: 'Bad Gateway',
  503: 'Service unavailable',
};

export function prepareTermination(config: RequestTerminationConfig): Termination {
  return { config, trigger: config.trigger?.toLowerCase(), answer: answerOf(config) };
}

/** Answers, unless a trigger is set and the request does not hold it. Waits only for a body to echo. */
export function access(
  context: AccessContext,
  { config, trigger, answer }: Termination,
): AccessResult | Promise<AccessResult> {
  if (trigger !== undefined && !isTriggered(context, trigger, config.trigger ?? '')) return undefined;
  return config.echo ? echo(context, config) : answer;
}

function answerOf({ status_code, message, content_type, body }: RequestTerminationConfig): PluginResponse {
  if (status_code === 204 || status_code === 205 || status_code === 304) return exit(status_code, '', '');
  if (body !== null) return exit(status_code, content_type ?? jsonType, body);
  const text = message ?? usualMessages[status_code];
  return text === undefined
    ? exit(status_code, '', '')
    : exit(status_code, jsonType, JSON.stringify({ message: text }));
}

function exit(status: number, contentType: string, bytes: string): PluginResponse {
  return { status, headers: [], message: '', body: { contentType, bytes } };
}

function isTriggered({ request }: AccessContext, lower: string, name: string): boolean {
  if (request.headers.get(lower) !== undefined) return true;
  const { query } = request;
  return query !== undefined && (parseArguments(query) ?? []).some((argument) => argument.name === name);
}

/** The request as it reached the gateway, for people who look for what is between them and it. */
async function echo(context: AccessContext, config: RequestTerminationConfig): Promise<PluginResponse> {
  const { request, route, service } = context;
  const read =
    request.body.kind === 'none'
      ? undefined
      : await request.body.peek(limits.credentialBodyBytesMax, limits.credentialBodyTimeoutMs);
  const dump = {
    ...(config.message !== null && { message: config.message }),
    request: {
      scheme: context.scheme,
      host: request.host,
      method: request.method,
      path: request.path,
      query: Object.fromEntries((parseArguments(request.query ?? '') ?? []).map(({ name, value }) => [name, value])),
      headers: headersOf(context),
      raw_body: read?.kind === 'whole' ? read.bytes.toString('utf8') : null,
    },
    client_ip: context.clientAddress,
    request_id: context.requestId,
    matched_route: { id: route.id, name: route.name },
    matched_service: service === null ? null : { id: service.id, name: service.name },
  };
  return exit(config.status_code, jsonType, JSON.stringify(dump));
}

function headersOf({ request }: AccessContext): Record<string, string> {
  const found: Record<string, string> = Object.create(null);
  for (const lower of request.headers.lowers) found[lower] = request.headers.all(lower).join(', ');
  return found;
}
