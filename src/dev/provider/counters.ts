import type { IncomingMessage } from 'node:http';
import { limits } from '../../base/limits.ts';
import { type TokenRequest, visibleParameters } from './token-request.ts';

/** What the provider has been asked since the start or the last reset. A faulted request counts too. */
export class Counters {
  #tokenRequests = 0;
  #discoveryRequests = 0;
  #jwksRequests = 0;
  readonly #byClient = new Map<string, number>();
  readonly #tokenAnswers = new Map<number, number>();
  #lastTokenRequest: Record<string, unknown> | null = null;

  countToken(request: IncomingMessage, parsed: TokenRequest | undefined): void {
    this.#tokenRequests += 1;
    const clientId = parsed?.clientId ?? null;
    if (clientId !== null && (this.#byClient.has(clientId) || this.#byClient.size < limits.devClientsMax)) {
      this.#byClient.set(clientId, (this.#byClient.get(clientId) ?? 0) + 1);
    }
    const { authorization, ...headers } = request.headers;
    this.#lastTokenRequest = {
      clientId,
      authMethod: parsed?.authMethod ?? null,
      parameters: parsed === undefined ? null : visibleParameters(parsed),
      headers: authorization === undefined ? headers : { ...headers, authorization: '[redacted]' },
    };
  }
  countTokenAnswer(status: number): void {
    this.#tokenAnswers.set(status, (this.#tokenAnswers.get(status) ?? 0) + 1);
  }
  countDiscovery(): void {
    this.#discoveryRequests += 1;
  }
  countJwks(): void {
    this.#jwksRequests += 1;
  }
  reset(): void {
    this.#tokenRequests = 0;
    this.#discoveryRequests = 0;
    this.#jwksRequests = 0;
    this.#byClient.clear();
    this.#tokenAnswers.clear();
    this.#lastTokenRequest = null;
  }
  toJSON(): Record<string, unknown> {
    return {
      tokenRequests: this.#tokenRequests,
      tokenRequestsByClient: Object.fromEntries(this.#byClient),
      tokenAnswersByStatus: Object.fromEntries(this.#tokenAnswers),
      discoveryRequests: this.#discoveryRequests,
      jwksRequests: this.#jwksRequests,
      lastTokenRequest: this.#lastTokenRequest,
    };
  }
}
