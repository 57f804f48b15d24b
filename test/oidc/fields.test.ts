import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { selfSignedCertificate } from '../../src/base/certificate.ts';
import { type Scene, startScene } from '../support/scene.ts';
import { bearer, eventually, form, type WireAnswer } from '../support/wire.ts';

interface Recorded {
  readonly path: string;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  readonly form: URLSearchParams;
  /** Which connection it came on. */
  readonly connection: number;
}

interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, unknown>>;
}

function makeKey(kid: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' } };
}

/** The signature of another text: well-formed, of the right key, and wrong. */
function withBrokenSignature(token: string): string {
  const [header, payload, signature = ''] = token.split('.');
  const first = signature.startsWith('A') ? 'B' : 'A';
  return `${header}.${payload}.${first}${signature.slice(1)}`;
}

/** A small OpenID provider that signs for itself and keeps every request as it came. */
class RecordingProvider {
  readonly requests: Recorded[] = [];
  readonly key = makeKey('own');
  /** Its public half stands under /other-jwks alone. */
  readonly otherKey = makeKey('other');
  /** What the token endpoint answers; a fresh token with the scopes that were asked for unless a test says otherwise. */
  tokenAnswer: (request: URLSearchParams) => Record<string, unknown>;
  readonly issuer: string;
  readonly #server: ReturnType<typeof createServer>;
  readonly #connections = new WeakMap<Socket, number>();
  #met = 0;
  #issued = 0;

  constructor(server: ReturnType<typeof createServer>, scheme: string) {
    this.#server = server;
    this.issuer = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.tokenAnswer = (request) => this.freshToken(request);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async start(tls?: { cert: string; key: string }): Promise<RecordingProvider> {
    const server = tls === undefined ? createServer() : createTlsServer(tls);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new RecordingProvider(server, tls === undefined ? 'http' : 'https');
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  to(path: string, since = 0): Recorded[] {
    return this.requests.slice(since).filter((request) => request.path === path);
  }

  sign(claims: Readonly<Record<string, unknown>> = {}, key = this.key): string {
    this.#issued += 1;
    const now = Math.floor(Date.now() / 1000);
    const usual = { iss: this.issuer, sub: 'somebody', iat: now, exp: now + 300, jti: `token-${this.#issued}` };
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg: 'ES256', kid: key.kid, typ: 'at+jwt' })}.${part({ ...usual, ...claims })}`;
    const signature = sign('sha256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  }

  freshToken(request: URLSearchParams): Record<string, unknown> {
    return { access_token: this.sign({ scope: request.get('scope') }), token_type: 'Bearer', expires_in: 300 };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const connection = this.#connections.get(request.socket) ?? this.#met + 1;
    this.#connections.set(request.socket, connection);
    this.#met = Math.max(this.#met, connection);
    const path = new URL(request.url ?? '/', this.issuer).pathname;
    const sent = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
    const { httpVersion, headers } = request;
    this.requests.push({ path, httpVersion, headers, form: sent, connection });
    const document = this.#document(path, sent);
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  }

  #document(path: string, sent: URLSearchParams): Record<string, unknown> | undefined {
    const { issuer } = this;
    if (path === '/.well-known/openid-configuration') {
      return { issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/token` };
    }
    if (path === '/jwks') return { keys: [this.key.jwk] };
    if (path === '/other-jwks') return { keys: [this.otherKey.jwk] };
    return path === '/token' || path === '/other-token' ? this.tokenAnswer(sent) : undefined;
  }
}

const upstreamToken = (answer: WireAnswer) =>
  String(answer.echoed?.headers['authorization'] ?? '').replace('Bearer ', '');
const decodeJson = (value: string | undefined) => JSON.parse(Buffer.from(value ?? '', 'base64').toString('utf8'));
const metadataPath = '/.well-known/openid-configuration';

