import { emptyBlock } from '../header-block.ts';
import type {
  ForwardOutcome,
  ForwardPlan,
  RetryTarget,
  ServerExchange,
  TryResult,
  UpstreamEndpoint,
  UpstreamFault,
} from '../types.ts';
import { reportFault } from './report-fault.ts';

/** `plan.retry`; one that throws knows no target. */
export function askRetry(plan: ForwardPlan, fault: UpstreamFault, tries: number): RetryTarget | undefined {
  try {
    return plan.retry(fault, tries);
  } catch (error) {
    reportFault(error);
    return undefined;
  }
}

/** `plan.onTryEnded`; one that throws concerns nobody else. */
export function tellTryEnded(plan: ForwardPlan, endpoint: UpstreamEndpoint, result: TryResult): void {
  try {
    plan.onTryEnded(endpoint, result);
  } catch (error) {
    reportFault(error);
  }
}

/** `plan.onOutcome`; when it throws, its exchange is answered with 500. */
export function tellOutcome(plan: ForwardPlan, exchange: ServerExchange, outcome: ForwardOutcome): void {
  try {
    plan.onOutcome(outcome);
  } catch (error) {
    reportFault(error);
    exchange.respond({ status: 500, headers: emptyBlock, body: '', close: true });
  }
}
