import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { type Client, field, fresh, row, rows } from '../client.ts';
import { config } from './plugins.ts';

export function nestedCases(client: Client): void {
  childCases(client);
  childEntityCases(client);
  referenceCases(client);
}

function childCases(client: Client): void {
  test('POST to the routes of a service sets the service, whatever the body says', async () => {
    const service = await client.make('/services', { name: fresh('svc'), host: 'h' });
    const body = { paths: ['/a'], service: { id: randomUUID() } };
    const route = await client.make(`/services/${service['name']}/routes`, body);
    assert.deepEqual(route['service'], { id: service.id });
  });

  test('the routes of a service are listed under it, and no others', async () => {
    const [one, two] = [await client.make('/services', { host: 'h' }), await client.make('/services', { host: 'h' })];
    const route = await client.make(`/services/${one.id}/routes`, { paths: ['/a'] });
    await client.make(`/services/${two.id}/routes`, { paths: ['/a'] });
    const list = await client.get(`/services/${one.id}/routes`);
    assert.deepEqual(rows(list.json), [route]);
  });

  test('children of a missing parent are 404', async () => {
    for (const key of [randomUUID(), fresh('none')]) {
      for (const path of [`/services/${key}/routes`, `/services/${key}/plugins`, `/consumers/${key}/plugins`]) {
        const list = await client.get(path);
        assert.equal(list.status, 404);
        assert.deepEqual(list.json, { message: 'Not found' });
        assert.equal((await client.post(path, { paths: ['/a'] })).status, 404);
      }
    }
  });

  test('plugins are made and listed under services, routes and consumers', async () => {
    const service = await client.make('/services', { host: 'h' });
    const route = await client.make('/routes', { paths: ['/a'] });
    const consumer = await client.make('/consumers', { username: fresh('user') });
    for (const path of [`/services/${service.id}/plugins`, `/routes/${route.id}/plugins`]) {
      const plugin = await client.make(path, { name: 'openid-connect', config });
      assert.deepEqual(rows((await client.get(path)).json), [plugin]);
    }
    assert.deepEqual(rows((await client.get(`/consumers/${consumer.id}/plugins`)).json), []);
  });

  test('the next page of a nested list repeats only the offset', async () => {
    const service = await client.make('/services', { name: fresh('svc'), host: 'h' });
    const made = [];
    for (const path of ['/a', '/b', '/c'])
      made.push(await client.make(`/services/${service.id}/routes`, { paths: [path] }));
    const first = await client.get(`/services/${service['name']}/routes?size=2`);
    const offset = String(field(first.json, 'offset'));
    assert.equal(field(first.json, 'next'), `/services/${service['name']}/routes?offset=${offset}`);
    const second = await client.get(String(field(first.json, 'next')));
    const ids = [...rows(first.json), ...rows(second.json)].map(({ id }) => id);
    assert.deepEqual(ids, made.map(({ id }) => id).sort());
  });
}

function childEntityCases(client: Client): void {
  async function family() {
    const service = await client.make('/services', { host: 'h' });
    const route = await client.make(`/services/${service.id}/routes`, { name: fresh('route'), paths: ['/a'] });
    const stranger = await client.make('/services', { host: 'h' });
    return { service, route, stranger };
  }

  test('a child is read, patched and deleted under its parent', async () => {
    const { service, route } = await family();
    const path = `/services/${service.id}/routes/${route['name']}`;
    assert.deepEqual((await client.get(path)).json, route);
    assert.deepEqual(row((await client.patch(path, { paths: ['/b'] })).json)['paths'], ['/b']);
    assert.equal((await client.delete(path)).status, 204);
    assert.equal((await client.get(path)).status, 404);
  });

  test('a child of another parent is 404 to read, patch and delete', async () => {
    const { route, stranger } = await family();
    const path = `/services/${stranger.id}/routes/${route.id}`;
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = await client.call(method, path, method === 'PATCH' ? { paths: ['/b'] } : undefined);
      assert.equal(answer.status, 404, method);
      assert.deepEqual(answer.json, { message: 'Not found' });
    }
    assert.equal((await client.get(`/routes/${route.id}`)).status, 200);
  });

  test('DELETE of a missing child is 204, PATCH of it the short 404', async () => {
    const { service } = await family();
    const path = `/services/${service.id}/routes/${randomUUID()}`;
    assert.equal((await client.delete(path)).status, 204);
    const patched = await client.patch(path, { paths: ['/b'] });
    assert.equal(patched.status, 404);
    assert.deepEqual(patched.json, { message: 'Not found' });
  });

  test('PUT under a parent creates the child with that parent', async () => {
    const { service } = await family();
    const id = randomUUID();
    const answer = await client.put(`/services/${service.id}/routes/${id}`, { paths: ['/z'] });
    assert.equal(answer.status, 200);
    assert.deepEqual([row(answer.json).id, row(answer.json)['service']], [id, { id: service.id }]);
  });

  test('PUT under a parent by the name of the child works too', async () => {
    const { service } = await family();
    const name = fresh('route');
    const answer = await client.put(`/services/${service.id}/routes/${name}`, { paths: ['/z'] });
    assert.deepEqual([row(answer.json)['name'], row(answer.json)['service']], [name, { id: service.id }]);
  });

  test('plugins are reached under each of their parents', async () => {
    const { service, route } = await family();
    const body = { name: 'openid-connect', config };
    for (const parent of [`/services/${service.id}`, `/routes/${route.id}`]) {
      const plugin = await client.make(`${parent}/plugins`, body);
      const path = `${parent}/plugins/${plugin.id}`;
      assert.deepEqual((await client.get(path)).json, plugin);
      assert.equal((await client.patch(path, { enabled: false })).status, 200);
      assert.equal((await client.put(path, body)).status, 200);
      assert.equal((await client.delete(path)).status, 204);
    }
  });

  test('a name that no child can have is code 10 under a parent too', async () => {
    const { service } = await family();
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await client.call(method, `/services/${service.id}/routes/a%20b`);
      assert.equal(field(answer.json, 'code'), 10, method);
    }
  });
}

