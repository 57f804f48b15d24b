import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { type Client, field, fresh, row } from '../client.ts';

/** The least configuration this version takes. */
export const config = { issuer: 'https://issuer.test', auth_methods: ['client_credentials', 'bearer'] };

const name = 'openid-connect';

async function service(client: Client): Promise<string> {
  return (await client.make('/services', { host: 'h' })).id;
}

export function pluginCases(client: Client): void {
  createCases(client);
  refusalCases(client);
  updateCases(client);
  lifeCases(client);
}

function createCases(client: Client): void {
  test('a plugin entry carries its whole configuration, defaults filled', async () => {
    const made = await client.make('/plugins', { name, config, service: { id: await service(client) } });
    assert.equal(made['name'], name);
    assert.equal(made['enabled'], true);
    assert.deepEqual(made['protocols'], ['grpc', 'grpcs', 'http', 'https']);
    assert.deepEqual([made['route'], made['consumer'], made['instance_name']], [null, null, null]);
    assert.equal(field(made, 'config.issuer'), 'https://issuer.test');
    assert.equal(field(made, 'config.leeway'), 0);
    assert.equal(field(made, 'config.scopes_required'), null);
    assert.ok(Object.keys(Object(made['config'])).length > 100);
  });

  test('secrets of a configuration come back as they were sent', async () => {
    const made = await client.make('/plugins', {
      name,
      config: { ...config, client_id: ['a'], client_secret: ['s3cret'] },
      service: { id: await service(client) },
    });
    assert.deepEqual(field(made, 'config.client_secret'), ['s3cret']);
  });

  test('the same plugin twice on one service is a composite unique violation', async () => {
    const id = await service(client);
    await client.make('/plugins', { name, config, service: { id } });
    const answer = await client.post('/plugins', { name, config, service: { id } });
    assert.equal(answer.status, 409);
    assert.equal(
      field(answer.json, 'message'),
      `UNIQUE violation detected on '{consumer=null,name="${name}",route=null,service={id="${id}"}}'`,
    );
    assert.deepEqual(field(answer.json, 'fields'), { consumer: null, name, route: null, service: { id } });
  });

  test('the same plugin may stand on a service and on its route', async () => {
    const id = await service(client);
    const route = await client.make(`/services/${id}/routes`, { paths: ['/a'] });
    await client.make(`/services/${id}/plugins`, { name, config });
    await client.make(`/routes/${route.id}/plugins`, { name, config });
  });

  test('instance_name addresses a plugin entry and is unique', async () => {
    const instance_name = fresh('inst');
    const made = await client.make('/plugins', { name, instance_name, config, service: { id: await service(client) } });
    assert.equal(row((await client.get(`/plugins/${instance_name}`)).json).id, made.id);
    const answer = await client.post('/plugins', {
      name,
      instance_name,
      config,
      service: { id: await service(client) },
    });
    assert.equal(answer.status, 409);
    assert.deepEqual(field(answer.json, 'fields'), { instance_name });
  });
}

function refusalCases(client: Client): void {
  test('an unknown plugin is refused with the text that says where to add it', async () => {
    const answer = await client.post('/plugins', { name: 'nope', foo: 1 });
    assert.equal(answer.status, 400);
    const text = "plugin 'nope' not enabled; add it to the 'plugins' configuration property";
    assert.deepEqual(answer.json, {
      code: 2,
      name: 'schema violation',
      message: `schema violation (name: ${text})`,
      fields: { name: text },
    });
  });

  test('without a name nothing else of a plugin is checked', async () => {
    const answer = await client.post('/plugins', { foo: 1, config: { x: 1 } });
    assert.deepEqual(field(answer.json, 'fields'), { name: 'required field missing' });
  });

  test('a name that is no text is refused', async () => {
    const answer = await client.post('/plugins', { name: { a: 1 } });
    assert.deepEqual(field(answer.json, 'fields'), { name: 'expected a string' });
  });

  test('faults of the configuration are named under config', async () => {
    const answer = await client.post('/plugins', { name, config: { ...config, foo: 1, leeway: 'x' } });
    assert.equal(answer.status, 400);
    assert.deepEqual(field(answer.json, 'fields'), {
      config: { foo: 'unknown field', leeway: 'expected a number' },
    });
    assert.equal(
      field(answer.json, 'message'),
      '2 schema violations (config.foo: unknown field; config.leeway: expected a number)',
    );
  });

  test('a plugin without its required configuration names the missing field', async () => {
    const answer = await client.post('/plugins', { name, config: { auth_methods: ['bearer'] } });
    assert.equal(answer.status, 400);
    assert.equal(field(answer.json, 'fields.config.issuer'), 'required field missing');
  });

  test('openid-connect cannot be bound to a consumer', async () => {
    const consumer = await client.make('/consumers', { username: fresh('user') });
    const body = { name, config };
    const flat = await client.post('/plugins', { ...body, consumer: { id: consumer.id } });
    assert.deepEqual(field(flat.json, 'fields'), { consumer: 'value must be null' });
    const nested = await client.post(`/consumers/${consumer.id}/plugins`, body);
    assert.equal(nested.status, 400);
    assert.deepEqual(field(nested.json, 'fields'), { consumer: 'value must be null' });
  });

  test('a plugin that shares no protocol with its route is refused', async () => {
    const route = await client.make('/routes', { paths: ['/a'], protocols: ['https'] });
    const answer = await client.post(`/routes/${route.id}/plugins`, { name, config, protocols: ['http'] });
    assert.equal(answer.status, 400);
    assert.deepEqual(field(answer.json, 'fields'), { protocols: "must match the associated route's protocols" });
  });

  test('a plugin that shares no protocol with any route of its service is refused', async () => {
    const id = await service(client);
    await client.make(`/services/${id}/routes`, { paths: ['/a'], protocols: ['https'] });
    const answer = await client.post(`/services/${id}/plugins`, { name, config, protocols: ['http'] });
    const text = "must match the protocols of at least one route pointing to this Plugin's service";
    assert.deepEqual(field(answer.json, 'fields'), { protocols: text });
    await client.make(`/services/${id}/routes`, { paths: ['/b'], protocols: ['http'] });
    await client.make(`/services/${id}/plugins`, { name, config, protocols: ['http'] });
  });

  test('a plugin of a missing service is a foreign key violation', async () => {
    const answer = await client.post('/plugins', { name, config, service: { id: randomUUID() } });
    assert.equal(field(answer.json, 'code'), 4);
  });

  test('auth_methods left out is refused, since the default needs what is not built', async () => {
    const answer = await client.post('/plugins', { name, config: { issuer: 'https://issuer.test' } });
    assert.equal(answer.status, 400);
    assert.ok(field(answer.json, 'fields.config.auth_methods') !== undefined, answer.text);
  });
}

