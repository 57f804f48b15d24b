import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { packageRoot } from '../src/base/paths.ts';
import { type Child, type Children, freePorts, untilReady } from './children.ts';
import { answers } from './probe.ts';
import { withChildren } from './process-usage.ts';

/** Other proxies, measured when they are installed. */
export type PeerName = 'haproxy' | 'fastify';

export interface OtherPeerInput {
  readonly children: Children;
  readonly folder: string;
  readonly upstreamPort: number;
  /** Of the provider whose tokens are checked. */
  readonly issuer: string;
  readonly cores: string | undefined;
}

export interface OtherPeer {
  readonly port: number;
  readonly processIds: readonly number[];
  readonly accessLog: undefined;
  readonly child: Child;
}

/** A line that says what to install, or undefined when the peer is there. */
export function missingPeer(name: PeerName): string | undefined {
  if (name === 'haproxy') {
    return haproxyPath() === undefined
      ? 'haproxy is not installed (Debian: haproxy); its scenarios are skipped'
      : undefined;
  }
  return fastifyEntry() === undefined
    ? 'fastify and @fastify/http-proxy are not installed (npm); their scenarios are skipped'
    : undefined;
}

export function startOtherPeer(name: PeerName, input: OtherPeerInput): Promise<OtherPeer> {
  return name === 'haproxy' ? startHaproxy(input) : startFastify(input);
}

function haproxyPath(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, 'haproxy')).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** One thread; `/bearer` checks an RS256 signature with the provider's key, and nothing else of the token. */
async function startHaproxy({ children, folder, upstreamPort, issuer, cores }: OtherPeerInput): Promise<OtherPeer> {
  const home = join(folder, 'haproxy');
  mkdirSync(home);
  const [port = 0] = await freePorts(1);
  const key = join(home, 'provider.pem');
  writeFileSync(key, await providerKey(issuer));
  const configuration = `global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 75s
  timeout server 75s
frontend bench
  bind 127.0.0.1:${port}
  http-request set-var(txn.bearer) http_auth_bearer if { path /bearer }
  http-request deny deny_status 401 if { path /bearer } !{ var(txn.bearer),jwt_verify("RS256","${key}") 1 }
  default_backend upstream
backend upstream
  http-reuse always
  server one 127.0.0.1:${upstreamPort}
`;
  const file = join(home, 'haproxy.cfg');
  writeFileSync(file, configuration);
  const child = children.start('haproxy', haproxyPath() ?? 'haproxy', ['-f', file, '-db'], { cores });
  await untilReady(child, 10_000, () => answers(port, '/small'));
  return { port, processIds: withChildren(child.processId), accessLog: undefined, child };
}

/** The first key of the provider's set, as PEM. */
async function providerKey(issuer: string): Promise<string> {
  const metadata = (await (await fetch(new URL('.well-known/openid-configuration', issuer))).json()) as {
    readonly jwks_uri: string;
  };
  const { keys } = (await (await fetch(metadata.jwks_uri)).json()) as { readonly keys: readonly JsonWebKey[] };
  const rsa = keys.find(({ kty }) => kty === 'RSA');
  if (rsa === undefined) throw new Error('the provider has no RSA key');
  return createPublicKey({ key: rsa, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
}

/** A package file that imports resolve from; undefined when either package is missing. */
function fastifyEntry(): string | undefined {
  const from = join(packageRoot(), 'package.json');
  const { resolve } = createRequire(from);
  try {
    return existsSync(resolve('fastify')) && existsSync(resolve('@fastify/http-proxy')) ? from : undefined;
  } catch {
    return undefined;
  }
}

async function startFastify({ children, folder, upstreamPort, cores }: OtherPeerInput): Promise<OtherPeer> {
  const [port = 0] = await freePorts(1);
  const file = join(folder, 'fastify.cjs');
  writeFileSync(
    file,
    `const load = require('node:module').createRequire(${JSON.stringify(fastifyEntry() ?? '')});
const server = load('fastify')();
server.register(load('@fastify/http-proxy'), { upstream: 'http://127.0.0.1:${upstreamPort}', prefix: '/' });
server.listen({ host: '127.0.0.1', port: ${port} });
`,
  );
  const child = children.start('fastify', process.execPath, [file], { cores });
  await untilReady(child, 10_000, () => answers(port, '/small'));
  return { port, processIds: [child.processId], accessLog: undefined, child };
}
