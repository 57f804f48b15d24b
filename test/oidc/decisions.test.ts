import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { DecisionRecord } from '../../src/pdk/index.ts';
import { checks } from '../../src/plugins/openid-connect/checks.ts';
import { openidConnectConfig } from '../../src/plugins/openid-connect/schema/index.ts';
import { type Protected, type Scene, startScene } from '../support/scene.ts';
import { bearer, eventually, form, json, type WireAnswer } from '../support/wire.ts';

const isoUtc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const checkNames = new Set(checks.map(({ name }) => name));
const fieldNames = new Set(Object.keys(openidConnectConfig.fields));

/** The shape that is promised, member by member and nothing more. */
function assertShape(record: DecisionRecord): void {
  const members = ['request_id', 'at', 'verdict', 'status', 'route', 'plugin', 'failed', 'text', 'checks'];
  assert.deepEqual(Object.keys(record), members);
  assert.match(record.request_id, /^[0-9a-f]{32}$/);
  assert.match(record.at, isoUtc);
  assert.ok(Math.abs(Date.parse(record.at) - Date.now()) < 120_000);
  assert.ok(Number.isInteger(record.status));
  assert.deepEqual(Object.keys(record.route ?? {}), ['id', 'name']);
  assert.match(record.route?.id ?? '', uuid);
  assert.deepEqual(Object.keys(record.plugin), ['id', 'name']);
  assert.match(record.plugin.id, uuid);
  assert.equal(record.plugin.name, 'openid-connect');
  assert.ok(record.checks.length > 0);
  for (const entry of record.checks) assertCheck(entry);
  const failed = record.checks.filter(({ verdict }) => verdict === 'fail');
  if (record.verdict === 'allowed') {
    assert.deepEqual([record.failed, record.text, failed.length], [null, null, 0]);
    return;
  }
  assert.equal(record.verdict, 'refused');
  assert.equal(failed.length, 1, 'exactly one check fails');
  assert.equal(record.failed, failed[0]?.check);
  assert.ok(typeof record.text === 'string' && record.text.length > 5);
  assert.doesNotMatch(record.text, /config\./, 'the text names no setting');
  assert.ok((failed[0]?.hint ?? '').length > 10, 'a hint says what to change');
  const after = record.checks.slice(record.checks.findIndex(({ verdict }) => verdict === 'fail') + 1);
  assert.ok(
    after.every(({ verdict }) => verdict === 'skip'),
    `${record.failed}: nothing is checked after a failure`,
  );
}

function assertCheck(entry: DecisionRecord['checks'][number]): void {
  assert.deepEqual(Object.keys(entry), ['check', 'verdict', 'seen', 'expected', 'field', 'hint']);
  assert.ok(checkNames.has(entry.check), entry.check);
  assert.match(entry.check, /^[a-z]+(\.[a-z_]+)+$/);
  assert.ok(['pass', 'fail', 'skip'].includes(entry.verdict));
  for (const text of [entry.seen, entry.expected]) {
    assert.equal(typeof text, 'string');
    assert.ok(text.length > 0 && text.length <= 200, `${entry.check}: ${text}`);
    assert.doesNotMatch(text, /\b1[5-9]\d{8}\b/, 'times are ISO 8601');
  }
  assert.ok(entry.hint === null || typeof entry.hint === 'string');
  if (entry.field === null) return;
  const name = /^config\.([a-z_]+)$/.exec(entry.field)?.[1] ?? '';
  assert.ok(fieldNames.has(name), `${entry.field} is a field of the plugin`);
  assert.doesNotMatch(entry.field, /verify_|ignore_signature|allow_|ssl_verify/, 'never one that switches checks off');
}

