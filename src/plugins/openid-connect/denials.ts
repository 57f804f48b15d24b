import type { CredentialProblem, CredentialProblemCode, ProviderProblem } from '../../oauth/problem.ts';
import { clientStatus } from '../../oauth/problem.ts';
import { bearerChallenge, type ChallengeError } from '../../oauth/www-authenticate.ts';
import type { AccessContext, PluginResponse } from '../../pdk/index.ts';
import { type CheckName, check } from './checks.ts';
import type { RelyingParty } from './relying-party.ts';

/** Why this request is refused: one failed check and what to do about it. */
export interface Denial {
  readonly check: CheckName;
  readonly status: 400 | 401 | 403 | 500 | 502 | 503 | 504;
  readonly text: string;
  readonly seen: string;
  readonly expected: string;
  readonly hint: string;
  /** Overrides the field of the check. */
  readonly field?: string | null;
  readonly error?: ChallengeError;
  readonly retryAfterSeconds?: number;
  readonly scope?: string;
}

/** Turns a denial into the client's answer and writes it into the decision. */
export function respondDenied(
  context: AccessContext,
  rp: RelyingParty,
  denial: Denial,
  facts: unknown,
): PluginResponse {
  const { config } = rp;
  const redirect = redirectFor(rp, denial);
  const status = redirect === undefined ? denial.status : 302;
  context.decision.refuse(
    {
      check: check[denial.check],
      status,
      text: denial.text,
      seen: denial.seen === '' ? 'none' : denial.seen,
      expected: denial.expected === '' ? 'none' : denial.expected,
      hint: denial.hint,
      ...(denial.field === undefined ? {} : { field: denial.field }),
    },
    facts,
  );
  const headers: [string, string][] = [['Cache-Control', 'no-store']];
  if (redirect !== undefined) {
    headers.push(['Location', redirect]);
    return { status: 302, headers, message: '' };
  }
  if (denial.status < 500) headers.push(['WWW-Authenticate', challengeFor(rp, denial)]);
  if (denial.retryAfterSeconds !== undefined) headers.push(['Retry-After', String(denial.retryAfterSeconds)]);
  const message = baseMessage(rp, denial.status);
  const detail = config.display_errors ? ` (${denial.check}: ${denial.text}. ${denial.hint})` : '';
  return { status: denial.status, headers, message: `${message}${detail}` };
}

function challengeFor(rp: RelyingParty, denial: Denial): string {
  if (denial.error === undefined || rp.config.expose_error_code === false) return bearerChallenge({ realm: rp.realm });
  return bearerChallenge({
    realm: rp.realm,
    error: denial.error,
    description: `${denial.check}: ${denial.text}`,
    scope: denial.scope,
  });
}

function redirectFor(rp: RelyingParty, denial: Denial): string | undefined {
  const { config } = rp;
  if (denial.status === 401) return config.unauthorized_redirect_uri?.[0];
  if (denial.status === 403) return config.forbidden_redirect_uri?.[0];
  if (denial.status >= 500) return config.unexpected_redirect_uri?.[0];
  return undefined;
}

function baseMessage(rp: RelyingParty, status: number): string {
  if (status === 400) return 'Bad request';
  if (status === 401) return rp.config.unauthorized_error_message ?? 'Unauthorized';
  if (status === 403) return rp.config.forbidden_error_message ?? 'Forbidden';
  if (status === 500) return 'An unexpected error occurred';
  if (status === 502) return "The identity provider's answer cannot be used";
  if (status === 503) return 'The identity provider is unavailable';
  return 'The identity provider did not answer in time';
}

interface Advice {
  readonly check: CheckName;
  readonly hint: string;
  readonly field?: string | null;
}

const callerFixesToken = 'The caller must obtain a fresh token from the provider and send it unchanged.';

