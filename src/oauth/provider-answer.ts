import type { ProviderOutcome } from '../base/exchange.ts';
import { limits } from '../base/limits.ts';
import { retryAfterSeconds } from './exchange.ts';
import type { ProviderProblem } from './problem.ts';
import { providerProblem } from './problem.ts';
import { parseJsonObject } from './strict-json.ts';

/**
 * Judges everything about a provider's answer that does not depend on the endpoint: undefined for a
 * 200, else what went wrong. Statuses that mean something special at one endpoint (400, 401, 403 at
 * the token endpoint) are looked at by that endpoint's own function first.
 */
export function answerProblem(outcome: ProviderOutcome, nowMs: number): ProviderProblem | undefined {
  if (outcome.kind === 'failed') return failureProblem(outcome, nowMs);
  const { status } = outcome;
  if (status === 200) return undefined;
  if (status === 429) return providerProblem('provider.rate_limited', 'rate_limited', waiting(outcome, nowMs));
  if (status >= 500 || status === 408) {
    return providerProblem('provider.failing', 'unavailable', waiting(outcome, nowMs));
  }
  const code = status >= 300 && status < 400 ? 'provider.redirect' : 'provider.status';
  return providerProblem(code, 'unusable', { status, seen: String(status), expected: '200' });
}

/** The body of an answer as a JSON object. */
export function answerObject(
  outcome: ProviderOutcome & { kind: 'response' },
): { kind: 'ok'; value: Record<string, unknown> } | ProviderProblem {
  const parsed =
    outcome.body.length > limits.providerResponseBytesMax
      ? 'too_large'
      : parseJsonObject(outcome.body, { depthMax: limits.jsonDepthMax, duplicates: 'last' });
  if (typeof parsed !== 'string') return { kind: 'ok', value: parsed };
  const code = parsed === 'too_large' ? 'provider.too_large' : 'provider.not_json';
  return providerProblem(code, 'unusable', { status: outcome.status, seen: parsed });
}

function failureProblem(outcome: ProviderOutcome & { kind: 'failed' }, nowMs: number): ProviderProblem {
  const { fault, detail } = outcome;
  switch (fault) {
    case 'timeout':
      return providerProblem('provider.timeout', 'timeout', { seen: detail });
    case 'too_large':
      return providerProblem('provider.too_large', 'unusable', { seen: detail });
    case 'redirect':
      return providerProblem('provider.redirect', 'unusable', { seen: detail });
    case 'protocol':
      return providerProblem('provider.protocol', 'unusable', { seen: detail });
    case 'overloaded':
      return providerProblem('provider.overloaded', 'unavailable', { ...waiting(outcome, nowMs), seen: detail });
    case 'connect':
    case 'dns':
    case 'tls':
    case 'reset':
      return providerProblem('provider.unreachable', 'unavailable', {
        ...waiting(outcome, nowMs),
        seen: `${fault}: ${detail}`,
      });
  }
}

/** At least one second, so that a client told to come back does not come back at once. */
function waiting(
  outcome: ProviderOutcome,
  nowMs: number,
): { retryAfterSeconds: number; status?: number; seen?: string } {
  const seconds = Math.max(1, retryAfterSeconds(outcome, nowMs) ?? limits.providerRetryAfterSecondsDefault);
  if (outcome.kind === 'failed') return { retryAfterSeconds: seconds };
  return { retryAfterSeconds: seconds, status: outcome.status, seen: String(outcome.status) };
}
