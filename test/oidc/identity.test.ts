import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Scene, startScene } from '../support/scene.ts';
import { bearer, type WireAnswer } from '../support/wire.ts';

const base64Json = (value: unknown) => JSON.parse(Buffer.from(String(value), 'base64').toString('utf8'));
const up = (answer: WireAnswer) => answer.echoed?.headers ?? {};

/** What a caller may try to tell the upstream about itself, in the spellings upstreams read alike. */
const spoofed: [string, string][] = [
  ['X-Consumer-Username', 'evil'],
  ['x_consumer_username', 'evil'],
  ['X-CONSUMER_username', 'evil'],
  ['X-Consumer-Id', 'evil'],
  ['X_Consumer_Id', 'evil'],
  ['X-Consumer-Custom-Id', 'evil'],
  ['X-Consumer-Groups', 'evil'],
  ['X-Credential-Identifier', 'evil'],
  ['x_credential_identifier', 'evil'],
  ['X-Anonymous-Consumer', 'evil'],
  ['X-Authenticated-Groups', 'evil'],
  ['Authenticated_User', 'evil'],
  ['Authenticated-User', 'evil'],
  ['authenticated-user', 'evil'],
  ['X-Token-Jwk', 'evil'],
];

for (const workers of [1, 2]) {
  describe(`who the caller is, workers: ${workers}`, () => {
    let scene: Scene;
    let jane: string;
    before(async () => {
      scene = await startScene({ workers });
      const created = await scene.admin.must('POST', '/consumers', { username: 'Jane', custom_id: 'custom-jane' });
      jane = String(created?.['id']);
    });
    after(() => scene.stop());

    const ask = async (url: string, claims: Record<string, unknown>, headers: [string, string][] = []) =>
      scene.send(url, { headers: [...headers, bearer(await scene.sign(claims))] });
    const failedCheck = async (answer: WireAnswer) =>
      answer.status === 200 ? null : (await scene.decision(answer.requestId)).failed;

    test('a claim finds a consumer by username, custom_id or id, and the upstream learns it', async () => {
      const at = await scene.protect(
        scene.bearerConfig({ consumer_claims: [['preferred_username']], consumer_by: ['username', 'custom_id', 'id'] }),
      );
      for (const value of ['Jane', 'custom-jane', jane]) {
        const answer = await ask(at.url, { preferred_username: value });
        assert.equal(answer.status, 200, answer.text);
        assert.equal(up(answer)['x-consumer-id'], jane);
        assert.equal(up(answer)['x-consumer-username'], 'Jane');
        assert.equal(up(answer)['x-consumer-custom-id'], 'custom-jane');
        assert.equal(up(answer)['x-credential-identifier'], 'caller@clients');
        assert.equal(up(answer)['x-anonymous-consumer'], undefined);
      }
    });

    test('consumer_by limits the fields, and only username may ignore case', async () => {
      const exact = await scene.protect(scene.bearerConfig({ consumer_claims: [['u']], consumer_by: ['username'] }));
      assert.equal((await ask(exact.url, { u: 'Jane' })).status, 200);
      for (const value of ['jane', 'custom-jane', jane]) {
        assert.equal(await failedCheck(await ask(exact.url, { u: value })), 'consumer.mapped', value);
      }
      const loose = await scene.protect(scene.bearerConfig({ consumer_claim: ['u'], by_username_ignore_case: true }));
      assert.equal((await ask(loose.url, { u: 'jANE' })).status, 200);
      assert.equal(await failedCheck(await ask(loose.url, { u: 'CUSTOM-JANE' })), 'consumer.mapped');
    });

    test('the first claim that is there decides; without one, or without a consumer, it is 403', async () => {
      const at = await scene.protect(scene.bearerConfig({ consumer_claims: [['a', 'b'], ['c']] }));
      assert.equal((await ask(at.url, { c: 'Jane' })).status, 200);
      assert.equal((await ask(at.url, { a: { b: 'Jane' }, c: 'nobody' })).status, 200);
      const missing = await ask(at.url, {});
      assert.equal(missing.status, 403);
      assert.equal(await failedCheck(missing), 'consumer.claim');
      assert.match(missing.headers['www-authenticate'] ?? '', /error="insufficient_scope"/);
      const unknown = await ask(at.url, { a: { b: 'nobody' }, c: 'Jane' });
      assert.equal(unknown.status, 403);
      const decision = await scene.decision(unknown.requestId);
      assert.equal(decision.failed, 'consumer.mapped');
      assert.equal(decision.checks.find(({ verdict }) => verdict === 'fail')?.seen, 'nobody');
    });

    test('consumer_optional lets callers through without a consumer', async () => {
      const at = await scene.protect(scene.bearerConfig({ consumer_claims: [['u']], consumer_optional: true }));
      for (const claims of [{}, { u: 'nobody' }]) {
        const answer = await ask(at.url, claims, spoofed);
        assert.equal(answer.status, 200);
        assert.equal(up(answer)['x-consumer-id'], undefined);
        assert.equal(up(answer)['x-consumer-username'], undefined);
      }
      assert.equal(up(await ask(at.url, { u: 'Jane' }))['x-consumer-username'], 'Jane');
    });

    test('a consumer created or removed later counts at the next request', async () => {
      const at = await scene.protect(scene.bearerConfig({ consumer_claims: [['u']] }));
      assert.equal((await ask(at.url, { u: 'late' })).status, 403);
      await scene.admin.must('POST', '/consumers', { username: 'late' });
      assert.equal((await ask(at.url, { u: 'late' })).status, 200);
      await scene.admin.must('DELETE', '/consumers/late');
      assert.equal((await ask(at.url, { u: 'late' })).status, 403);
    });

    test('credential_claim names the credential, authenticated_groups_claim the groups', async () => {
      const at = await scene.protect(
        scene.bearerConfig({ credential_claim: ['client', 'id'], authenticated_groups_claim: ['groups'] }),
      );
      const answer = await ask(at.url, { client: { id: 'c-1' }, groups: ['admins', 'dev ops'] }, spoofed);
      assert.equal(up(answer)['x-credential-identifier'], 'c-1');
      assert.equal(up(answer)['x-authenticated-groups'], 'admins, dev ops');
      const without = await ask(at.url, {}, spoofed);
      assert.equal(up(without)['x-credential-identifier'], undefined);
      assert.equal(up(without)['x-authenticated-groups'], undefined);
    });

    test('claims reach upstream and client as headers: nested, lists as base64 of JSON, and header-safe', async () => {
      const at = await scene.protect(
        scene.bearerConfig({
          upstream_headers: [
            { header: 'X-Team', path: ['team', 'name'] },
            { header: 'X-List', path: ['list'] },
            { header: 'X-Number', path: ['number'] },
            { header: 'X-Unsafe', path: ['unsafe'] },
            { header: 'X-Absent', path: ['absent'] },
          ],
          upstream_headers_claims: ['sub'],
          upstream_headers_names: ['authenticated_user'],
          downstream_headers: [{ header: 'X-Who', path: ['sub'] }],
          downstream_access_token_header: 'X-Given-Token',
          upstream_access_token_jwk_header: 'X-Token-Jwk',
        }),
      );
      const list = ['a', { b: 1 }];
      const answer = await ask(
        at.url,
        { team: { name: 'blue' }, list, number: 7, unsafe: 'a\r\nX-Injected: yes\u0000é' },
        [
          ...spoofed,
          ['X-Absent', 'evil'],
          ['x_team', 'evil'],
          ['Connection', 'close, X-Team, Authenticated-User, X-Consumer-Id'],
        ],
      );
      assert.equal(answer.status, 200, answer.text);
      const headers = up(answer);
      assert.equal(headers['x-team'], 'blue');
      assert.deepEqual(base64Json(headers['x-list']), list);
      assert.equal(base64Json(headers['x-number']), 7);
      assert.equal(headers['authenticated-user'], 'caller@clients');
      assert.equal(headers['x-absent'], undefined);
      assert.equal(headers['x-injected'], undefined);
      assert.doesNotMatch(String(headers['x-unsafe']), /[\r\n\0]/);
      assert.equal(base64Json(headers['x-token-jwk']).kty, 'RSA');
      assert.ok(!JSON.stringify(answer.echoed).includes('evil'), JSON.stringify(headers));
      assert.equal(answer.headers['x-who'], 'caller@clients');
      assert.match(answer.headers['x-given-token'] ?? '', /^ey/);
    });

    test('identity headers of the caller never reach the upstream, in no spelling, also without a plugin', async () => {
      const at = await scene.protect(
        scene.bearerConfig({
          upstream_headers_claims: ['missing'],
          upstream_headers_names: ['authenticated_user'],
          upstream_access_token_jwk_header: 'x_token_jwk',
        }),
      );
      const named: [string, string] = ['Connection', 'close, X-Consumer-Username, X-Credential-Identifier'];
      const answer = await ask(at.url, {}, [...spoofed, ...spoofed, named]);
      assert.equal(answer.status, 200);
      assert.ok(!JSON.stringify(answer.echoed).includes('evil'), JSON.stringify(up(answer)));
      assert.equal(
        up(answer)['x-credential-identifier'],
        'caller@clients',
        'Connection does not remove what the gateway says',
      );
      const { path } = await scene.expose();
      const identity = spoofed.filter(([name]) => /consumer|credential|groups/i.test(name));
      const plain = await scene.send(scene.gateway.proxyUrl + path, { headers: identity });
      assert.equal(plain.status, 200);
      assert.ok(!JSON.stringify(plain.echoed).includes('evil'), JSON.stringify(up(plain)));
    });

    describe('anonymous', () => {
      test('stands in for refused callers of every kind, with nothing of theirs', async () => {
        const anonymous = await scene.admin.must('POST', '/consumers', {
          username: `guest-${workers}`,
          custom_id: 'g',
        });
        const at = await scene.protect(
          scene.bearerConfig({
            anonymous: `guest-${workers}`,
            scopes_required: ['admin'],
            upstream_headers_claims: ['sub'],
            upstream_headers_names: ['authenticated_user'],
            upstream_access_token_jwk_header: 'x-token-jwk',
          }),
        );
        const tokens = [
          undefined,
          'opaque',
          await scene.sign({ scope: 'other' }),
          await scene.sign({}, { key: 'none' }),
        ];
        for (const token of tokens) {
          const headers = [...spoofed, ...(token === undefined ? [] : [bearer(token)])];
          const answer = await scene.send(at.url, { headers });
          assert.equal(answer.status, 200, answer.text);
          assert.equal(up(answer)['x-anonymous-consumer'], 'true');
          assert.equal(up(answer)['x-consumer-id'], String(anonymous?.['id']));
          assert.equal(up(answer)['x-consumer-username'], `guest-${workers}`);
          assert.equal(up(answer)['x-credential-identifier'], undefined);
          assert.equal(up(answer)['authorization'], undefined);
          assert.ok(!JSON.stringify(answer.echoed).includes('evil'));
          const decision = await scene.decision(answer.requestId);
          assert.equal(decision.verdict, 'allowed');
          assert.equal(decision.failed, null);
          const why = decision.checks.find(({ check }) => check === 'consumer.anonymous');
          assert.equal(why?.verdict, 'pass');
          assert.match(why?.expected ?? '', /^(credential|token)\./, 'the reason is told');
        }
        const good = await ask(at.url, { scope: 'admin' });
        assert.equal(up(good)['x-anonymous-consumer'], undefined);
        assert.equal(up(good)['authenticated-user'], 'caller@clients');
      });

      test('does not stand in for malformed requests or a failing provider', async () => {
        await scene.admin.must('PUT', '/consumers/guest', { username: 'guest' });
        const at = await scene.protect(scene.bearerConfig({ anonymous: 'guest' }));
        const token = await scene.sign();
        assert.equal((await scene.send(at.url, { headers: [bearer(token), bearer(token)] })).status, 400);
        await scene.control.fault({ endpoint: 'discovery', kind: 'status', status: 500 });
        const broken = await scene.protect(scene.bearerConfig({ anonymous: 'guest', timeout: 6000 + workers }));
        assert.equal((await scene.send(broken.url, { headers: [bearer(token)] })).status, 503);
        await scene.control.fault({ kind: 'none' });
      });

      test('that does not exist is 500, and the decision says what to create', async () => {
        const at = await scene.protect(scene.bearerConfig({ anonymous: 'nobody-there' }));
        const seen = scene.echo.requests;
        const answer = await scene.send(at.url);
        assert.equal(answer.status, 500);
        assert.equal(answer.headers['www-authenticate'], undefined);
        const decision = await scene.decision(answer.requestId);
        assert.equal(decision.failed, 'consumer.anonymous');
        const failed = decision.checks.find(({ verdict }) => verdict === 'fail');
        assert.equal(failed?.field, 'config.anonymous');
        assert.equal(failed?.expected, 'nobody-there');
        assert.equal(scene.echo.requests, seen);
      });
    });
  });
}
