import type { ProviderOutcome } from '../base/exchange.ts';
import { limits } from '../base/limits.ts';
import { retryAfterSeconds } from './exchange.ts';
import type { ProviderProblem } from './problem.ts';
import { providerProblem } from './problem.ts';
import { parseJsonObject } from './strict-json.ts';

export type ProviderResponse = ProviderOutcome & { readonly kind: 'response' };
type FailedCall = ProviderOutcome & { readonly kind: 'failed' };

export interface AnsweredObject {
  readonly kind: 'ok';
  readonly value: Readonly<Record<string, unknown>>;
  readonly response: ProviderResponse;
}

/**
 * The JSON object of a 200, or what went wrong, as far as that does not depend on the endpoint.
 * Statuses that mean something special at one endpoint (400, 401, 403 at the token endpoint) are
 * looked at by that endpoint's own function first.
 */
export function answeredObject(outcome: ProviderOutcome, nowMs: number): AnsweredObject | ProviderProblem {
  if (outcome.kind === 'failed') return failureProblem(outcome, nowMs);
  return outcome.status === 200 ? bodyObject(outcome) : statusProblem(outcome, nowMs);
}

/** The body of an answer of any status as a JSON object. */
export function bodyObject(response: ProviderResponse): AnsweredObject | ProviderProblem {
  const { body, status } = response;
  if (body.length > limits.providerResponseBytesMax) {
    return providerProblem('provider.too_large', 'unusable', { status, seen: String(body.length) });
  }
  const value = parseJsonObject(body, { depthMax: limits.jsonDepthMax, duplicates: 'last' });
  if (typeof value === 'string') return providerProblem('provider.not_json', 'unusable', { status, seen: value });
  return { kind: 'ok', value, response };
}

/** A member of an object a provider sent: own ones only, and JSON null counts as absent. */
export function ownMember(value: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(value, name) ? (value[name] ?? undefined) : undefined;
}

function statusProblem(outcome: ProviderResponse, nowMs: number): ProviderProblem {
  const { status } = outcome;
  const facts = { status, seen: String(status), expected: '200' };
  if (status === 429) {
    const retryAfterSeconds = waitSeconds(outcome, nowMs);
    return providerProblem('provider.rate_limited', 'rate_limited', { ...facts, retryAfterSeconds });
  }
  if (status >= 500 || status === 408) {
    const retryAfterSeconds = waitSeconds(outcome, nowMs);
    return providerProblem('provider.failing', 'unavailable', { ...facts, retryAfterSeconds });
  }
  const redirected = status >= 300 && status < 400;
  return providerProblem(redirected ? 'provider.redirect' : 'provider.status', 'unusable', facts);
}

function failureProblem(outcome: FailedCall, nowMs: number): ProviderProblem {
  const seen = `${outcome.fault}: ${outcome.detail}`;
  switch (outcome.fault) {
    case 'timeout':
      return providerProblem('provider.timeout', 'timeout', { seen });
    case 'too_large':
      return providerProblem('provider.too_large', 'unusable', { seen });
    case 'redirect':
      return providerProblem('provider.redirect', 'unusable', { seen });
    case 'protocol':
      return providerProblem('provider.protocol', 'unusable', { seen });
    case 'overloaded':
      return unavailable('provider.overloaded', seen, waitSeconds(outcome, nowMs));
    case 'connect':
    case 'dns':
    case 'tls':
    case 'reset':
      return unavailable('provider.unreachable', seen, waitSeconds(outcome, nowMs));
  }
}

function unavailable(
  code: 'provider.overloaded' | 'provider.unreachable',
  seen: string,
  retryAfterSeconds: number,
): ProviderProblem {
  return providerProblem(code, 'unavailable', { seen, retryAfterSeconds });
}

/** At least one second, so that a client told to come back does not come back at once. */
function waitSeconds(outcome: ProviderOutcome, nowMs: number): number {
  return Math.max(1, retryAfterSeconds(outcome, nowMs) ?? limits.providerRetryAfterSecondsDefault);
}
