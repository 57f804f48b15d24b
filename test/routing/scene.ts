import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type EchoUpstream, startEcho } from '../../src/dev/echo.ts';
import { AdminClient } from '../support/admin-client.ts';
import { freePort, startSallyport, type TestGateway } from '../support/gateway.ts';
import { isComplete, parseAnswer, type WireAnswer } from '../support/wire.ts';

/** A route as a world states it: fields in wire spelling, everything else as the gateway fills it in. */
export interface WorldRoute {
  readonly name: string;
  /** Path of its service; `none` for a route without service, `off` for a disabled one. The plain echo unless given. */
  readonly to?: '/' | '/s' | '/s/' | 'none' | 'off';
  /** Higher is younger; its place in the list unless given. */
  readonly age?: number;
  readonly hosts?: readonly string[];
  readonly paths?: readonly string[];
  readonly methods?: readonly string[];
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly snis?: readonly string[];
  readonly protocols?: readonly string[];
  readonly regex_priority?: number;
  readonly strip_path?: boolean;
  readonly path_handling?: 'v0' | 'v1';
  readonly preserve_host?: boolean;
  readonly https_redirect_status_code?: number;
}

export interface Asked {
  readonly method?: string;
  /** Sent byte for byte. */
  readonly target?: string;
  /** `gateway.test` unless given. */
  readonly host?: string;
  readonly headers?: readonly (readonly [string, string])[];
  /** Over TLS; the empty text sends no server name. */
  readonly serverName?: string;
  /** A loopback address to come from. Only `trustedPeer` is believed what it forwards. */
  readonly from?: string;
}

export const trustedPeer = '127.0.0.3';
const timeoutMs = 20_000;

/** A gateway with an echo behind it whose routes are replaced world by world. */
export class RoutingScene {
  readonly admin: AdminClient;
  readonly #gateway: TestGateway;
  readonly #echo: EchoUpstream;
  readonly #ports: { readonly plain: number; readonly tls: number };
  #loaded: string[] = [];

  constructor(gateway: TestGateway, echo: EchoUpstream, ports: { plain: number; tls: number }) {
    this.admin = new AdminClient(gateway.adminUrl);
    this.#gateway = gateway;
    this.#echo = echo;
    this.#ports = ports;
  }

  get tlsPort(): number {
    return this.#ports.tls;
  }

  /** Host and port of the echo, as the gateway names it upstream. */
  get echoHost(): string {
    return new URL(this.#echo.url).host;
  }

  get requestsSeen(): number {
    return this.#echo.requests;
  }

  async prepare(): Promise<void> {
    const { hostname, port } = new URL(this.#echo.url);
    const services = [
      { name: 'echo' },
      { name: 'echo-root', path: '/' },
      { name: 'echo-s', path: '/s' },
      { name: 'echo-s-slash', path: '/s/' },
      { name: 'echo-off', enabled: false },
    ];
    for (const service of services) {
      await this.admin.must('POST', '/services', { host: hostname, port: Number(port), ...service });
    }
  }

  /** Replaces all routes; in force in every worker when it resolves. */
  async load(routes: readonly WorldRoute[]): Promise<void> {
    await Promise.all(this.#loaded.map((id) => this.admin.must('DELETE', `/routes/${id}`)));
    this.#loaded = routes.map((_, index) => idOf(routes.length - index));
    await Promise.all(
      routes.map(({ name, to, age, ...fields }, index) => {
        const id = this.#loaded[index] ?? '';
        const service = serviceOf(to);
        const route = { created_at: 1_700_000_000 + (age ?? index), service, name: nameOf(name), ...fields };
        return this.admin.must('PUT', `/routes/${id}`, route);
      }),
    );
  }

  /** One request on a connection of its own, so that with several workers any of them may get it. */
  ask(asked: Asked = {}): Promise<WireAnswer> {
    const lines = [
      `${asked.method ?? 'GET'} ${asked.target ?? '/'} HTTP/1.1`,
      `Host: ${asked.host ?? 'gateway.test'}`,
      ...(asked.headers ?? []).map(([name, value]) => `${name}: ${value}`),
      'Kong-Debug: 1',
    ];
    if (asked.headers?.some(([name]) => name.toLowerCase() === 'connection') !== true) lines.push('Connection: close');
    return exchange(this.#open(asked), Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
  }

  async stop(): Promise<number | null> {
    const status = await this.#gateway.stop();
    await this.#echo.stop();
    return status;
  }

  log(): string {
    return this.#gateway.log();
  }

  #open({ serverName, from }: Asked): Socket {
    if (serverName === undefined) {
      return connect({
        host: '127.0.0.1',
        port: this.#ports.plain,
        ...(from === undefined ? {} : { localAddress: from }),
      });
    }
    return connectTls({
      host: '127.0.0.1',
      port: this.#ports.tls,
      rejectUnauthorized: false,
      ...(serverName === '' ? {} : { servername: serverName }),
    });
  }
}

/** @param workers how many threads share the proxy's ports */
export async function startRoutingScene(workers: number): Promise<RoutingScene> {
  const ports = { plain: await freePort(), tls: await freePort() };
  const [gateway, echo] = await Promise.all([
    startSallyport({
      workers,
      env: {
        SALLYPORT_PROXY_LISTEN: `127.0.0.1:${ports.plain}, 127.0.0.1:${ports.tls} ssl`,
        SALLYPORT_ALLOW_DEBUG_HEADER: 'on',
        SALLYPORT_TRUSTED_IPS: trustedPeer,
      },
    }),
    startEcho(),
  ]);
  const scene = new RoutingScene(gateway, echo, ports);
  await scene.prepare();
  return scene;
}

/** A route's name in the letters that one may have. */
export function nameOf(name: string): string {
  return name.replace(/[^A-Za-z0-9._~-]/g, '_');
}

/** Ids fall while routes of a world grow younger, so that age and id can be told apart. */
function idOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

function serviceOf(to: WorldRoute['to']): { readonly name: string } | null {
  if (to === 'none') return null;
  if (to === undefined) return { name: 'echo' };
  return { name: { '/': 'echo-root', '/s': 'echo-s', '/s/': 'echo-s-slash', off: 'echo-off' }[to] };
}

/** Sends, and reads one answer or to the end of the connection. */
function exchange(socket: Socket, bytes: Buffer): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => socket.destroy(new Error(`no whole answer within ${timeoutMs} ms`)), timeoutMs);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (isComplete(Buffer.concat(chunks))) socket.destroy();
    });
    socket.on('error', (error) => {
      if (chunks.length === 0) reject(error);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(parseAnswer(Buffer.concat(chunks)));
    });
    socket.write(bytes);
  });
}
