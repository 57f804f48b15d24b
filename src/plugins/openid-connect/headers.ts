import { claimAt } from '../../oauth/claims.ts';
import type { Claims } from '../../oauth/jws.ts';
import type { OpenidConnectConfig } from './schema/index.ts';

interface TokenHeader {
  readonly name: string;
  readonly scheme: string;
}

interface ClaimHeader {
  readonly name: string;
  readonly path: readonly string[];
}

interface Direction {
  readonly accessToken: TokenHeader | undefined;
  readonly jwk: string | undefined;
  readonly claims: readonly ClaimHeader[];
}

/** Which headers this configuration can assert, towards the upstream and towards the client. */
export interface HeaderRules {
  readonly upstream: Direction;
  readonly downstream: Direction;
  /** Lower-cased names of the upstream ones, with `-`: client copies are dropped on every path. */
  readonly owned: readonly string[];
}

export function compileHeaders(config: OpenidConnectConfig): HeaderRules {
  const upstream: Direction = {
    accessToken: tokenHeader(config.upstream_access_token_header),
    jwk: headerName(config.upstream_access_token_jwk_header),
    claims: claimHeaders(config.upstream_headers_claims, config.upstream_headers_names, config.upstream_headers),
  };
  const downstream: Direction = {
    accessToken: tokenHeader(config.downstream_access_token_header),
    jwk: headerName(config.downstream_access_token_jwk_header),
    claims: claimHeaders(config.downstream_headers_claims, config.downstream_headers_names, config.downstream_headers),
  };
  const owned = [
    ...(upstream.accessToken === undefined ? [] : [upstream.accessToken.name]),
    ...(upstream.jwk === undefined ? [] : [upstream.jwk]),
    ...upstream.claims.map((claim) => claim.name),
  ].map((name) => name.toLowerCase());
  return { upstream, downstream, owned };
}

/** What a verified token lets the gateway assert, as name, value, name, value … */
export function assertedHeaders(
  direction: Direction,
  facts: { token: string; claims: Claims | undefined; jwk: Readonly<Record<string, string>> | undefined },
): string[] {
  const pairs: string[] = [];
  const { accessToken, jwk, claims } = direction;
  if (accessToken !== undefined) put(pairs, accessToken.name, `${accessToken.scheme}${facts.token}`);
  if (jwk !== undefined && facts.jwk !== undefined) put(pairs, jwk, base64Json(facts.jwk));
  if (facts.claims === undefined) return pairs;
  for (const claim of claims) {
    const value = claimAt(facts.claims, claim.path);
    if (value === undefined || value === null) continue;
    put(pairs, claim.name, typeof value === 'string' ? value : base64Json(value));
  }
  return pairs;
}

/** Two mappings to one header: the last wins. */
function put(pairs: string[], name: string, value: string): void {
  const lower = name.toLowerCase();
  for (let index = 0; index < pairs.length; index += 2) {
    if (pairs[index]?.toLowerCase() !== lower) continue;
    pairs[index + 1] = value;
    return;
  }
  pairs.push(name, value);
}

function base64Json(value: unknown): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64');
}

/** `authorization:bearer` is the header Authorization with the scheme Bearer; other names get the bare token. */
function tokenHeader(setting: string | null | undefined): TokenHeader | undefined {
  if (setting === null || setting === undefined || setting === '') return undefined;
  const colon = setting.indexOf(':');
  if (colon === -1) return { name: spell(setting), scheme: '' };
  const scheme = setting.slice(colon + 1);
  return { name: spell(setting.slice(0, colon)), scheme: scheme === '' ? '' : `${spell(scheme)} ` };
}

function headerName(setting: string | null | undefined): string | undefined {
  return setting === null || setting === undefined || setting === '' ? undefined : spell(setting);
}

/** `authenticated_user` is emitted as `Authenticated-User` (openid-connect.md (a)). */
function spell(name: string): string {
  return name
    .split(/[-_]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('-');
}

function claimHeaders(
  claims: readonly string[] | null | undefined,
  names: readonly string[] | null | undefined,
  records: readonly { readonly header: string; readonly path: readonly string[] }[] | null | undefined,
): ClaimHeader[] {
  const found: ClaimHeader[] = [];
  (claims ?? []).forEach((claim, index) => {
    const name = names?.[index];
    if (name !== undefined) found.push({ name: spell(name), path: [claim] });
  });
  for (const record of records ?? []) found.push({ name: spell(record.header), path: record.path });
  return found;
}
