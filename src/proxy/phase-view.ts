import type { Identity, RequestFacts, RequestView } from '../pdk/index.ts';
import type { RequestContext } from './request-context.ts';

interface Named {
  readonly id: string;
  readonly name: string | null;
}

/** What plugins see of a request once its answer is known; one object for all plugins of a phase. */
export class PhaseView implements RequestFacts {
  protected readonly context: RequestContext;
  /** Of the plugin whose turn it is. */
  state: unknown = undefined;

  constructor(context: RequestContext) {
    this.context = context;
  }

  get requestId(): string {
    return this.context.requestId;
  }

  get request(): RequestView {
    return this.context.request;
  }

  get scheme(): 'http' | 'https' {
    return this.context.scheme;
  }

  get clientAddress(): string {
    return this.context.clientAddress;
  }

  get connection(): RequestFacts['connection'] {
    return this.context.connection;
  }

  get services(): RequestFacts['services'] {
    return this.context.services;
  }

  get route(): Named | null {
    return this.context.match?.route ?? null;
  }

  get service(): Named | null {
    return this.context.service;
  }

  get identity(): Identity | null {
    return this.context.identity;
  }
}