/** Which check a fault of a token or credential belongs to, and what cures it. */
const advice: Readonly<Record<CredentialProblemCode, Advice>> = {
  'jws.too_large': {
    check: 'token.format',
    hint: 'The provider must issue smaller tokens: fewer claims or groups.',
    field: null,
  },
  'jws.malformed': { check: 'token.format', hint: callerFixesToken, field: null },
  'jws.base64': { check: 'token.format', hint: callerFixesToken, field: null },
  'jws.header_malformed': { check: 'token.format', hint: callerFixesToken, field: null },
  'jws.payload_malformed': { check: 'token.format', hint: callerFixesToken, field: null },
  'jws.duplicate_member': {
    check: 'token.format',
    hint: 'The provider must not issue tokens that name a member twice.',
    field: null,
  },
  'jws.too_deep': { check: 'token.format', hint: 'The provider must issue tokens with less nesting.', field: null },
  'jws.alg_none': { check: 'token.algorithm', hint: 'The provider must sign its tokens, for example with RS256.' },
  'jws.alg_not_allowed': {
    check: 'token.algorithm',
    hint: 'Set the signing algorithm at the provider to an asymmetric one, for example RS256 for the API.',
  },
  'jws.crit': { check: 'token.header', hint: 'The provider must issue tokens without critical header extensions.' },
  'jws.b64': { check: 'token.header', hint: 'The provider must issue tokens with an encoded payload.' },
  'jws.typ': {
    check: 'token.header',
    hint: 'Send the access token (typ JWT or at+jwt), not an ID token or another kind.',
  },
  'jws.key_unknown': {
    check: 'token.key',
    hint:
      'Check that the token comes from the configured issuer; keys published elsewhere go into config.extra_jwks_uris. ' +
      'After a key rotation the next attempt is made when config.rediscovery_lifetime has passed.',
  },
  'jws.signature_invalid': {
    check: 'token.signature',
    hint: `The token was changed or signed by another key. ${callerFixesToken}`,
  },
  'jwt.exp_missing': {
    check: 'token.expiry',
    hint: 'The provider must put an exp claim into its access tokens.',
    field: null,
  },
  'jwt.expired': {
    check: 'token.expiry',
    hint: 'The caller must fetch a new token; if clocks differ, raise config.leeway (seconds).',
  },
  'jwt.exp_malformed': {
    check: 'token.expiry',
    hint: 'The provider must write exp as seconds since 1970.',
    field: null,
  },
  'jwt.nbf_future': {
    check: 'token.not_before',
    hint: 'Compare the clocks of gateway and provider; config.leeway (seconds) tolerates a difference.',
  },
  'jwt.nbf_malformed': {
    check: 'token.not_before',
    hint: 'The provider must write nbf as seconds since 1970.',
    field: null,
  },
  'jwt.iat_future': {
    check: 'token.issued_at',
    hint: 'Compare the clocks of gateway and provider; config.leeway (seconds) tolerates a difference.',
  },
  'jwt.iat_malformed': {
    check: 'token.issued_at',
    hint: 'The provider must write iat as seconds since 1970.',
    field: null,
  },
  'jwt.auth_time_missing': {
    check: 'token.auth_age',
    hint: 'The provider must add auth_time, or unset config.max_age.',
  },
  'jwt.auth_time_malformed': {
    check: 'token.auth_age',
    hint: 'The provider must write auth_time as seconds since 1970.',
  },
  'jwt.auth_time_future': { check: 'token.auth_age', hint: 'Compare the clocks of gateway and provider.' },
  'jwt.auth_time_too_old': {
    check: 'token.auth_age',
    hint: 'The end user must log in again, or raise config.max_age (seconds).',
  },
  'jwt.iss_missing': { check: 'token.issuer', hint: 'The provider must put an iss claim into its access tokens.' },
  'jwt.iss_malformed': { check: 'token.issuer', hint: 'The provider must write iss as a string.' },
  'jwt.iss_mismatch': {
    check: 'token.issuer',
    hint:
      'If tokens of this issuer are to be accepted, add its exact value to config.issuers_allowed; ' +
      'otherwise the caller must use a token of the expected issuer.',
  },
  'basic.malformed': {
    check: 'credential.format',
    hint: 'Send "Authorization: Basic" with base64 of client id, a colon and client secret.',
  },
  'basic.too_large': {
    check: 'credential.format',
    hint: 'Client id and secret are longer than any provider issues; check them.',
  },
  'bearer.malformed': { check: 'credential.format', hint: 'Send "Authorization: Bearer" and the token, nothing else.' },
  'bearer.too_large': {
    check: 'credential.format',
    hint: 'The provider must issue smaller tokens: fewer claims or groups.',
  },
};

/** What would have passed, where the protocol code compared no values. */
const usually: Partial<Readonly<Record<CheckName, string>>> = {
  'credential.format': 'a well-formed credential within the size bounds',
  'token.format': 'a well-formed signed JWT',
  'token.header': 'only header members that are understood',
  'token.key': 'a key of the issuer',
  'token.signature': 'a signature made with a key of the issuer',
};

/** A fault of what the caller presented: 401 invalid_token. */
export function credentialDenial(problem: CredentialProblem): Denial {
  const { check: name, hint, field } = advice[problem.code];
  return {
    check: name,
    status: 401,
    text: problem.text,
    seen: problem.seen,
    expected: problem.expected === '' ? (usually[name] ?? '') : problem.expected,
    hint,
    error: 'invalid_token',
    ...(field === undefined ? {} : { field }),
  };
}