for (const workers of [1, 2]) {
  describe(`decisions, workers: ${workers}`, () => {
    let scene: Scene;
    let at: Protected;
    before(async () => {
      scene = await startScene({ workers });
      at = await scene.protect(
        scene.guideConfig({
          auth_methods: ['client_credentials', 'bearer'],
          audience_required: [scene.audience],
          display_errors: true,
        }),
      );
    });
    after(() => scene.stop());

    const list = async (query: string) => {
      const answer = await scene.admin.get(`/decisions${query}`);
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      assert.deepEqual(Object.keys(answer.body ?? {}), ['data']);
      return answer.body?.['data'] as unknown as DecisionRecord[];
    };

    test('every kind of refusal and permission has the promised shape', async () => {
      const requests: (() => Promise<WireAnswer>)[] = [
        () => scene.send(at.url),
        () => scene.send(at.url, { headers: [scene.basic()] }),
        () => scene.send(at.url, { headers: [scene.basic({ id: scene.client.id, secret: 'wrong-secret-here' })] }),
        () => scene.send(at.url, { headers: [scene.basic(), scene.basic()] }),
        () => scene.send(at.url, { headers: [['Authorization', 'Basic !']] }),
        () => scene.send(`${at.url}?client_id=a&client_secret=b&client_id=c`),
        () => scene.send(at.url, form({ client_id: scene.client.id, client_secret: scene.client.secret })),
        () => scene.send(at.url, json({ client_id: scene.client.id, client_secret: scene.client.secret })),
        ...[
          () => scene.sign(),
          () => scene.sign({ aud: 'https://other/' }),
          () => scene.sign({ aud: Array.from({ length: 100 }, (_, index) => `https://aud-${index}/`) }),
          () => scene.sign({ iss: `https://${'x'.repeat(500)}/` }),
          () => scene.sign({ iss: 'https://évil\u0000\r\n/' }),
          () => scene.sign({}, { expiresInSeconds: -1 }),
          () => scene.sign({ nbf: 4e9, exp: 5e9 }),
          () => scene.sign({}, { key: 'none' }),
          () => scene.sign({}, { key: 'unknown' }),
          () => scene.sign({}, { header: { typ: 'x'.repeat(900) } }),
          () => 'opaque-token-of-somebody',
        ].map((make) => async () => scene.send(at.url, { headers: [bearer(await make())] })),
      ];
      for (const request of requests) {
        const answer = await request();
        const record = await scene.decision(answer.requestId);
        assertShape(record);
        assert.equal(record.status, answer.status);
        assert.equal(record.verdict, answer.status === 200 ? 'allowed' : 'refused');
        assert.equal(record.plugin.id, at.plugin);
        assert.equal(record.route?.name, at.route);
        if (record.text !== null) assert.ok(answer.message?.includes(record.text), 'the client gets the same sentence');
      }
    });

    test('a refusal by a failing provider has a text although the client gets only the id', async () => {
      const quiet = await scene.protect(scene.guideConfig({ timeout: 3000 + workers }));
      await scene.control.fault({ endpoint: 'discovery', kind: 'status', status: 500 });
      const answer = await scene.send(quiet.url, { headers: [scene.basic()] });
      await scene.control.fault({ kind: 'none' });
      assert.equal(answer.status, 503);
      const record = await scene.decision(answer.requestId);
      assertShape(record);
      assert.equal(record.failed, 'provider.discovery');
      assert.ok(!answer.text.includes(record.text ?? '?'));
    });

    test('a refusal out of the negative cache keeps check and text of its cause', async () => {
      const wrong = { id: scene.client.id, secret: `wrong-secret-${workers}` };
      const records: DecisionRecord[] = [];
      for (let round = 0; round < 6; round += 1) {
        const answer = await scene.send(at.url, { headers: [scene.basic(wrong)] });
        records.push(await scene.decision(answer.requestId));
      }
      const causes = new Set(records.map(({ failed, text }) => `${failed}: ${text}`));
      assert.equal(causes.size, 1);
      assert.match([...causes][0] ?? '', /^provider\.grant: /);
      for (const record of records) assertShape(record);
    });

    test('an allowed decision tells what each check saw', async () => {
      const answer = await scene.send(at.url, { headers: [bearer(await scene.sign())] });
      const { checks: entries } = await scene.decision(answer.requestId);
      const byName = new Map(entries.map((entry) => [entry.check, entry]));
      assert.equal(byName.get('token.audience')?.verdict, 'pass');
      assert.equal(byName.get('token.audience')?.seen, scene.audience);
      assert.equal(byName.get('token.audience')?.expected, scene.audience);
      assert.equal(byName.get('token.audience')?.field, 'config.audience_required');
      assert.equal(byName.get('token.issuer')?.seen, scene.provider.issuer);
      assert.match(byName.get('token.expiry')?.seen ?? '', isoUtc);
      assert.equal(byName.get('token.signature')?.verdict, 'pass');
      assert.equal(byName.get('provider.grant')?.verdict, 'skip');
      const cached = await scene.send(at.url, { headers: [scene.basic()] });
      const again = await scene.send(at.url, { headers: [scene.basic()] });
      const verdicts = async (id: string) =>
        (await scene.decision(id)).checks.map(({ check, verdict }) => `${check} ${verdict}`);
      assert.deepEqual(
        await verdicts(cached.requestId),
        await verdicts(again.requestId),
        'cached and fresh tell the same',
      );
    });

    test('the list is newest first across workers, filtered by verdict and cut by size', async () => {
      const ids: string[] = [];
      for (let round = 0; round < 24; round += 1) {
        const allowed = round % 3 === 0;
        ids.unshift((await scene.send(at.url, allowed ? { headers: [scene.basic()] } : {})).requestId);
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
      const idsOf = (records: DecisionRecord[]) => records.map(({ request_id }) => request_id);
      assert.deepEqual(idsOf(await list('?size=24')), ids);
      assert.deepEqual(idsOf(await list('?size=5')), ids.slice(0, 5));
      const refused = await list('?verdict=refused&size=16');
      assert.deepEqual(
        idsOf(refused),
        ids.filter((_, index) => (23 - index) % 3 !== 0),
      );
      const allowed = await list('?size=8&verdict=allowed');
      assert.deepEqual(
        idsOf(allowed),
        ids.filter((_, index) => (23 - index) % 3 === 0),
      );
      for (const record of [...refused, ...allowed]) assertShape(record);
      const everything = await list('');
      assert.ok(everything.length <= 100);
      const times = everything.map((record) => record.at);
      assert.deepEqual(times, [...times].sort().reverse());
      assert.deepEqual(everything[0], await scene.decision(ids[0] ?? ''), 'full records');
    });

    test('an unknown id is 404, a bad argument 400', async () => {
      for (const id of ['0'.repeat(32), 'x', '..%2f..', 'undefined']) {
        assert.equal((await scene.admin.get(`/decisions/${id}`)).status, 404, id);
      }
      for (const query of [
        '?size=0',
        '?size=1001',
        '?size=-1',
        '?size=1e2',
        '?size=',
        '?size=x',
        '?size=1.5',
        '?verdict=maybe',
        '?verdict=',
        '?sise=1',
      ]) {
        const answer = await scene.admin.get(`/decisions${query}`);
        assert.equal(answer.status, 400, query);
        assert.ok(String(answer.body?.['message']).length > 5);
      }
      assert.equal((await scene.admin.get('/decisions?size=1000')).status, 200);
    });

    test('traffic that is let through does not push refusals out', async () => {
      const refusal = await scene.send(at.url);
      const headers = { authorization: scene.basic()[1] };
      const lane = async () => {
        for (let round = 0; round < 150; round += 1) await (await fetch(at.url, { headers })).arrayBuffer();
      };
      const total = 16 * 150 * 2;
      await Promise.all(Array.from({ length: 16 }, lane));
      await Promise.all(Array.from({ length: 16 }, lane));
      assert.ok(total > 2000 * workers, 'more than the rings of all workers keep');
      assert.equal((await scene.decision(refusal.requestId)).failed, 'credential.present');
    });

    test("the id of every answer is the gateway's own, whatever caller and upstream say", async () => {
      const mine: [string, string] = ['X-Kong-Request-Id', 'ffffffffffffffffffffffffffffffff'];
      const answer = await scene.send(at.url, { headers: [mine, ['x_kong_request_id', 'evil'], scene.basic()] });
      assert.notEqual(answer.requestId, mine[1]);
      assert.equal(answer.echoed?.headers['x-kong-request-id'], answer.requestId);
      assert.equal((await scene.decision(answer.requestId)).request_id, answer.requestId);
      assert.match((await scene.send(`${scene.gateway.proxyUrl}/nowhere`)).requestId, /^[0-9a-f]{32}$/);
    });

    test('there is one log line per refusal, with id and check', async () => {
      const answer = await scene.send(at.url, { headers: [bearer('opaque-for-the-log')] });
      const lines = () =>
        scene.gateway
          .log()
          .split('\n')
          .filter((line) => line.includes(answer.requestId));
      await eventually('the line', () => lines().length > 0);
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(lines().length, 1);
      const line = JSON.parse(lines()[0] ?? '');
      assert.equal(line.event, 'plugin.request.refuse');
      assert.equal(line.check, 'token.format');
      assert.equal(line.status, 401);
    });

    test('no secret and no token is in any record, access log or process log', async () => {
      const secret = scene.remember('a-secret-in-the-query-string');
      await scene.send(`${at.url}/client_secret?client_id=x&client_secret=${secret}`);
      await scene.send(`${at.url}?access_token=${await scene.sign({ iss: 'x' })}`);
      await scene.control.fault({
        endpoint: 'token',
        kind: 'status',
        status: 403,
        body: JSON.stringify({ error: 'access_denied', error_description: `you sent ${secret}` }),
        count: 1,
      });
      const echoing = await scene.send(at.url, { headers: [scene.basic({ id: 'somebody', secret })] });
      assert.equal(echoing.status, 401);
      assert.ok(!echoing.text.includes(secret), 'not even when the provider repeats it');
      assert.ok(scene.secrets.size > 5);
      scene.assertNoSecretIn(JSON.stringify(await list('?size=1000')), '/decisions');
      await eventually('the access log', () => scene.gateway.accessLog().includes(echoing.requestId), 3000);
      scene.assertNoSecretIn(scene.gateway.accessLog(), 'access log');
      scene.assertNoSecretIn(scene.gateway.log(), 'process log');
      assert.doesNotMatch(scene.gateway.accessLog(), /client_secret=|access_token=/);
    });
  });
}

test('every check name is documented', () => {
  const page = readFileSync(new URL('../../docs/reference/checks.md', import.meta.url), 'utf8');
  for (const name of checkNames) assert.ok(page.includes(`\`${name}\``), name);
});
