import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, type Children, untilReady } from './children.ts';
import { nginxPath } from './machine.ts';
import { answers } from './probe.ts';
import { withChildren } from './process-usage.ts';
import type { TlsFiles } from './tls.ts';

export const smallBody = 'ok';
export const largeBodyBytes = 10_240;

/** Both sides may send so many requests over one connection before it is closed: the gateway's own bound. */
const requestsPerConnection = 10_000;

export interface Nginx {
  readonly port: number;
  readonly processIds: readonly number[];
  /** Undefined when it writes none. */
  readonly accessLog: string | undefined;
  readonly child: Child;
}

/** The upstream: 2 bytes at every path, and 10 KB at /10k; both from memory. */
export function startUpstream(
  children: Children,
  folder: string,
  port: number,
  cores: string | undefined,
): Promise<Nginx> {
  const home = makeHome(folder, 'upstream');
  // A word of nginx's configuration may not be longer than 4 KB.
  const parts = 10;
  const server = `
  access_log off;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    default_type text/plain;
    location / { return 200 "${smallBody}"; }
    location /10k { set $part ${'x'.repeat(largeBodyBytes / parts)}; return 200 "${'$part'.repeat(parts)}"; }
  }`;
  return startNginx(children, { name: 'upstream nginx', home, port, server, accessLog: undefined, cores });
}

export interface PeerInput {
  readonly children: Children;
  readonly folder: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly tls: TlsFiles;
  readonly upstreamPort: number;
  readonly cores: string | undefined;
}

/** The peer: nginx as a plain proxy in front of the same upstream, one worker, access log buffered like ours. */
export async function startPeer(input: PeerInput): Promise<Nginx & { readonly tlsPort: number }> {
  const { children, folder, port, tlsPort, tls, upstreamPort, cores } = input;
  const home = makeHome(folder, 'peer');
  const accessLog = join(home, 'access.log');
  const server = `
  access_log ${accessLog} combined buffer=64k flush=1s;
  upstream bench { server 127.0.0.1:${upstreamPort}; keepalive 512; keepalive_requests ${requestsPerConnection}; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    listen 127.0.0.1:${tlsPort} ssl backlog=4096;
    ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key}; ssl_protocols TLSv1.2 TLSv1.3;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    location /small { proxy_pass http://bench/; }
    location /large { proxy_pass http://bench/10k; }
  }`;
  return { ...(await startNginx(children, { name: 'nginx', home, port, server, accessLog, cores })), tlsPort };
}

interface NginxInput {
  readonly name: string;
  readonly home: string;
  readonly port: number;
  readonly server: string;
  readonly accessLog: string | undefined;
  readonly cores: string | undefined;
}

async function startNginx(children: Children, input: NginxInput): Promise<Nginx> {
  const { name, home, port } = input;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${join(home, kind)};`)
    .join(' ');
  const configuration = `daemon off; worker_processes 1; pid ${join(home, 'nginx.pid')}; error_log stderr warn;
events { worker_connections 4096; }
http {
  ${temporary}
  keepalive_requests ${requestsPerConnection}; keepalive_timeout 75s; sendfile on; tcp_nopush on; server_tokens off;${input.server}
}
`;
  const file = join(home, 'nginx.conf');
  writeFileSync(file, configuration);
  const args = ['-p', home, '-c', file, '-e', 'stderr'];
  const child = children.start(name, nginxPath, args, { cores: input.cores });
  await untilReady(child, 10_000, () => answers(port, '/small'));
  return { port, processIds: withChildren(child.processId), accessLog: input.accessLog, child };
}

function makeHome(folder: string, name: string): string {
  const home = join(folder, name);
  mkdirSync(home);
  return home;
}