const providerHints: Readonly<Record<string, string>> = {
  'provider.timeout': 'Check the provider and the network to it; config.timeout (ms) bounds each call.',
  'provider.unreachable': 'Check that the gateway can reach the provider: address, port, DNS, firewall, TLS trust.',
  'provider.overloaded': 'Too many different credentials arrive at once; retry shortly.',
  'provider.rate_limited': 'The provider limits token requests; retry after the given time, or raise its quota.',
  'provider.failing': "Look at the provider's own logs; the gateway recovers alone.",
  'provider.redirect': 'Configure the final URL: redirects are not followed.',
  'provider.too_large': 'Check that the URL is that of the provider.',
  'provider.protocol': 'Check that the URL and its scheme are those of the provider.',
  'provider.status': 'Check config.issuer: the URL answers, but not with the expected document.',
  'provider.not_json': 'Check config.issuer: the URL answers, but not with JSON.',
  'discovery.issuer_mismatch':
    'Set config.issuer to the issuer that the provider names. If the provider is reached by an inner name, ' +
    'config.sallyport.allow_issuer_mismatch accepts what its metadata says.',
  'discovery.issuer_missing': 'The provider must name its issuer in the metadata.',
  'discovery.endpoint_insecure': 'The provider must offer https endpoints, or config.issuer must be an http URL.',
};

/** A fault of the provider while fetching metadata or keys. */
export function issuerDenial(step: 'metadata' | 'keys', problem: ProviderProblem): Denial {
  const mismatch = problem.code === 'discovery.issuer_mismatch' || problem.code === 'discovery.issuer_missing';
  const name: CheckName = step === 'keys' ? 'provider.keys' : mismatch ? 'provider.issuer' : 'provider.discovery';
  const status = clientStatus[problem.answer];
  return {
    ...providerFacts(problem),
    check: name,
    status: status === 401 ? 502 : status,
    ...retry(status === 503 ? (problem.retryAfterSeconds ?? 2) : undefined),
  };
}

/** A fault of the token endpoint. `audienceSent`: whether the request named an audience. */
export function tokenDenial(problem: ProviderProblem, audienceSent: boolean): Denial {
  const facts = providerFacts(problem);
  const status = clientStatus[problem.answer];
  switch (problem.answer) {
    case 'refused':
      return grantDenial(problem, audienceSent);
    case 'rate_limited':
      return { ...facts, check: 'provider.rate_limit', status: 503, ...retry(problem.retryAfterSeconds ?? 1) };
    case 'unavailable':
      return { ...facts, check: 'provider.reachable', status: 503, ...retry(problem.retryAfterSeconds ?? 1) };
    case 'timeout':
      return { ...facts, check: 'provider.reachable', status: 504 };
    case 'unusable':
      return { ...facts, check: 'provider.answer', status };
  }
}

function providerFacts(problem: ProviderProblem): Pick<Denial, 'text' | 'seen' | 'expected' | 'hint'> {
  return {
    text: problem.text,
    seen: problem.seen === '' && problem.status !== undefined ? `status ${problem.status}` : problem.seen,
    expected: problem.expected,
    hint: providerHints[problem.code] ?? "Look at the provider's own logs; the gateway recovers alone.",
  };
}

function retry(seconds: number | undefined): { retryAfterSeconds: number } | object {
  return seconds === undefined ? {} : { retryAfterSeconds: Math.max(1, Math.ceil(seconds)) };
}

function grantDenial(problem: ProviderProblem, audienceSent: boolean): Denial {
  const error = problem.providerError;
  // An OAuth error code is a fixed word; free text of the provider stays with the operator.
  const code = error !== undefined && /^[a-z_]{1,40}$/.test(error) ? ` ${error}` : '';
  const said = problem.providerErrorDescription;
  const base = {
    check: 'provider.grant' as const,
    status: 401 as const,
    text: `the provider refused the token request (${problem.status ?? 'no status'}${code})`,
    seen: `${problem.status ?? ''}${code}${said === undefined ? '' : `: ${said}`}`,
    expected: '200 with an access token',
    error: 'invalid_token' as const,
  };
  const wrongClient = problem.status === 401 || error === 'invalid_client';
  if (wrongClient) {
    return {
      ...base,
      hint:
        'The caller must check its client id and secret. If they are right, the provider may want them in the body: ' +
        'config.token_endpoint_auth_method=client_secret_post.',
    };
  }
  if (error === 'invalid_scope') {
    return { ...base, field: 'config.scopes', hint: 'Remove scopes from config.scopes that this client may not have.' };
  }
  if (!audienceSent) {
    return {
      ...base,
      field: 'config.token_post_args_names',
      hint:
        'The token request named no audience, which Auth0 requires: set config.token_post_args_names=audience and ' +
        'config.token_post_args_values to the identifier of the API.',
    };
  }
  return {
    ...base,
    field: 'config.token_post_args_values',
    hint: 'Authorise this client for the requested API at the provider, or correct the audience in config.token_post_args_values.',
  };
}
