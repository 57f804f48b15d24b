import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type EchoUpstream, startEcho } from '../../src/dev/echo.ts';
import { createProviderControl, type ProviderControl } from '../../src/dev/provider/control-client.ts';
import { type LocalProvider, startDefaultProvider, startLocalProvider } from '../../src/dev/provider/start-provider.ts';
import type { DecisionRecord } from '../../src/pdk/index.ts';
import { AdminClient } from './admin-client.ts';
import { type GatewayOptions, startSallyport, type TestGateway, temporaryPrefix } from './gateway.ts';
import { basic, send, type WireAnswer, type WireRequest } from './wire.ts';

/** The machine client of a scene, known to the provider. */
export interface SceneClient {
  readonly id: string;
  readonly secret: string;
}

/** A service, a route and an openid-connect plugin, reached under a path of its own. */
export interface Protected {
  readonly path: string;
  readonly url: string;
  readonly service: string;
  readonly route: string;
  readonly plugin: string;
  /** Changes the plugin's configuration; in force when it resolves. */
  patch(config: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface SceneOptions extends GatewayOptions {
  /** `default`: the package oidc-provider as it comes. */
  readonly provider?: 'auth0' | 'default';
}

type StartProvider = (port: number) => Promise<LocalProvider>;
type Sign = Parameters<ProviderControl['sign']>[0];

/**
 * Gateway, provider and echo upstream, each real and on free ports. Whatever secret or token went through
 * it must not be found in any log when it stops, at the most talkative level.
 */
export class Scene {
  readonly gateway: TestGateway;
  readonly admin: AdminClient;
  readonly control: ProviderControl;
  readonly echo: EchoUpstream;
  readonly client: SceneClient;
  readonly audience: string;
  readonly #secrets = new Set<string>();
  readonly #startProvider: StartProvider;
  #provider: LocalProvider;
  #next = 0;

  constructor(gateway: TestGateway, provider: LocalProvider, echo: EchoUpstream, startProvider: StartProvider) {
    this.gateway = gateway;
    this.admin = new AdminClient(gateway.adminUrl);
    this.#provider = provider;
    this.#startProvider = startProvider;
    this.control = createProviderControl(provider.controlUrl);
    this.echo = echo;
    this.client = provider.clients[0];
    this.audience = provider.apis[0]?.identifier ?? '';
    this.remember(this.client.secret);
  }

  /** From now on this text must not turn up in a log. Of a token it is the part that is worth stealing. */
  remember(secret: string): string {
    const parts = secret.split('.');
    const telling = parts.length >= 3 ? parts.at(-1) || parts[1] : secret;
    if (telling !== undefined && telling.length >= 8) this.#secrets.add(telling);
    return secret;
  }

  get provider(): LocalProvider {
    return this.#provider;
  }

  /** After it was stopped: at the same address, with the clients and keys it had. */
  async restartProvider(): Promise<void> {
    this.#provider = await this.#startProvider(this.#provider.port);
  }

  get secrets(): ReadonlySet<string> {
    return this.#secrets;
  }

  /** The guide's settings, with what the test adds or replaces. */
  guideConfig(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return {
      issuer: this.provider.issuer,
      auth_methods: ['client_credentials'],
      token_post_args_names: ['audience'],
      token_post_args_values: [this.audience],
      ...more,
    };
  }

  bearerConfig(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return { issuer: this.provider.issuer, auth_methods: ['bearer'], ...more };
  }

  async protect(config: Readonly<Record<string, unknown>>): Promise<Protected> {
    const { path, service, route } = await this.expose();
    const plugin = await this.admin.must('POST', `/services/${service}/plugins`, { name: 'openid-connect', config });
    const id = String(plugin?.['id']);
    return {
      path,
      url: `${this.gateway.proxyUrl}${path}`,
      service,
      route,
      plugin: id,
      patch: async (change) => void (await this.admin.must('PATCH', `/plugins/${id}`, { config: change })),
    };
  }

  /** A service with a route to the echo, without a plugin. */
  async expose(): Promise<{ path: string; service: string; route: string }> {
    this.#next += 1;
    const service = `service-${this.#next}`;
    const route = `route-${this.#next}`;
    const path = `/at-${this.#next}`;
    await this.admin.must('POST', '/services', { name: service, url: this.echo.url });
    await this.admin.must('POST', `/services/${service}/routes`, { name: route, paths: [path] });
    return { path, service, route };
  }

  /** A request on a connection of its own; a token that the upstream saw is remembered. */
  async send(url: string, request: WireRequest = {}): Promise<WireAnswer> {
    const answer = await send(url, request);
    const authorization = answer.echoed?.headers['authorization'];
    if (typeof authorization === 'string') this.remember(authorization.slice(authorization.indexOf(' ') + 1));
    return answer;
  }

  basic(client: SceneClient = this.client): [string, string] {
    return ['Authorization', basic(client.id, this.remember(client.secret))];
  }

  /** A client of its own, so that no cache has met it. */
  async newClient(more: { scopes?: string[]; authMethod?: 'client_secret_basic' | 'client_secret_post' } = {}) {
    this.#next += 1;
    const client = { id: `client-${this.#next}`, secret: this.remember(`secret-of-client-${this.#next}-abcdefgh`) };
    await this.control.putClient(client.id, {
      secret: client.secret,
      grants: [{ audience: this.audience, scopes: more.scopes ?? [] }],
      ...(more.authMethod === undefined ? {} : { authMethod: more.authMethod }),
    });
    return client;
  }

  /** A token signed by the provider (unless `key` says otherwise) for a machine client, with these claims on top. */
  async sign(claims: Sign['claims'] = {}, more: Omit<Sign, 'claims'> = {}): Promise<string> {
    const usual = { aud: this.audience, sub: 'caller@clients', azp: 'caller', scope: 'read:things' };
    return this.remember(await this.control.sign({ claims: { ...usual, ...claims }, ...more }));
  }

  async decision(requestId: string): Promise<DecisionRecord> {
    const answer = await this.admin.get(`/decisions/${requestId}`);
    assert.equal(answer.status, 200, `decision ${requestId}: ${JSON.stringify(answer.body)}`);
    return answer.body as unknown as DecisionRecord;
  }

  /** Stops everything, then looks for secrets in what was written. */
  async stop(): Promise<void> {
    await this.control.fault({ kind: 'none' }).catch(() => undefined);
    const status = await this.gateway.stop();
    await Promise.all([this.provider.stop(), this.echo.stop()]);
    assert.equal(status, 0, `the gateway ended with ${status}:\n${this.gateway.log().slice(-3000)}`);
    this.assertNoSecretIn(this.gateway.log(), 'process log');
    for (const piece of this.gateway.accessLogPieces()) this.assertNoSecretIn(piece, 'access log');
  }

  /** For tests that end the gateway themselves: whatever still runs goes, without any check. */
  async abandon(): Promise<void> {
    await Promise.all([this.gateway.kill(), this.provider.stop(), this.echo.stop()]);
  }

  assertNoSecretIn(text: string, what: string): void {
    for (const secret of this.#secrets) {
      for (const form of [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)]) {
        const at = text.indexOf(form);
        assert.equal(at, -1, `${what} holds a secret: …${text.slice(Math.max(0, at - 200), at + 100)}…`);
      }
    }
  }
}

export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  const { provider: mode = 'auth0', ...gatewayOptions } = options;
  const stateDir = join(temporaryPrefix(), 'provider');
  const startProvider = mode === 'auth0' ? startLocalProvider : startDefaultProvider;
  const start: StartProvider = (port) => startProvider({ stateDir, port });
  const [gateway, provider, echo] = await Promise.all([
    startSallyport({ ...gatewayOptions, env: { SALLYPORT_LOG_LEVEL: 'debug', ...gatewayOptions.env } }),
    start(0),
    startEcho(),
  ]);
  return new Scene(gateway, provider, echo, start);
}
