/**
 * Why something a stranger sent is not accepted, as a value. The code is stable and is what callers
 * branch on; the text is ASCII, names no setting and no secret, and may be shown to a client.
 */
export type Problem = CredentialProblem | ProviderProblem;

/** The caller's token or credential is at fault: never a 5xx. */
export interface CredentialProblem {
  readonly kind: 'problem';
  readonly about: 'credential';
  readonly code: CredentialProblemCode;
  readonly text: string;
  /** Compared values, made printable and short; empty where there is nothing to compare. */
  readonly seen: string;
  readonly expected: string;
}

/** The provider's answer, or its absence, is at fault. */
export interface ProviderProblem {
  readonly kind: 'problem';
  readonly about: 'provider';
  readonly code: ProviderProblemCode;
  /** What it means to the client: see `clientStatus`. */
  readonly answer: ProviderAnswer;
  readonly text: string;
  readonly seen: string;
  readonly expected: string;
  /** HTTP status the provider gave, when it answered at all. */
  readonly status: number | undefined;
  /** Always present with `rate_limited` and `unavailable`; whole seconds, at least 1. */
  readonly retryAfterSeconds: number | undefined;
  /** The provider's own `error` and `error_description`, made printable: for operators only. */
  readonly providerError: string | undefined;
  readonly providerErrorDescription: string | undefined;
}

export type ProviderAnswer = 'refused' | 'rate_limited' | 'unavailable' | 'timeout' | 'unusable';

/** The status a client gets for a provider's answer (decisions: what a provider's answer means). */
export const clientStatus: Readonly<Record<ProviderAnswer, 401 | 502 | 503 | 504>> = {
  refused: 401,
  rate_limited: 503,
  unavailable: 503,
  timeout: 504,
  unusable: 502,
};

const credentialTexts = {
  'jws.too_large': 'the token is too large',
  'jws.malformed': 'the token is not a compact JWS',
  'jws.base64': 'a part of the token is not strict base64url',
  'jws.header_malformed': 'the token header is not a JSON object with usable members',
  'jws.payload_malformed': 'the token payload is not a JSON object',
  'jws.duplicate_member': 'the token holds a member name twice',
  'jws.too_deep': 'the token is nested too deeply',
  'jws.alg_none': 'the token is not signed',
  'jws.alg_not_allowed': 'the signature algorithm is not allowed',
  'jws.crit': 'the token demands an extension that is not understood',
  'jws.b64': 'the token uses the unencoded payload option',
  'jws.typ': 'the token is of another type',
  'jws.key_unknown': 'no key of the issuer fits the token',
  'jws.signature_invalid': 'the signature is not valid',
  'jwt.exp_missing': 'the token has no expiry',
  'jwt.expired': 'the token has expired',
  'jwt.exp_malformed': 'the expiry is not a usable number',
  'jwt.nbf_future': 'the token is not valid yet',
  'jwt.nbf_malformed': 'the not-before time is not a usable number',
  'jwt.iat_future': 'the token was issued in the future',
  'jwt.iat_malformed': 'the time of issue is not a usable number',
  'jwt.auth_time_missing': 'the time of authentication is missing',
  'jwt.auth_time_malformed': 'the time of authentication is not a usable number',
  'jwt.auth_time_future': 'the time of authentication is in the future',
  'jwt.auth_time_too_old': 'the authentication is too long ago',
  'jwt.iss_missing': 'the token has no issuer',
  'jwt.iss_malformed': 'the issuer is not a string',
  'jwt.iss_mismatch': 'the token was issued by another issuer',
  'basic.malformed': 'the Basic credentials are not well-formed',
  'basic.too_large': 'the Basic credentials are too large',
  'bearer.malformed': 'the Authorization header is not a well-formed bearer token',
  'bearer.too_large': 'the token is too large',
} as const;

const providerTexts = {
  'provider.timeout': 'the provider did not answer in time',
  'provider.unreachable': 'the provider could not be reached',
  'provider.overloaded': 'too many calls to the provider are in flight',
  'provider.rate_limited': 'the provider asks for fewer requests',
  'provider.failing': 'the provider answered with a fault of its own',
  'provider.redirect': 'the provider answered with a redirect',
  'provider.too_large': "the provider's answer is too large",
  'provider.protocol': "the provider's answer is not valid HTTP",
  'provider.status': 'the provider answered with an unexpected status',
  'provider.not_json': "the provider's answer is not a JSON object",
  'discovery.issuer_missing': 'the metadata has no usable issuer',
  'discovery.issuer_mismatch': 'the metadata belongs to another issuer',
  'discovery.member_malformed': 'the metadata has a member of the wrong type',
  'discovery.endpoint_malformed': 'the metadata has an endpoint that is not a usable URL',
  'discovery.endpoint_insecure': 'an https issuer names an endpoint without TLS',
  'jwks.malformed': "the provider's key set is not well-formed",
  'jwks.too_many_keys': "the provider's key set has too many keys",
  'token.refused': 'the provider refused the credentials',
  'token.malformed': "the provider's token response is not well-formed",
  'token.type': 'the provider issued a token of an unusable type',
} as const;

export type CredentialProblemCode = keyof typeof credentialTexts;
export type ProviderProblemCode = keyof typeof providerTexts;

/** Every code with its text, for the reference page. */
export const problemTexts: Readonly<Record<CredentialProblemCode | ProviderProblemCode, string>> = {
  ...credentialTexts,
  ...providerTexts,
};

/** A fault of what the caller presented. Compared values are made printable here. */
export function credentialProblem(code: CredentialProblemCode, seen = '', expected = ''): CredentialProblem {
  return {
    kind: 'problem',
    about: 'credential',
    code,
    text: credentialTexts[code],
    seen: printable(seen, problemValueCharsMax),
    expected: printable(expected, problemValueCharsMax),
  };
}

export interface ProviderFacts {
  readonly seen?: string;
  readonly expected?: string;
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  readonly providerError?: string | undefined;
  readonly providerErrorDescription?: string | undefined;
}

/** A fault of the provider. */
export function providerProblem(
  code: ProviderProblemCode,
  answer: ProviderAnswer,
  facts: ProviderFacts = {},
): ProviderProblem {
  return {
    kind: 'problem',
    about: 'provider',
    code,
    answer,
    text: providerTexts[code],
    seen: printable(facts.seen ?? '', problemValueCharsMax),
    expected: printable(facts.expected ?? '', problemValueCharsMax),
    status: facts.status,
    retryAfterSeconds: facts.retryAfterSeconds,
    providerError: facts.providerError,
    providerErrorDescription: facts.providerErrorDescription,
  };
}

const problemValueCharsMax = 200;

/** Printable ASCII of at most that many characters: control and other characters become `?`. */
export function printable(text: string, charsMax: number): string {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax - 3)}...` : text;
  return cut.replace(/[^\x20-\x7e]/g, '?');
}
