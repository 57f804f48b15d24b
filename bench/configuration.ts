import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { audience, scope } from './provider.ts';

export const manyRoutes = 10_000;

/** Path of the numbered route: a hundred teams with a hundred APIs each. */
export function routePath(index: number): string {
  return `/team-${Math.floor(index / 100)}/api-${index % 100}`;
}

/** A service at the upstream with these routes. */
interface DeclaredService {
  readonly name: string;
  readonly url: string;
  readonly routes: readonly Readonly<Record<string, unknown>>[];
}

/** Declarative file of the ordinary gateway: plain routes, one for all paths of the many routes, one with bearer, one with client credentials. */
export function writeOrdinaryConfiguration(folder: string, upstreamPort: number, issuer: string): string {
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  const oidc = (config: Readonly<Record<string, unknown>>) => [
    { name: 'openid-connect', config: { issuer, ...config } },
  ];
  const bearer = { auth_methods: ['bearer'], scopes_required: [scope], audience_required: [audience] };
  const clients = {
    auth_methods: ['client_credentials'],
    token_post_args_names: ['audience'],
    token_post_args_values: [audience],
  };
  return write(folder, 'ordinary.json', [
    {
      name: 'small',
      url: `${upstream}/`,
      routes: [
        { name: 'small', paths: ['/small'] },
        { name: 'teams', paths: ['/team-'] },
        { name: 'bearer', paths: ['/bearer'], plugins: oidc(bearer) },
        { name: 'clients', paths: ['/clients'], plugins: oidc(clients) },
      ],
    },
    { name: 'large', url: `${upstream}/10k`, routes: [{ name: 'large', paths: ['/large'] }] },
  ]);
}

/** Declarative file of a gateway with 10,000 routes, and the paths to send to it, one on a line. */
export function writeManyRoutes(folder: string, upstreamPort: number): { declarative: string; paths: string } {
  const indexes = Array.from({ length: manyRoutes }, (_, index) => index);
  const routes = indexes.map((index) => ({ name: `route-${index}`, paths: [routePath(index)] }));
  const paths = join(folder, 'route-paths');
  writeFileSync(paths, `${indexes.map((index) => `${routePath(index)}/items`).join('\n')}\n`);
  const declarative = write(folder, 'routes.json', [
    { name: 'small', url: `http://127.0.0.1:${upstreamPort}/`, routes },
  ]);
  return { declarative, paths };
}

function write(folder: string, name: string, services: readonly DeclaredService[]): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify({ _format_version: '3.0', services }));
  return file;
}
