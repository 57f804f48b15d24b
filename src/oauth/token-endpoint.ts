import type { ProviderOutcome, ProviderRequest } from '../base/exchange.ts';
import { limits } from '../base/limits.ts';
import type { ClientAuthMethod, ClientCredentials } from './client-authentication.ts';
import { authenticateClient } from './client-authentication.ts';
import { buildForm } from './form.ts';
import { mergeHeaders } from './outgoing-headers.ts';
import type { ProviderProblem } from './problem.ts';
import { printable, providerProblem } from './problem.ts';
import type { ProviderResponse } from './provider-answer.ts';
import { answeredObject, bodyObject, ownMember } from './provider-answer.ts';

export interface ClientCredentialsOptions {
  readonly tokenEndpoint: string;
  readonly client: ClientCredentials;
  readonly method: ClientAuthMethod;
  /** Joined by spaces; none sends no `scope`. */
  readonly scopes: readonly string[];
  /** One `audience` argument each; none sends none. */
  readonly audience: readonly string[];
  /** Extra arguments in order; names may repeat. They replace built-in ones of the same name, but never credentials. */
  readonly args: readonly (readonly [string, string])[];
  /** Extra header fields; they never replace the client's authentication or the message's framing. */
  readonly headers: readonly (readonly [string, string])[];
  readonly timeoutMs: number;
  readonly tlsVerify: boolean;
  readonly keepalive: boolean;
}

export interface TokenSet {
  readonly accessToken: string;
  /** As the provider spelt it; `bearer` in any case. */
  readonly tokenType: string;
  /**
   * Epoch milliseconds by `expires_in`, counted from the answer; undefined when the provider said
   * nothing (then the token's own `exp`, else a configured time, must bound its use). Never later than
   * `limits.tokenLifetimeSecondsMax` from the answer.
   */
  readonly expiresAt: number | undefined;
  readonly scope: string | undefined;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  /** Header fields of the answer, names in lower case, for `token_headers_replay`. */
  readonly headers: readonly (readonly [string, string])[];
}

/**
 * The request of the client credentials grant (RFC 6749 section 4.4.2) for a caller's id and secret.
 * Extra arguments called `client_id`, `client_secret` or `client_assertion*`, and an extra
 * `Authorization` field, are left out: with them every caller would be the client they name.
 */
export function clientCredentialsRequest(options: ClientCredentialsOptions): ProviderRequest {
  const auth = authenticateClient(options.method, options.client);
  const extra = options.args.filter(([name]) => !credentialArgs.has(name));
  const replaced = new Set(extra.map(([name]) => name));
  const builtIn: [string, string][] = [['grant_type', 'client_credentials']];
  if (options.scopes.length > 0) builtIn.push(['scope', options.scopes.join(' ')]);
  for (const audience of options.audience) builtIn.push(['audience', audience]);
  const own = [
    ['accept', 'application/json'],
    ['content-type', 'application/x-www-form-urlencoded'],
    ...auth.headers,
  ] as const satisfies readonly (readonly [string, string])[];
  return {
    purpose: 'token',
    method: 'POST',
    url: options.tokenEndpoint,
    headers: mergeHeaders(own, options.headers, ['authorization', 'content-type']),
    body: buildForm([...builtIn.filter(([name]) => !replaced.has(name)), ...extra, ...auth.args]),
    timeoutMs: options.timeoutMs,
    tlsVerify: options.tlsVerify,
    keepalive: options.keepalive,
    responseBytesMax: limits.providerResponseBytesMax,
  };
}

/**
 * Judges a token response (RFC 6749 sections 5.1 and 5.2). 400, 401 and 403 are `refused` and keep the
 * provider's own error for operators, with every string of `secrets` blotted out; see `ProviderAnswer`
 * for the rest.
 */
