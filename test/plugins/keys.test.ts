import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually, form, json } from '../support/wire.ts';
import { type Place, startPlace, upstream } from './place.ts';

for (const workers of [1, 2]) {
  describe(`keys and groups, workers: ${workers}`, () => {
    let place: Place;
    before(async () => {
      place = await startPlace({ workers });
    });
    after(() => place.stop());

    test('a key opens, tells the upstream who calls, and no forged header gets through', async () => {
      const at = await place.spot();
      const alice = await place.caller();
      await place.plug('key-auth', {}, { route: at.route });
      const before = place.echo.requests;
      const refused = await at.ask({ headers: [['apikey', 'nobody']] });
      assert.deepEqual([refused.status, refused.message], [401, 'Unauthorized']);
      assert.equal(refused.headers['www-authenticate'], 'Key');
      assert.equal((await at.ask()).message, 'No API key found in request');
      assert.equal((await at.ask({ headers: [alice.header, alice.header] })).message, 'Duplicate API key found');
      assert.equal(place.echo.requests, before);
      const forged: [string, string][] = [
        ['X_Consumer_Id', 'evil'],
        ['X-Consumer-Groups', 'evil'],
        ['X-Anonymous-Consumer', 'evil'],
      ];
      const seen = upstream(await at.ask({ headers: [alice.header, ...forged] }));
      assert.equal(seen['x-consumer-id'], alice.id);
      assert.equal(seen['x-consumer-username'], alice.username);
      assert.equal(typeof seen['x-credential-identifier'], 'string');
      assert.ok(!JSON.stringify(seen).includes('evil'));
    });

    test('keys in query, form and JSON are found and cut out, and nothing else changes', async () => {
      const at = await place.spot();
      const alice = await place.caller();
      const id = await place.plug('key-auth', { key_in_body: true, hide_credentials: true }, { route: at.route });
      const query = await at.ask({ suffix: `?a=%7e&apikey=${alice.key}&b` });
      assert.equal(query.echoed?.url, '/?a=%7e&b');
      const posted = await at.ask(form({ a: '1', apikey: alice.key, b: 'ü' }));
      assert.equal(posted.echoed?.body, 'a=1&b=%C3%BC');
      const sent = await at.ask({ ...json({}), body: `{"n":1.0,"apikey":"${alice.key}"}` });
      assert.equal(sent.echoed?.body, '{"n":1.0}');
      const multipart = 'multipart/form-data; boundary=b';
      const body = `--b\r\nContent-Disposition: form-data; name="apikey"\r\n\r\n${alice.key}\r\n--b--\r\n`;
      assert.equal((await at.ask({ body, headers: [['Content-Type', multipart]] })).status, 401);
      const both = await at.ask({ body, headers: [['Content-Type', multipart], alice.header] });
      assert.equal(both.echoed?.body, body);
      assert.equal(upstream(both)['apikey'], undefined);
      await place.admin.must('PATCH', `/plugins/${id}`, { config: { hide_credentials: false } });
      assert.equal(upstream(await at.ask({ headers: [alice.header] }))['apikey'], alice.key);
    });

    test('a new key opens at once, a deleted or ended one no longer', async () => {
      const at = await place.spot();
      const alice = await place.caller();
      await place.plug('key-auth', {}, { service: at.service });
      const made = await place.admin.must('POST', `/consumers/${alice.username}/key-auth`, { ttl: 2 });
      const headers: [string, string][] = [['apikey', String(made?.['key'])]];
      assert.equal((await at.ask({ headers })).status, 200);
      await eventually('the key has ended', async () => (await at.ask({ headers })).status === 401, 15_000);
      assert.equal((await at.ask({ headers: [alice.header] })).status, 200);
      await place.admin.must('DELETE', `/consumers/${alice.username}/key-auth/${alice.key}`);
      assert.equal((await at.ask({ headers: [alice.header] })).status, 401);
      const bob = await place.caller();
      assert.equal((await at.ask({ headers: [bob.header] })).status, 200);
      await place.admin.must('DELETE', `/consumers/${bob.username}`);
      assert.equal((await at.ask({ headers: [bob.header] })).status, 401);
    });

    test('groups decide, follow changes at once and reach the upstream', async () => {
      const at = await place.spot();
      const [member, other] = [await place.caller(['staff', 'admins']), await place.caller()];
      await place.plug('key-auth', {}, { route: at.route });
      const id = await place.plug('acl', { allow: ['staff'] }, { route: at.route });
      assert.equal(upstream(await at.ask({ headers: [member.header] }))['x-consumer-groups'], 'admins, staff');
      const refused = await at.ask({ headers: [other.header] });
      assert.deepEqual([refused.status, refused.message], [403, 'You cannot consume this service']);
      await place.admin.must('POST', `/consumers/${other.username}/acls`, { group: 'staff' });
      assert.equal((await at.ask({ headers: [other.header] })).status, 200);
      await place.admin.must('DELETE', `/consumers/${member.username}/acls/staff`);
      assert.equal((await at.ask({ headers: [member.header] })).status, 403);
      await place.admin.must('PATCH', `/plugins/${id}`, {
        config: { allow: null, deny: ['staff'], hide_groups_header: true },
      });
      assert.equal((await at.ask({ headers: [other.header] })).status, 403);
      assert.equal(upstream(await at.ask({ headers: [member.header] }))['x-consumer-groups'], undefined);
    });

    test('groups without anybody who authenticates are 401', async () => {
      const at = await place.spot();
      await place.plug('acl', { deny: ['x'] }, { route: at.route });
      const answer = await at.ask();
      assert.deepEqual([answer.status, answer.message], [401, 'Unauthorized']);
      assert.equal((await place.decision(answer)).failed, 'caller.identified');
    });

    test('decisions explain refusals with the setting and a hint, never with the key', async () => {
      const at = await place.spot();
      const alice = await place.caller(['night']);
      await place.plug('key-auth', {}, { route: at.route });
      const id = await place.plug('acl', { allow: ['staff'] }, { route: at.route });
      const unknown = await place.decision(await at.ask({ headers: [['apikey', 'key-of-caller-unknown']] }));
      assert.deepEqual([unknown.plugin.name, unknown.failed, unknown.status], ['key-auth', 'key.known', 401]);
      assert.ok(!JSON.stringify(unknown).includes('key-of-caller'));
      const kept = await place.decision(await at.ask({ headers: [alice.header] }));
      assert.deepEqual([kept.plugin, kept.failed, kept.status], [{ id, name: 'acl' }, 'caller.groups', 403]);
      const failed = kept.checks.find(({ check }) => check === 'caller.groups');
      assert.deepEqual(
        [failed?.verdict, failed?.seen, failed?.expected, failed?.field],
        ['fail', 'night', 'one of staff', 'config.allow'],
      );
      assert.match(String(failed?.hint), /acls/);
    });
  });
}
