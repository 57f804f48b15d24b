import type { CheckSpec } from '../../pdk/index.ts';

/**
 * Every check this plugin makes, in the order it makes them. Names are an interface: decisions, logs
 * and challenges quote them.
 */
const specs = {
  'request.authorization': {
    about: 'The request carries at most one Authorization header.',
    field: null,
  },
  'credential.present': {
    about: 'A credential stands where one of the configured methods looks for it.',
    field: 'config.auth_methods',
  },
  'credential.unambiguous': {
    about: 'The request does not carry two different credentials for one method.',
    field: null,
  },
  'credential.format': {
    about: 'The credential can be read: well-formed Basic, bearer token syntax, sizes within bounds.',
    field: null,
  },
  'provider.discovery': {
    about: "The provider's metadata can be fetched and read.",
    field: 'config.issuer',
  },
  'provider.issuer': {
    about: 'The metadata belongs to the configured issuer.',
    field: 'config.issuer',
  },
  'provider.token_endpoint': {
    about: 'A token endpoint is known from the metadata or the configuration.',
    field: 'config.token_endpoint',
  },
  'provider.rate_limit': {
    about: 'The provider does not ask for fewer token requests.',
    field: null,
  },
  'provider.reachable': {
    about: 'The token endpoint answers in time and without a fault of its own.',
    field: 'config.token_endpoint',
  },
  'provider.grant': {
    about: 'The provider issues a token for the presented client credentials.',
    field: null,
  },
  'provider.answer': {
    about: 'The token response is usable.',
    field: null,
  },
  'provider.keys': {
    about: "The provider's keys can be fetched and read.",
    field: 'config.jwks_endpoint',
  },
  'token.format': {
    about: 'The access token is a well-formed compact JWS with a JSON payload.',
    field: 'config.auth_methods',
  },
  'token.header': {
    about: 'The token header makes no demand that is not understood and names a fitting type.',
    field: null,
  },
  'token.algorithm': {
    about: 'The token is signed with an allowed algorithm.',
    field: null,
  },
  'token.key': {
    about: 'A key of the issuer fits the token.',
    field: 'config.extra_jwks_uris',
  },
  'token.signature': {
    about: 'The signature is valid.',
    field: null,
  },
  'token.issuer': {
    about: 'The iss claim is the issuer of the metadata, or one of the allowed ones.',
    field: 'config.issuers_allowed',
  },
  'token.expiry': {
    about: 'The token has an expiry and it lies in the future.',
    field: 'config.leeway',
  },
  'token.not_before': {
    about: 'The nbf claim, if any, lies in the past.',
    field: 'config.leeway',
  },
  'token.issued_at': {
    about: 'The iat claim, if any, lies in the past.',
    field: 'config.leeway',
  },
  'token.auth_age': {
    about: 'The end user authenticated recently enough.',
    field: 'config.max_age',
  },
  'token.hosted_domain': {
    about: 'The hd claim names an allowed domain.',
    field: 'config.domains',
  },
  'token.session': {
    about: 'The session claim of the token equals the session cookie of the request.',
    field: 'config.jwt_session_cookie',
  },
  'token.forbidden_claims': {
    about: 'The token holds no forbidden claim.',
    field: 'config.claims_forbidden',
  },
  'token.scopes': {
    about: 'The token holds the required scopes.',
    field: 'config.scopes_required',
  },
  'token.audience': {
    about: 'The token is meant for a required audience.',
    field: 'config.audience_required',
  },
  'token.groups': {
    about: 'The token holds the required groups.',
    field: 'config.groups_required',
  },
  'token.roles': {
    about: 'The token holds the required roles.',
    field: 'config.roles_required',
  },
  'consumer.claim': {
    about: 'The token holds a claim that names a consumer.',
    field: 'config.consumer_claims',
  },
  'consumer.mapped': {
    about: 'A consumer with the value of that claim exists.',
    field: 'config.consumer_by',
  },
  'consumer.anonymous': {
    about: 'The anonymous consumer exists.',
    field: 'config.anonymous',
  },
} as const satisfies Record<string, Omit<CheckSpec, 'name'>>;

export type CheckName = keyof typeof specs;

export const checks: readonly CheckSpec[] = Object.entries(specs).map(([name, spec]) => ({ name, ...spec }));

/** Index of a check by its name. */
export const check = Object.fromEntries(checks.map(({ name }, index) => [name, index])) as Record<CheckName, number>;

export function checkName(index: number): CheckName {
  return (checks[index]?.name ?? '') as CheckName;
}