function referenceCases(client: Client): void {
  test('the service of a route is read and changed through the route', async () => {
    const service = await client.make('/services', { name: fresh('svc'), host: 'h' });
    const route = await client.make(`/services/${service.id}/routes`, { paths: ['/a'] });
    const path = `/routes/${route.id}/service`;
    assert.deepEqual((await client.get(path)).json, service);
    assert.equal(row((await client.patch(path, { retries: 1 })).json)['retries'], 1);
    const replaced = row((await client.put(path, { host: 'other' })).json);
    assert.deepEqual([replaced.id, replaced['host'], replaced['name']], [service.id, 'other', null]);
  });

  test('a route without service answers 404 for it, except to PUT', async () => {
    const route = await client.make('/routes', { paths: ['/a'] });
    const path = `/routes/${route.id}/service`;
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = await client.call(method, path, method === 'PATCH' ? { retries: 1 } : undefined);
      assert.equal(answer.status, 404, method);
      assert.deepEqual(answer.json, { message: 'Not found' });
    }
  });

  test('PUT on the service of a route without one creates and links it', async () => {
    const route = await client.make('/routes', { name: fresh('route'), paths: ['/a'] });
    const answer = await client.put(`/routes/${route['name']}/service`, { host: 'h' });
    assert.equal(answer.status, 200);
    const linked = row((await client.get(`/routes/${route.id}`)).json);
    assert.deepEqual(linked['service'], { id: row(answer.json).id });
  });

  test('a refused PUT on a missing reference leaves no entity behind', async () => {
    const route = await client.make('/routes', { paths: ['/a'] });
    const name = fresh('svc');
    const answer = await client.put(`/routes/${route.id}/service`, { name, host: 'a b' });
    assert.equal(answer.status, 400);
    assert.equal((await client.get(`/services/${name}`)).status, 404);
    assert.equal(row((await client.get(`/routes/${route.id}`)).json)['service'], null);
  });

  test('DELETE on a reference is 405', async () => {
    const service = await client.make('/services', { host: 'h' });
    const route = await client.make(`/services/${service.id}/routes`, { paths: ['/a'] });
    const answer = await client.delete(`/routes/${route.id}/service`);
    assert.equal(answer.status, 405);
    assert.deepEqual(answer.json, { message: 'Method not allowed' });
  });

  test('a plugin leads to its route and service', async () => {
    const service = await client.make('/services', { host: 'h' });
    const route = await client.make('/routes', { paths: ['/a'] });
    const body = { name: 'openid-connect', config, service: { id: service.id }, route: { id: route.id } };
    const plugin = await client.make('/plugins', body);
    assert.deepEqual((await client.get(`/plugins/${plugin.id}/service`)).json, service);
    assert.deepEqual((await client.get(`/plugins/${plugin.id}/route`)).json, route);
    assert.equal((await client.get(`/plugins/${plugin.id}/consumer`)).status, 404);
  });

  test('a reference of a missing entity is 404', async () => {
    assert.equal((await client.get(`/routes/${randomUUID()}/service`)).status, 404);
    assert.equal((await client.put(`/routes/${randomUUID()}/service`, { host: 'h' })).status, 404);
  });

  test('PUT cannot link a consumer to a plugin that takes none', async () => {
    const service = await client.make('/services', { host: 'h' });
    const plugin = await client.make(`/services/${service.id}/plugins`, { name: 'openid-connect', config });
    const username = fresh('user');
    const answer = await client.put(`/plugins/${plugin.id}/consumer`, { username });
    assert.equal(answer.status, 400);
    assert.deepEqual(field(answer.json, 'fields'), { consumer: 'value must be null' });
    assert.equal((await client.get(`/consumers/${username}`)).status, 404);
  });
}
