import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { type Client, field, fresh, row, rows } from '../client.ts';

export function upstreamCases(client: Client): void {
  entityCases(client);
  targetCases(client);
  targetWriteCases(client);
  targetListCases(client);
  healthCases(client);
}

function entityCases(client: Client): void {
  test('an upstream is made by its name alone and found by it', async () => {
    const name = fresh('u');
    const made = await client.make('/upstreams', { name });
    assert.deepEqual([made['algorithm'], made['slots'], made['hash_on']], ['round-robin', 10000, 'none']);
    assert.deepEqual((await client.get(`/upstreams/${name}`)).json, made);
    assert.equal(field(made, 'healthchecks.active.http_path'), '/');
    assert.equal((await client.post('/upstreams', { name })).status, 409);
  });

  test('a form sets single fields of the health checks', async () => {
    const form = `name=${fresh('u')}&healthchecks.active.healthy.interval=5&healthchecks.passive.unhealthy.http_statuses[1]=503`;
    const made = await client.make('/upstreams', form);
    assert.equal(field(made, 'healthchecks.active.healthy.interval'), 5);
    assert.deepEqual(field(made, 'healthchecks.passive.unhealthy.http_statuses'), [503]);
  });

  test('PATCH of one health check field keeps its siblings', async () => {
    const made = await client.make('/upstreams', {
      name: fresh('u'),
      healthchecks: { active: { healthy: { interval: 5 }, http_path: '/up' } },
    });
    const patch = { healthchecks: { active: { healthy: { successes: 2 } } } };
    const { json } = await client.patch(`/upstreams/${made.id}`, patch);
    assert.deepEqual(field(json, 'healthchecks.active.healthy'), {
      interval: 5,
      successes: 2,
      http_statuses: [200, 302],
    });
    assert.equal(field(json, 'healthchecks.active.http_path'), '/up');
  });

  test('hash_on makes the algorithm consistent-hashing, and least-connections takes hash_on away', async () => {
    const made = await client.make('/upstreams', { name: fresh('u'), hash_on: 'ip' });
    assert.equal(made['algorithm'], 'consistent-hashing');
    const patched = row((await client.patch(`/upstreams/${made.id}`, { algorithm: 'least-connections' })).json);
    assert.deepEqual([patched['algorithm'], patched['hash_on']], ['least-connections', 'none']);
    const back = row((await client.patch(`/upstreams/${made.id}`, { hash_on: 'ip' })).json);
    assert.deepEqual([back['algorithm'], back['hash_on']], ['consistent-hashing', 'ip']);
  });

  test("what hashing needs is missing: Kong's texts, one for the choice and one for the field", async () => {
    const { json } = await client.post('/upstreams', { name: fresh('u'), hash_on: 'header' });
    const text = "failed conditional validation given value of field 'hash_on'";
    assert.deepEqual(json, {
      code: 2,
      name: 'schema violation',
      message: `2 schema violations (${text}; hash_on_header: required field missing)`,
      fields: { '@entity': [text], hash_on_header: 'required field missing' },
    });
  });

  test('an upstream is no address and has no port', async () => {
    for (const name of ['10.0.0.1', 'a.example:80', 'a b']) {
      const { status, json } = await client.post('/upstreams', { name });
      assert.equal(status, 400);
      assert.match(String(field(json, 'fields.name')), /^Invalid name \('/);
    }
  });

  test('an upstream that was answered may be put back unchanged', async () => {
    const { updated_at: _, ...made } = await client.make('/upstreams', { name: fresh('u'), hash_on: 'path' });
    const { updated_at: _updated, ...again } = row((await client.put(`/upstreams/${made.id}`, made)).json);
    assert.deepEqual(again, made);
  });
}

function targetCases(client: Client): void {
  test('a target is kept with its port and addressed by id, and by host with and without it', async () => {
    const { id } = await client.make('/upstreams', { name: fresh('u') });
    const made = await client.make(`/upstreams/${id}/targets`, 'target=a.example&weight=10');
    assert.deepEqual([made['target'], made['weight'], made['upstream']], ['a.example:8000', 10, { id }]);
    assert.ok(Number(made['created_at']) > 1_700_000_000);
    for (const key of [made.id, 'a.example:8000', 'a.example']) {
      assert.deepEqual((await client.get(`/upstreams/${id}/targets/${key}`)).json, made);
    }
  });

  test('the same target twice is 409, whatever way it is written; another upstream may have it', async () => {
    const [one, two] = [
      await client.make('/upstreams', { name: fresh('u') }),
      await client.make('/upstreams', { name: fresh('u') }),
    ];
    await client.make(`/upstreams/${one.id}/targets`, { target: '[::1]' });
    const { status, json } = await client.post(`/upstreams/${one.id}/targets`, { target: '[0:0:0:0:0:0:0:1]:8000' });
    assert.equal(status, 409);
    assert.deepEqual(json, {
      code: 5,
      name: 'unique constraint violation',
      message: `UNIQUE violation detected on '{target="[::1]:8000",upstream={id="${one.id}"}}'`,
      fields: { upstream: { id: one.id }, target: '[::1]:8000' },
    });
    await client.make(`/upstreams/${two.id}/targets`, { target: '::1' });
  });

  test('a bad target has its text, in the body and in the path', async () => {
    const { id } = await client.make('/upstreams', { name: fresh('u') });
    const text = "Invalid target ('a b:1'); not a valid hostname or ip address";
    const posted = await client.post(`/upstreams/${id}/targets`, { target: 'a b:1' });
    assert.deepEqual(field(posted.json, 'fields'), { target: text });
    const got = await client.get(`/upstreams/${id}/targets/a%20b:1`);
    assert.deepEqual(got.json, { code: 10, name: 'invalid unique target', message: text, fields: { target: text } });
  });

  test('targets exist only under their upstream', async () => {
    const upstream = await client.make('/upstreams', { name: fresh('u') });
    const { id } = await client.make(`/upstreams/${upstream.id}/targets`, { target: 'a' });
    for (const path of ['/targets', `/targets/${id}`, `/targets/${id}/upstream`]) {
      assert.deepEqual((await client.get(path)).json, { message: 'Not found' });
    }
    assert.equal((await client.get(`/upstreams/${fresh('none')}/targets`)).status, 404);
  });

  test('deleting an upstream deletes its targets', async () => {
    const name = fresh('u');
    const first = await client.make('/upstreams', { name });
    const tag = fresh('tag');
    const target = await client.make(`/upstreams/${first.id}/targets`, { target: 'a', tags: [tag] });
    const tagged = async () => field((await client.get(`/tags/${tag}`)).json, 'data');
    assert.deepEqual(await tagged(), [{ entity_name: 'targets', entity_id: target.id, tag }]);
    assert.equal((await client.delete(`/upstreams/${name}`)).status, 204);
    assert.deepEqual(await tagged(), []);
  });
}

function targetWriteCases(client: Client): void {
  test('PUT and PATCH change a target that is there, by id and by host, and are 404 otherwise', async () => {
    const { id } = await client.make('/upstreams', { name: fresh('u') });
    const made = await client.make(`/upstreams/${id}/targets`, { target: 'a:80', tags: ['t'] });
    const paths = [`/upstreams/${id}/targets/${made.id}`, `/upstreams/${id}/targets/a:80`];
    for (const [index, method] of ['PUT', 'PATCH', 'PUT', 'PATCH'].entries()) {
      const answer = await client.call(method, paths[index % 2] ?? '', { weight: index });
      assert.equal(answer.status, 200);
      assert.deepEqual([row(answer.json)['weight'], row(answer.json)['tags']], [index, ['t']]);
    }
    for (const method of ['PUT', 'PATCH']) {
      for (const key of [randomUUID(), 'b:80']) {
        const answer = await client.call(method, `/upstreams/${id}/targets/${key}`, { weight: 1 });
        assert.deepEqual([answer.status, answer.json], [404, { message: 'Not found' }]);
      }
    }
  });

  test('a target is deleted by host or id; of another upstream it is 404, a missing one 204', async () => {
    const [one, two] = [
      await client.make('/upstreams', { name: fresh('u') }),
      await client.make('/upstreams', { name: fresh('u') }),
    ];
    const [a, b] = [
      await client.make(`/upstreams/${one.id}/targets`, { target: 'a:80' }),
      await client.make(`/upstreams/${one.id}/targets`, { target: 'b:80' }),
    ];
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const body = method === 'PATCH' ? { weight: 1 } : undefined;
      assert.equal((await client.call(method, `/upstreams/${two.id}/targets/${a.id}`, body)).status, 404);
    }
    assert.equal((await client.delete(`/upstreams/${two.id}/targets/a:80`)).status, 204);
    assert.equal((await client.delete(`/upstreams/${one.id}/targets/a:80`)).status, 204);
    assert.equal((await client.delete(`/upstreams/${one.id}/targets/${b.id}`)).status, 204);
    assert.deepEqual(rows((await client.get(`/upstreams/${one.id}/targets`)).json), []);
  });
}

function targetListCases(client: Client): void {
  test('targets are listed newest first, in pages by position', async () => {
    const { id } = await client.make('/upstreams', { name: fresh('u') });
    for (const target of ['a:1', 'b:1', 'c:1']) {
      await client.make(`/upstreams/${id}/targets`, { target, created_at: target.charCodeAt(0) });
    }
    const first = await client.get(`/upstreams/${id}/targets?size=2`);
    const second = await client.get(String(field(first.json, 'next')));
    const names = [first, second].map(({ json }) => rows(json).map((target) => target['target']));
    assert.deepEqual(names, [['c:1', 'b:1'], ['a:1']]);
    assert.equal(field(second.json, 'next'), null);
    const all = rows((await client.get(`/upstreams/${id}/targets/all`)).json);
    assert.deepEqual(all.map((target) => target['target']).sort(), ['a:1', 'b:1', 'c:1']);
  });

  test('targets are filtered by tags, and a bad offset is code 7', async () => {
    const { id } = await client.make('/upstreams', { name: fresh('u') });
    await client.make(`/upstreams/${id}/targets`, { target: 'a:1', tags: ['x', 'y'] });
    await client.make(`/upstreams/${id}/targets`, { target: 'b:1', tags: ['y'] });
    const count = async (tags: string) => rows((await client.get(`/upstreams/${id}/targets?tags=${tags}`)).json).length;
    assert.deepEqual([await count('x,y'), await count('x/y'), await count('z')], [1, 2, 0]);
    const bad = await client.get(`/upstreams/${id}/targets?offset=zzz`);
    assert.equal(field(bad.json, 'code'), 7);
  });
}

function healthCases(client: Client): void {
  test('the health of an upstream is a list of its targets, each with a word', async () => {
    const name = fresh('u');
    const { id } = await client.make('/upstreams', { name });
    const target = await client.make(`/upstreams/${id}/targets`, { target: '127.0.0.1:9' });
    const { status, json } = await client.get(`/upstreams/${name}/health`);
    assert.equal(status, 200);
    assert.equal(field(json, 'next'), null);
    assert.equal(typeof field(json, 'node_id'), 'string');
    const [only, ...others] = rows(json);
    assert.deepEqual([only?.id, only?.['target'], others.length], [target.id, '127.0.0.1:9', 0]);
    assert.equal(only?.['health'], 'HEALTHCHECKS_OFF');
  });

  test('health of what does not exist is 404, and is only read with GET and set with PUT', async () => {
    const { id } = await client.make('/upstreams', { name: fresh('u') });
    assert.equal((await client.get(`/upstreams/${randomUUID()}/health`)).status, 404);
    for (const word of ['healthy', 'unhealthy']) {
      for (const path of [`targets/a:80/${word}`, `targets/${randomUUID()}/10.0.0.1:80/${word}`]) {
        assert.equal((await client.put(`/upstreams/${id}/${path}`)).status, 404, path);
        assert.equal((await client.post(`/upstreams/${id}/${path}`)).status, 405, path);
      }
    }
  });
}

/** What only a whole node can answer. */
export function nodeHealthCases(client: Client): void {
  test('health checks are seen as soon as they are configured, and targets set by hand stay as they were set', async () => {
    // Nothing probes and no traffic comes, so only the calls below can change the health.
    const healthchecks = { passive: { unhealthy: { http_failures: 1 } } };
    const { id } = await client.make('/upstreams', { name: fresh('u'), healthchecks });
    const target = await client.make(`/upstreams/${id}/targets`, { target: '127.0.0.1:9' });
    const words = async () => {
      const whole = await client.get(`/upstreams/${id}/health?balancer_health=1`);
      const single = await client.get(`/upstreams/${id}/health`);
      return [field(single.json, 'data.0.health'), field(whole.json, 'data.balancer_health')];
    };
    assert.deepEqual(await words(), ['HEALTHY', 'HEALTHY']);
    assert.equal((await client.put(`/upstreams/${id}/targets/${target.id}/unhealthy`)).status, 204);
    assert.deepEqual(await words(), ['UNHEALTHY', 'UNHEALTHY']);
    assert.equal((await client.put(`/upstreams/${id}/targets/127.0.0.1:9/127.0.0.1:9/healthy`)).status, 204);
    assert.deepEqual(await words(), ['HEALTHY', 'HEALTHY']);
  });
}
