import type { JsonWebKey } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';

/** The part of a request's context of oidc-provider (a Koa context) that our hooks read and write. */
export interface OidcContext {
  readonly path: string;
  readonly method: string;
  readonly req: IncomingMessage;
  query: Record<string, string | string[] | undefined>;
  status: number;
  body: unknown;
  remove(header: string): void;
  /** Present on the endpoints of the provider only. */
  readonly oidc?: { readonly params?: Record<string, unknown> };
}

export type OidcMiddleware = (context: OidcContext, next: () => Promise<void>) => Promise<void>;

export interface OidcClientReference {
  readonly clientId: string;
}

/** RFC 8707: how tokens for one resource are issued. */
export interface ResourceServerInfo {
  readonly scope: string;
  readonly audience: string;
  readonly accessTokenFormat: 'jwt' | 'opaque';
  readonly accessTokenTTL: number;
  readonly jwt: { readonly sign: { readonly alg: string; readonly kid: string } };
}

/** A token about to be signed: `kind` is `AccessToken` (a user's) or `ClientCredentials`. */
export interface TokenInIssue {
  readonly kind: string;
  readonly clientId: string;
}

export interface StructuredToken {
  header: Record<string, unknown> | undefined;
  payload: Record<string, unknown>;
}

export interface TokenAdapter {
  upsert(id: string, payload: Record<string, unknown>, expiresInSeconds: number | undefined): Promise<void>;
  find(id: string): Promise<Record<string, unknown> | undefined>;
  findByUid(uid: string): Promise<Record<string, unknown> | undefined>;
  findByUserCode(userCode: string): Promise<Record<string, unknown> | undefined>;
  consume(id: string): Promise<void>;
  destroy(id: string): Promise<void>;
  revokeByGrantId(grantId: string): Promise<void>;
}

export interface OidcConfiguration {
  readonly adapter: (model: string) => TokenAdapter;
  readonly jwks: { readonly keys: readonly JsonWebKey[] };
  readonly cookies: { readonly keys: readonly string[] };
  readonly [name: string]: unknown;
}

/** One running mode of the provider: what the package needs to know, and what stands around it. */
export interface OidcMode {
  readonly issuer: string;
  readonly configuration: OidcConfiguration;
  readonly middleware: readonly OidcMiddleware[];
}

export type OidcHandlerFactory = (mode: OidcMode) => RequestListener;
