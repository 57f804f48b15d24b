import { largeBodyBytes, smallBody } from './nginx.ts';
import { missingPeer, type PeerName } from './peers.ts';
import type { CredentialFiles } from './provider.ts';
import type { Drive } from './wrk.ts';

/** What a scenario is sent to: nginx, the ordinary gateway, the one with 10,000 routes, the one with two workers. */
export type ServerName = 'nginx' | 'ordinary' | 'routes' | 'two-workers' | PeerName;

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly server: ServerName;
  readonly path: string;
  readonly bodyBytes: number;
  /** TLS 1.3, connections kept. */
  readonly secure?: true;
  readonly drive: (files: DriveFiles) => Drive;
  /** Clients that must have asked for exactly one token each at the end. */
  readonly clients?: 'one' | 'many';
}

export interface DriveFiles extends CredentialFiles {
  readonly routePaths: string;
}

const plain = (): Drive => ({ kind: 'plain' });
const small = { path: '/small', bodyBytes: smallBody.length, drive: plain };
const large = { path: '/large', bodyBytes: largeBodyBytes, drive: plain };
const header =
  (set: keyof CredentialFiles) =>
  (files: DriveFiles): Drive => ({ kind: 'header', file: files[set] });

/** In the order of a round. */
export const scenarios: readonly Scenario[] = [
  { name: 'nginx-2b', title: 'nginx as plain proxy, 2 B', server: 'nginx', ...small },
  { name: 'nginx-10k', title: 'nginx as plain proxy, 10 KB', server: 'nginx', ...large },
  { name: 's0-2b', title: 'S0 plain proxy, 2 B', server: 'ordinary', ...small },
  { name: 's0-10k', title: 'S0 plain proxy, 10 KB', server: 'ordinary', ...large },
  {
    ...small,
    name: 's1-1',
    title: 'S1 bearer RS256, scope and audience, 1 token',
    server: 'ordinary',
    path: '/bearer',
    drive: header('bearerOne'),
  },
  {
    ...small,
    name: 's1-1000',
    title: 'S1 bearer RS256, scope and audience, 1,000 tokens',
    server: 'ordinary',
    path: '/bearer',
    drive: header('bearerMany'),
  },
  {
    ...small,
    name: 's2',
    title: 'S2 client credentials, 1 client, cached',
    server: 'ordinary',
    path: '/clients',
    drive: header('basicOne'),
    clients: 'one',
  },
  {
    ...small,
    name: 's3',
    title: 'S3 client credentials, 1,000 clients, cached',
    server: 'ordinary',
    path: '/clients',
    drive: header('basicMany'),
    clients: 'many',
  },
  {
    ...small,
    name: 's0-paths',
    title: 'S0 one route, random ones of 10,000 paths',
    server: 'ordinary',
    path: '/team-0/api-0',
    drive: ({ routePaths }) => ({ kind: 'path', file: routePaths }),
  },
  {
    ...small,
    name: 's0-fresh',
    title: 'S0 one route, every path sent only once',
    server: 'ordinary',
    path: '/team-0/api-0',
    drive: ({ routePaths }) => ({ kind: 'fresh', file: routePaths }),
  },
  {
    ...small,
    name: 's4',
    title: 'S4 10,000 routes, random ones of 10,000 paths',
    server: 'routes',
    path: '/team-0/api-0',
    drive: ({ routePaths }) => ({ kind: 'path', file: routePaths }),
  },
  {
    ...small,
    name: 's4-fresh',
    title: 'S4 10,000 routes, every path sent only once',
    server: 'routes',
    path: '/team-0/api-0',
    drive: ({ routePaths }) => ({ kind: 'fresh', file: routePaths }),
  },
  {
    name: 'nginx-tls',
    title: 'nginx as plain proxy, 2 B, TLS 1.3 keep-alive',
    server: 'nginx',
    secure: true,
    ...small,
  },
  { name: 'tls-s0-2b', title: 'S0 plain proxy, 2 B, TLS 1.3 keep-alive', server: 'ordinary', secure: true, ...small },
  { name: 'haproxy-2b', title: 'haproxy as plain proxy, 2 B', server: 'haproxy', ...small },
  {
    ...small,
    name: 'haproxy-s1-1000',
    title: 'haproxy with jwt_verify, 1,000 tokens',
    server: 'haproxy',
    path: '/bearer',
    drive: header('bearerMany'),
  },
  { name: 'fastify-2b', title: '@fastify/http-proxy as plain proxy, 2 B', server: 'fastify', ...small },
  { name: 'w2-s0-2b', title: 'S0 plain proxy, 2 B, 2 workers', server: 'two-workers', ...small },
  {
    ...small,
    name: 'w2-s1-1000',
    title: 'S1 bearer, 1,000 tokens, 2 workers',
    server: 'two-workers',
    path: '/bearer',
    drive: header('bearerMany'),
  },
];

/** Those whose server is installed; what is left out is said in a line. */
export function installedScenarios(chosen: readonly Scenario[], say: (line: string) => void): readonly Scenario[] {
  const missing = new Map<ServerName, string | undefined>();
  for (const { server } of chosen) {
    if ((server !== 'haproxy' && server !== 'fastify') || missing.has(server)) continue;
    const line = missingPeer(server);
    missing.set(server, line);
    if (line !== undefined) say(line);
  }
  return chosen.filter(({ server }) => missing.get(server) === undefined);
}

/** Measured along with every choice, since the others are compared with them. */
const baselines = ['nginx-2b', 's0-2b'];

/** Those whose names start with one of the prefixes, and what they are compared with. Throws when a prefix fits none. */
export function selectScenarios(prefixes: readonly string[]): readonly Scenario[] {
  if (prefixes.length === 0) return scenarios;
  for (const prefix of prefixes) {
    if (!scenarios.some(({ name }) => name.startsWith(prefix))) {
      throw new Error(`no scenario starts with "${prefix}"; there are ${scenarios.map(({ name }) => name).join(', ')}`);
    }
  }
  const chosen = scenarios.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
  const names = new Set([...baselines, ...chosen.map(({ name }) => name)]);
  if (names.has('s0-10k')) names.add('nginx-10k');
  if (names.has('tls-s0-2b')) names.add('nginx-tls');
  if (names.has('s4')) names.add('s0-paths');
  if (names.has('s4-fresh')) names.add('s0-fresh');
  return scenarios.filter(({ name }) => names.has(name));
}
