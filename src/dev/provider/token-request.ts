import type { IncomingMessage } from 'node:http';
import { parse as parseForm } from 'node:querystring';

/** What arrived at the token endpoint, read once, in front of the package. */
export interface TokenRequest {
  /** Form values; a repeated parameter is an array. */
  readonly parameters: Record<string, string | string[]>;
  readonly clientId: string | null;
  readonly authMethod: 'client_secret_basic' | 'client_secret_post' | null;
}

/**
 * Reads a form (RFC 6749 §3.2) or, with `acceptJson`, a JSON object of scalars as Auth0 does. Undefined:
 * neither; the caller lets the package say so.
 */
export function parseTokenRequest(
  request: IncomingMessage,
  body: Buffer,
  acceptJson: boolean,
): TokenRequest | undefined {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  let parameters: Record<string, string | string[]> | undefined;
  if (type === 'application/x-www-form-urlencoded') parameters = formParameters(body);
  else if (type === 'application/json' && acceptJson) parameters = jsonParameters(body);
  return parameters === undefined ? undefined : { parameters, ...clientOf(request, parameters) };
}

/** The parameters as a test may see them: secrets and assertions left out. */
export function visibleParameters(request: TokenRequest): Record<string, string | string[]> {
  const hidden = new Set(['client_secret', 'client_assertion', 'password', 'refresh_token', 'code', 'code_verifier']);
  return Object.fromEntries(
    Object.entries(request.parameters).map(([name, value]) => [name, hidden.has(name) ? '[redacted]' : value]),
  );
}

function formParameters(body: Buffer): Record<string, string | string[]> {
  const parameters: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(parseForm(body.toString('utf8')))) {
    if (value !== undefined) parameters[name] = value;
  }
  return parameters;
}

function jsonParameters(body: Buffer): Record<string, string> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const parameters: Record<string, string> = {};
  for (const [name, member] of Object.entries(value)) {
    if (member === null) continue;
    if (typeof member === 'object') return undefined;
    parameters[name] = String(member);
  }
  return parameters;
}

function clientOf(
  request: IncomingMessage,
  parameters: Record<string, string | string[]>,
): Pick<TokenRequest, 'clientId' | 'authMethod'> {
  const basic = /^basic +([A-Za-z0-9+/_=-]+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (basic !== undefined) {
    const encodedId = Buffer.from(basic, 'base64').toString('utf8').split(':')[0] ?? '';
    return { clientId: decodeForm(encodedId), authMethod: 'client_secret_basic' };
  }
  const id = parameters['client_id'];
  return {
    clientId: typeof id === 'string' ? id : null,
    authMethod: parameters['client_secret'] === undefined ? null : 'client_secret_post',
  };
}

function decodeForm(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
