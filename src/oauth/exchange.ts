import type { ProviderOutcome } from '../base/exchange.ts';
import { limits } from '../base/limits.ts';

export type { ProviderFault, ProviderOutcome, ProviderRequest } from '../base/exchange.ts';

/**
 * Whole seconds from `nowMs` until the provider wants to be asked again, at most
 * `limits.providerRetryAfterSecondsMax`; 0 when that moment has passed, undefined when the outcome
 * carries no well-formed Retry-After. Delta-seconds count from the moment of the answer
 * (RFC 9110 section 10.2.3).
 */
export function retryAfterSeconds(outcome: ProviderOutcome, nowMs: number): number | undefined {
  const value = responseHeader(outcome, 'retry-after')?.trim();
  if (value === undefined) return undefined;
  const untilMs = deltaSeconds.test(value) ? outcome.at + Number(value) * 1000 : httpDateMs(value);
  if (untilMs === undefined || Number.isNaN(untilMs)) return undefined;
  const seconds = Math.ceil((untilMs - nowMs) / 1000);
  return Math.min(Math.max(seconds, 0), limits.providerRetryAfterSecondsMax);
}

/** The first value of that lower-case header name. */
export function responseHeader(outcome: ProviderOutcome, lower: string): string | undefined {
  if (outcome.kind !== 'response') return undefined;
  for (const [name, value] of outcome.headers) if (name === lower) return value;
  return undefined;
}

const deltaSeconds = /^[0-9]{1,10}$/;
/** Only the preferred form of RFC 9110 section 5.6.7: the two obsolete ones have ambiguous readings. */
const httpDate =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$/;

function httpDateMs(value: string): number | undefined {
  return httpDate.test(value) ? Date.parse(value) : undefined;
}