for (const workers of [1, 2]) {
  describe(`what single fields do, workers: ${workers}`, () => {
    let scene: Scene;
    let provider: RecordingProvider;
    let secure: RecordingProvider;
    let distinct = 5000;
    before(async () => {
      const tls = await selfSignedCertificate({ commonName: '127.0.0.1', altNames: ['127.0.0.1'] });
      [scene, provider, secure] = await Promise.all([
        startScene({ workers }),
        RecordingProvider.start(),
        RecordingProvider.start(tls),
      ]);
    });
    beforeEach(() => {
      provider.tokenAnswer = (request) => provider.freshToken(request);
    });
    after(async () => {
      await Promise.all([provider.stop(), secure.stop()]);
      await scene.stop();
    });

    /** At the recording provider, with issuer settings of its own: nothing is known of it yet. */
    const protect = (more: Record<string, unknown> = {}) => {
      distinct += 1;
      const auth_methods = ['client_credentials', 'bearer'];
      return scene.protect({ issuer: provider.issuer, auth_methods, timeout: distinct, ...more });
    };
    const withToken = (url: string, token: string) => {
      scene.remember(token);
      return scene.send(url, { headers: [bearer(token)] });
    };
    const client = { id: 'caller', secret: 'secret-of-the-caller-1' };
    const withClient = (url: string) => scene.send(url, { headers: [scene.basic(client)] });
    const failedCheck = async (answer: WireAnswer) =>
      answer.status === 200 ? null : (await scene.decision(answer.requestId)).failed;
    const verdictOf = async (answer: WireAnswer, name: string) =>
      (await scene.decision(answer.requestId)).checks.find(({ check }) => check === name)?.verdict;

    test('discovery_headers_names and _values go with the fetch of the metadata and with no other call', async () => {
      const at = await protect({
        discovery_headers_names: ['X-Tenant-Key', 'accept'],
        discovery_headers_values: ['tenant one', 'application/json; v=2'],
      });
      const since = provider.requests.length;
      assert.equal((await withClient(at.url)).status, 200);
      const [metadata] = provider.to(metadataPath, since);
      assert.equal(metadata?.headers['x-tenant-key'], 'tenant one');
      assert.equal(metadata?.headers['accept'], 'application/json; v=2');
      const others = [...provider.to('/jwks', since), ...provider.to('/token', since)];
      assert.equal(others.length, 2);
      for (const { path, headers } of others) assert.equal(headers['x-tenant-key'], undefined, path);
    });

    for (const [name, claim] of [
      ['scopes', 'scope'],
      ['audience', 'aud'],
    ] as const) {
      test(`${name}_claim is the path that is compared, in place of ${claim}`, async () => {
        const path = { scopes: { scopes_claim: ['grants', 'api'] }, audience: { audience_claim: ['grants', 'api'] } };
        const at = await protect({ ...path[name], [`${name}_required`]: ['wanted'] });
        assert.equal(await failedCheck(await withToken(at.url, provider.sign({ grants: { api: ['wanted'] } }))), null);
        const usual = await withToken(at.url, provider.sign({ [claim]: 'wanted', grants: { api: ['x'] } }));
        assert.equal(usual.status, 403);
        assert.equal(await failedCheck(usual), `token.${name}`);
      });
    }

    test('downstream_headers_claims and _names give claims to the client', async () => {
      const at = await protect({
        downstream_headers_claims: ['sub', 'groups', 'absent'],
        downstream_headers_names: ['x_caller', 'X-Groups', 'X-Absent'],
      });
      const answer = await withToken(at.url, provider.sign({ groups: ['a', 'b'] }));
      assert.equal(answer.headers['x-caller'], 'somebody');
      assert.deepEqual(decodeJson(answer.headers['x-groups']), ['a', 'b']);
      assert.equal(answer.headers['x-absent'], undefined);
      assert.equal(answer.echoed?.headers['x-caller'], undefined, 'the upstream does not get them');
    });

    test('downstream_access_token_jwk_header gives the key that verified the token, as base64 JSON', async () => {
      const at = await protect({ downstream_access_token_jwk_header: 'x_token_jwk' });
      for (const answer of [await withToken(at.url, provider.sign()), await withClient(at.url)]) {
        const { kid, crv, x, y } = provider.key.jwk;
        const given = decodeJson(answer.headers['x-token-jwk']);
        assert.deepEqual([given.kid, given.crv, given.x, given.y], [kid, crv, x, y]);
        assert.equal(given.d, undefined);
        assert.equal(answer.echoed?.headers['x-token-jwk'], undefined, 'the upstream does not get it');
      }
    });

    for (const token_cache_key_include_scope of [true, false]) {
      test(`with token_cache_key_include_scope=${token_cache_key_include_scope} equal salts share tokens of equal scopes only`, async () => {
        const shared = { token_cache_key_include_scope, cache_tokens_salt: `salt-${token_cache_key_include_scope}` };
        const [first, other, again] = [
          await protect({ ...shared, scopes: ['read'] }),
          await protect({ ...shared, scopes: ['read', 'write'] }),
          await protect({ ...shared, scopes: ['read'] }),
        ];
        const since = provider.requests.length;
        const tokens = [];
        for (const at of [first, other, again]) tokens.push(upstreamToken(await withClient(at.url)));
        const scopes = provider.to('/token', since).map((request) => request.form.get('scope'));
        assert.deepEqual(scopes, ['read', 'read write']);
        assert.equal(tokens[2], tokens[0]);
        assert.notEqual(tokens[1], tokens[0]);
      });
    }

    test('jwt_session_claim names the claim that must equal the cookie', async () => {
      const at = await protect({ jwt_session_cookie: 'sess', jwt_session_claim: 'session_ref' });
      const token = scene.remember(provider.sign({ sid: 'by-sid', session_ref: 'by-ref' }));
      const withCookie = (value: string) =>
        scene.send(at.url, { headers: [bearer(token), ['Cookie', `sess=${value}`]] });
      assert.equal((await withCookie('by-ref')).status, 200);
      const refused = await withCookie('by-sid');
      assert.equal(refused.status, 401);
      assert.equal(await failedCheck(refused), 'token.session');
    });

    test('verify_signature=false takes a token with a broken signature, says so in the decision, and checks the rest', async () => {
      const strict = await protect();
      const open = await protect({ verify_signature: false });
      const token = withBrokenSignature(provider.sign());
      const refused = await withToken(strict.url, token);
      assert.equal(refused.status, 401);
      assert.equal(await failedCheck(refused), 'token.signature');
      const answer = await withToken(open.url, token);
      assert.equal(answer.status, 200);
      for (const name of ['token.algorithm', 'token.key', 'token.signature']) {
        assert.equal(await verdictOf(answer, name), 'skip', name);
      }
      assert.equal(await verdictOf(answer, 'token.issuer'), 'pass');
      const expired = withBrokenSignature(provider.sign({ exp: 1_000_000_000 }));
      assert.equal(await failedCheck(await withToken(open.url, expired)), 'token.expiry');
      const foreign = withBrokenSignature(provider.sign({ iss: 'https://evil.example' }));
      assert.equal(await failedCheck(await withToken(open.url, foreign)), 'token.issuer');
    });

    test('ignore_signature=client_credentials holds for bought tokens and never for presented ones', async () => {
      const broken = () => ({ access_token: withBrokenSignature(provider.sign()), token_type: 'Bearer' });
      provider.tokenAnswer = broken;
      const strict = await protect();
      const open = await protect({ ignore_signature: ['client_credentials'] });
      const refused = await withClient(strict.url);
      assert.equal(refused.status, 401);
      assert.equal(await failedCheck(refused), 'token.signature');
      const answer = await withClient(open.url);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(await verdictOf(answer, 'token.signature'), 'skip');
      assert.equal(await verdictOf(answer, 'token.expiry'), 'pass');
      assert.equal(
        await failedCheck(await withToken(open.url, withBrokenSignature(provider.sign()))),
        'token.signature',
      );
    });

    for (const keepalive of [true, false]) {
      const how = keepalive
        ? 'reuses connections to the provider'
        : 'makes every call to the provider on a new connection';
      test(`keepalive=${keepalive} ${how}`, async () => {
        const at = await protect({ keepalive, cache_tokens: false });
        const since = provider.requests.length;
        for (let round = 0; round < 4; round += 1) assert.equal((await withClient(at.url)).status, 200);
        const calls = provider.requests.slice(since);
        assert.deepEqual(
          calls.map(({ path }) => path),
          [metadataPath, '/jwks', '/token', '/token', '/token', '/token'],
        );
        const connections = new Set(calls.map(({ connection }) => connection)).size;
        if (keepalive) assert.ok(connections <= 2, `${connections} connections for ${calls.length} calls`);
        else assert.equal(connections, calls.length);
      });
    }

    test('http_version takes 1.1, which every call then speaks, and is refused with any other value', async () => {
      const since = provider.requests.length;
      const at = await protect({ http_version: 1.1 });
      assert.equal((await withClient(at.url)).status, 200);
      const spoken = provider.requests.slice(since).map(({ httpVersion }) => httpVersion);
      assert.deepEqual(spoken, ['1.1', '1.1', '1.1']);
      for (const http_version of [1, 2]) {
        const config = { issuer: provider.issuer, auth_methods: ['bearer'], http_version };
        const answer = await scene.admin.json('POST', '/plugins', { name: 'openid-connect', config });
        assert.equal(answer.status, 400);
        assert.match(String(answer.body?.['fields']?.['config']?.['http_version']), /not supported yet/);
      }
    });

    test('ssl_verify=true refuses a provider with a certificate of its own making and tells it; false takes it', async () => {
      const issuer = secure.issuer;
      const strict = await protect({ issuer });
      const refused = await withToken(strict.url, secure.sign());
      assert.equal(refused.status, 503);
      assert.match(refused.headers['retry-after'] ?? '', /^[1-9]\d*$/);
      assert.equal(refused.headers['www-authenticate'], undefined);
      const { failed, checks } = await scene.decision(refused.requestId);
      assert.equal(failed, 'provider.discovery');
      assert.match(checks.find(({ verdict }) => verdict === 'fail')?.seen ?? '', /^tls: [A-Z_]+$/);
      const line = () =>
        scene.gateway
          .log()
          .split('\n')
          .find((text) => text.includes('oidc.issuer.discover_fail') && text.includes(issuer));
      await eventually('a line of the log', () => line() !== undefined);
      assert.match(JSON.parse(line() ?? '').seen, /^tls: /);
      assert.equal(secure.requests.length, 0, 'nothing was sent over the connection');
      const open = await protect({ issuer, ssl_verify: false });
      assert.equal((await withToken(open.url, secure.sign())).status, 200);
      assert.equal((await withClient(open.url)).status, 200);
      assert.deepEqual(
        secure.requests.map(({ path }) => path),
        [metadataPath, '/jwks', '/token'],
      );
    });

    test('client_id and client_secret of the configuration never stand in for the pair of the caller', async () => {
      const gatewaySecret = scene.remember('secret-of-the-gateway-itself');
      const at = await protect({ client_id: ['gateway'], client_secret: [gatewaySecret] });
      const since = provider.requests.length;
      assert.equal((await scene.send(at.url)).status, 401);
      assert.equal((await scene.send(`${at.url}?client_id=gateway`)).status, 401);
      assert.deepEqual(provider.to('/token', since), [], 'no token is bought for a caller without a pair');
      assert.equal((await withClient(at.url)).status, 200);
      const inForm = await scene.send(at.url, form({ client_id: 'gateway', client_secret: 'guessed-secret-1' }));
      assert.equal(inForm.status, 200);
      const pairs = provider.to('/token', since).map(({ headers }) => {
        return Buffer.from((headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
      });
      assert.deepEqual(pairs, [`${client.id}:${client.secret}`, 'gateway:guessed-secret-1']);
    });

    test('cache_ttl ends what names no expiry itself, and known metadata; cache_ttl_min raises the former', async () => {
      provider.tokenAnswer = () => ({ access_token: 'opaque-without-expiry', token_type: 'Bearer' });
      const short = { at: await protect({ cache_ttl: 2 }), id: 'short', calls: 2 };
      const raised = { at: await protect({ cache_ttl: 2, cache_ttl_min: 60 }), id: 'raised', calls: 1 };
      const since = provider.requests.length;
      const ask = async ({ at, id }: typeof short) => {
        const answer = await scene.send(at.url, { headers: [scene.basic({ id, secret: client.secret })] });
        assert.equal(answer.status, 200);
      };
      const tokenCalls = ({ id }: typeof short) => {
        const authorization = scene.basic({ id, secret: client.secret })[1];
        return provider.to('/token', since).filter(({ headers }) => headers.authorization === authorization).length;
      };
      for (const one of [short, raised, short, raised]) await ask(one);
      assert.deepEqual([tokenCalls(short), tokenCalls(raised)], [1, 1], 'known for now');
      await new Promise((resolve) => setTimeout(resolve, 2100));
      for (const one of [short, raised]) {
        await ask(one);
        assert.equal(tokenCalls(one), one.calls, one.id);
      }
      for (const path of [metadataPath, '/jwks']) {
        await eventually(`${path} is fetched again for both`, () => provider.to(path, since).length === 4);
      }
    });

    test('token_endpoint and jwks_endpoint take the place of those in the metadata', async () => {
      provider.tokenAnswer = () => ({
        access_token: provider.sign({}, provider.otherKey),
        token_type: 'Bearer',
        expires_in: 60,
      });
      const since = provider.requests.length;
      const at = await protect({
        token_endpoint: `${provider.issuer}/other-token`,
        jwks_endpoint: `${provider.issuer}/other-jwks`,
      });
      assert.equal((await withClient(at.url)).status, 200);
      const paths = provider.requests.slice(since).map(({ path }) => path);
      assert.deepEqual(paths, [metadataPath, '/other-jwks', '/other-token']);
      assert.equal(await failedCheck(await withToken(at.url, provider.sign())), 'token.key');
    });

    test('using_pseudo_issuer asks for keys and tokens and never for metadata', async () => {
      const since = provider.requests.length;
      const at = await protect({
        issuer: 'urn:the-provider',
        using_pseudo_issuer: true,
        issuers_allowed: [provider.issuer],
        token_endpoint: `${provider.issuer}/token`,
        jwks_endpoint: `${provider.issuer}/jwks`,
      });
      assert.equal((await withToken(at.url, provider.sign())).status, 200);
      assert.equal((await withClient(at.url)).status, 200);
      const unknown = provider.sign({}, provider.otherKey);
      assert.equal(await failedCheck(await withToken(at.url, unknown)), 'token.key');
      const paths = provider.requests.slice(since).map(({ path }) => path);
      assert.deepEqual(new Set(paths), new Set(['/jwks', '/token']));
    });
  });
}
