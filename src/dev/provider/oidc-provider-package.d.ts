/** What we use of the npm package oidc-provider, which ships no types of its own. */
declare module 'oidc-provider' {
  export class Provider {
    constructor(issuer: string, configuration: import('./oidc-configuration.ts').OidcConfiguration);
    silent: boolean;
    use(middleware: import('./oidc-configuration.ts').OidcMiddleware): this;
    on(event: string, listener: (...args: unknown[]) => void): this;
    callback(): import('node:http').RequestListener;
  }
}