function updateCases(client: Client): void {
  test('PATCH without a name merges into the stored configuration', async () => {
    const made = await client.make('/plugins', {
      name,
      config: { ...config, leeway: 7, scopes: ['a'] },
      service: { id: await service(client) },
    });
    const answer = await client.patch(`/plugins/${made.id}`, { config: { scopes: ['b'] } });
    assert.equal(answer.status, 200);
    assert.deepEqual(field(answer.json, 'config'), { ...Object(made['config']), scopes: ['b'] });
  });

  test('PATCH of config with null is refused', async () => {
    const made = await client.make('/plugins', { name, config, service: { id: await service(client) } });
    const answer = await client.patch(`/plugins/${made.id}`, { config: null });
    assert.equal(answer.status, 400);
    assert.deepEqual(field(answer.json, 'fields'), { config: 'required field missing' });
  });

  test('PATCH switches an entry off and on', async () => {
    const made = await client.make('/plugins', { name, config, service: { id: await service(client) } });
    assert.equal(row((await client.patch(`/plugins/${made.id}`, { enabled: false })).json)['enabled'], false);
    assert.equal(row((await client.patch(`/plugins/${made.id}`, { enabled: true })).json)['enabled'], true);
  });

  test('PATCH to an unknown plugin is refused', async () => {
    const made = await client.make('/plugins', { name, config, service: { id: await service(client) } });
    const answer = await client.patch(`/plugins/${made.id}`, { name: 'nope' });
    assert.equal(answer.status, 400);
    assert.match(String(field(answer.json, 'fields.name')), /not enabled/);
  });

  test('PUT of a plugin entry back gives the same configuration', async () => {
    const made = await client.make('/plugins', { name, config, service: { id: await service(client) } });
    const answer = await client.put(`/plugins/${made.id}`, made);
    assert.equal(answer.status, 200);
    assert.deepEqual({ ...row(answer.json), updated_at: 0 }, { ...made, updated_at: 0 });
  });

  test('PUT on an instance_name creates the entry', async () => {
    const instance_name = fresh('inst');
    const answer = await client.put(`/plugins/${instance_name}`, {
      name,
      config,
      service: { id: await service(client) },
    });
    assert.equal(answer.status, 200);
    assert.equal(row(answer.json)['instance_name'], instance_name);
  });
}

function lifeCases(client: Client): void {
  test('deleting a route deletes its plugins', async () => {
    const route = await client.make('/routes', { paths: ['/a'] });
    const plugin = await client.make(`/routes/${route.id}/plugins`, { name, config });
    assert.equal((await client.delete(`/routes/${route.id}`)).status, 204);
    assert.equal((await client.get(`/plugins/${plugin.id}`)).status, 404);
  });

  test('deleting a service without routes deletes its plugins', async () => {
    const id = await service(client);
    const plugin = await client.make(`/services/${id}/plugins`, { name, config });
    assert.equal((await client.delete(`/services/${id}`)).status, 204);
    assert.equal((await client.get(`/plugins/${plugin.id}`)).status, 404);
  });

  test('a deleted entry makes room for the same plugin', async () => {
    const id = await service(client);
    const first = await client.make(`/services/${id}/plugins`, { name, config });
    assert.equal((await client.delete(`/plugins/${first.id}`)).status, 204);
    await client.make(`/services/${id}/plugins`, { name, config });
  });
}