export function processTokenResponse(
  outcome: ProviderOutcome,
  nowMs: number,
  secrets: readonly string[] = [],
): { kind: 'ok'; tokenSet: TokenSet } | ProviderProblem {
  if (outcome.kind === 'response' && refusals.has(outcome.status)) return refusal(outcome, secrets);
  const body = answeredObject(outcome, nowMs);
  return body.kind === 'problem' ? body : readTokenSet(body.response, body.value, secrets);
}

const credentialArgs: ReadonlySet<string> = new Set([
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
]);
const refusals: ReadonlySet<number> = new Set([400, 401, 403]);
/** Printable ASCII without spaces: goes into header fields as it is. */
const tokenSyntax = /^[\x21-\x7e]+$/;

function refusal(outcome: ProviderResponse, secrets: readonly string[]): ProviderProblem {
  const body = bodyObject(outcome);
  return providerProblem('token.refused', 'refused', {
    status: outcome.status,
    seen: String(outcome.status),
    expected: '200',
    ...(body.kind === 'ok' ? providerErrorOf(body.value, secrets) : {}),
  });
}

function providerErrorOf(body: Readonly<Record<string, unknown>>, secrets: readonly string[]) {
  return {
    providerError: operatorText(ownMember(body, 'error'), secrets),
    providerErrorDescription: operatorText(ownMember(body, 'error_description'), secrets),
  };
}

/** Providers have been seen to repeat what they were sent; secrets must not reach a log that way. */
function operatorText(value: unknown, secrets: readonly string[]): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  let text = value;
  for (const secret of secrets) if (secret !== '') text = text.replaceAll(secret, '[redacted]');
  return printable(text, limits.providerErrorCharsMax);
}

function readTokenSet(
  outcome: ProviderResponse,
  body: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
): { kind: 'ok'; tokenSet: TokenSet } | ProviderProblem {
  const unusable = (code: 'token.malformed' | 'token.type', name: string) =>
    providerProblem(code, 'unusable', { status: outcome.status, seen: name, ...providerErrorOf(body, secrets) });
  const accessToken = ownMember(body, 'access_token');
  if (!isToken(accessToken)) return unusable('token.malformed', 'access_token');
  const tokenType = ownMember(body, 'token_type');
  // A token of a type that is not understood must not be used (RFC 6749 section 7.1).
  if (typeof tokenType !== 'string' || tokenType.toLowerCase() !== 'bearer')
    return unusable('token.type', 'token_type');
  const refreshToken = ownMember(body, 'refresh_token');
  if (refreshToken !== undefined && !isToken(refreshToken)) return unusable('token.malformed', 'refresh_token');
  const idToken = ownMember(body, 'id_token');
  if (idToken !== undefined && !isToken(idToken)) return unusable('token.malformed', 'id_token');
  const scope = ownMember(body, 'scope');
  if (scope !== undefined && typeof scope !== 'string') return unusable('token.malformed', 'scope');
  return {
    kind: 'ok',
    tokenSet: {
      accessToken,
      tokenType,
      expiresAt: expiresAtMs(ownMember(body, 'expires_in'), outcome.at),
      scope,
      refreshToken,
      idToken,
      headers: outcome.headers.slice(0, limits.providerHeadersMax),
    },
  };
}

/**
 * The end of life by `expires_in` (RFC 6749 section 5.1). Numbers, whole or not, and the same as
 * decimal strings count, cut to `limits.tokenLifetimeSecondsMax`; absent or null is undefined.
 * Everything else (zero, negative, words, other types) ends the life at once: the token serves this
 * request and is not kept.
 */
function expiresAtMs(value: unknown, answeredAt: number): number | undefined {
  if (value === undefined) return undefined;
  const seconds = typeof value === 'string' && decimal.test(value) ? Number(value) : value;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return answeredAt;
  return answeredAt + Math.floor(Math.min(seconds, limits.tokenLifetimeSecondsMax) * 1000);
}

const decimal = /^[0-9]{1,15}(?:\.[0-9]{1,9})?$/;

function isToken(value: unknown): value is string {
  return typeof value === 'string' && value.length <= limits.tokenBytesMax && tokenSyntax.test(value);
}
