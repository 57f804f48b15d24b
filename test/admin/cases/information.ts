import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, field, fresh } from '../client.ts';
import { config } from './plugins.ts';

export function informationCases(client: Client): void {
  nodeCases(client);
  schemaCases(client);
  kindSchemaCases(client);
  validateCases(client);
  decisionCases(client);
}

const endpoints = [
  '/',
  '/endpoints',
  '/services/{services}/plugins/{plugins}',
  '/services/{services}/client_certificate',
  '/routes/{routes}/service',
  '/upstreams/{upstreams}/targets/all',
  '/upstreams/{upstreams}/targets/{targets}/{address}/healthy',
  '/upstreams/{upstreams}/client_certificate',
  '/upstreams/{upstreams}/health',
  '/certificates/{certificates}/snis/{snis}',
  '/certificates/{certificates}/services/{services}',
  '/certificates/{certificates}/upstreams/{upstreams}',
  '/ca_certificates/{ca_certificates}',
  '/consumers/{consumers}/key-auth/{keyauth_credentials}',
  '/key-auths/{keyauth_credentials}/consumer',
  '/consumers/{consumers}/acls/{acls}',
  '/acls/{acls}/consumer',
];

function nodeCases(client: Client): void {
  test('GET / tells a Kong version of three numbers, our own version and the plugins', async () => {
    const { status, json } = await client.get('/');
    assert.equal(status, 200);
    assert.match(String(field(json, 'version')), /^3\.9\.\d+$/);
    assert.match(String(field(json, 'sallyport_version')), /^\d+\.\d+\.\d+/);
    assert.equal(field(json, 'edition'), 'community');
    for (const name of ['hostname', 'node_id', 'tagline', 'pids', 'timers'])
      assert.ok(field(json, name) !== undefined, name);
    const plugin = field(json, 'plugins.available_on_server.openid-connect');
    assert.deepEqual(Object.keys(Object(plugin)), ['version', 'priority']);
    assert.ok(['sqlite', 'off'].includes(String(field(json, 'configuration.database'))));
  });

  test('a plugin in use is listed as enabled in the cluster', async () => {
    const service = await client.make('/services', { host: 'h' });
    await client.make(`/services/${service.id}/plugins`, { name: 'openid-connect', config });
    assert.deepEqual(field((await client.get('/')).json, 'plugins.enabled_in_cluster'), ['openid-connect']);
  });

  test('GET /status has the shape that clients of Kong read', async () => {
    const { status, json } = await client.get('/status');
    assert.equal(status, 200);
    for (const name of ['accepted', 'active', 'handled', 'reading', 'waiting', 'writing']) {
      assert.equal(typeof field(json, `server.connections_${name}`), 'number', name);
    }
    assert.equal(typeof field(json, 'server.total_requests'), 'number');
    assert.deepEqual(field(json, 'database'), { reachable: true });
    assert.ok(Array.isArray(field(json, 'memory.workers_lua_vms')));
  });

  test('GET /status takes units b, k, m and g and refuses others', async () => {
    for (const unit of ['b', 'k', 'm', 'g', 'K']) assert.equal((await client.get(`/status?unit=${unit}`)).status, 200);
    for (const query of ['unit=x', 'unit=', 'scale=x', 'scale=-1']) {
      assert.equal((await client.get(`/status?${query}`)).status, 400, query);
    }
  });

  test('GET /endpoints lists every path sorted, parameters in braces', async () => {
    const data = field((await client.get('/endpoints')).json, 'data');
    assert.ok(Array.isArray(data));
    for (const path of endpoints) assert.ok(data.includes(path), path);
    for (const path of ['/targets', '/snis/{snis}/certificate', '/services/{services}/ca_certificates']) {
      assert.ok(!data.includes(path), path);
    }
    assert.deepEqual(data, [...data].sort());
  });

  test('GET /plugins/enabled names the plugins', async () => {
    const names = field((await client.get('/plugins/enabled')).json, 'enabled_plugins');
    const available = field((await client.get('/')).json, 'plugins.available_on_server');
    assert.deepEqual(names, Object.keys(Object(available)).sort());
    assert.ok(Array.isArray(names) && names.includes('openid-connect'));
  });

  test('/robots.txt turns crawlers away', async () => {
    const answer = await client.get('/robots.txt');
    assert.equal(answer.status, 200);
    assert.match(String(answer.headers['content-type']), /^text\/plain/);
    assert.match(answer.text, /Disallow: \//);
  });

  test('/config is for nodes without a database', async () => {
    for (const method of ['GET', 'POST']) {
      const answer = await client.call(method, '/config');
      assert.equal(answer.status, 400);
      assert.match(
        String(field(answer.json, 'message')),
        /only available when Kong is configured to not use a database/,
      );
    }
  });
}

function schemaCases(client: Client): void {
  for (const entity of ['services', 'routes', 'consumers', 'plugins']) {
    test(`GET /schemas/${entity} lists its fields in order, one to an object`, async () => {
      const answer = await client.get(`/schemas/${entity}`);
      assert.equal(answer.status, 200);
      const fields = field(answer.json, 'fields');
      assert.ok(Array.isArray(fields));
      assert.deepEqual(Object.keys(fields[0]), ['id']);
      assert.equal(field(fields[0], 'id.type'), 'string');
      assert.ok(fields.every((one) => Object.keys(one).length === 1));
      assert.ok(Array.isArray(field(answer.json, 'entity_checks')));
    });
  }

  test('a foreign field of a schema names what it refers to', async () => {
    const fields = field((await client.get('/schemas/routes')).json, 'fields');
    assert.ok(Array.isArray(fields));
    const service = fields.find((one) => Object.hasOwn(one, 'service'));
    assert.deepEqual([field(service, 'service.type'), field(service, 'service.reference')], ['foreign', 'services']);
  });

  test('GET /schemas of an unknown entity is 404 with its name', async () => {
    const answer = await client.get('/schemas/nope');
    assert.equal(answer.status, 404);
    assert.deepEqual(answer.json, { message: "No entity named 'nope'" });
  });

  test('GET /schemas/plugins/{name} has consumer pinned to null, protocols and config', async () => {
    const answer = await client.get('/schemas/plugins/openid-connect');
    assert.equal(answer.status, 200);
    const fields = field(answer.json, 'fields');
    assert.ok(Array.isArray(fields));
    assert.deepEqual(
      fields.map((one) => Object.keys(one)[0]),
      ['consumer', 'protocols', 'config'],
    );
    assert.equal(field(fields[0], 'consumer.eq'), null);
    assert.equal(field(fields[2], 'config.type'), 'record');
    const inner = field(fields[2], 'config.fields');
    assert.ok(Array.isArray(inner) && inner.length > 100);
  });

  test('GET /schemas/plugins of an unknown plugin is 404 with its name', async () => {
    assert.deepEqual((await client.get('/schemas/plugins/nope')).json, { message: "No plugin named 'nope'" });
  });

  test('GET /plugins/schema/{name} has the configuration alone', async () => {
    const answer = await client.get('/plugins/schema/openid-connect');
    const fields = field(answer.json, 'fields');
    assert.ok(Array.isArray(fields));
    assert.ok(fields.some((one) => Object.hasOwn(one, 'issuer')));
    assert.equal((await client.get('/plugins/schema/nope')).status, 404);
  });
}

function kindSchemaCases(client: Client): void {
  test('every kind has its schema, defaults of nested records included', async () => {
    const kinds = 'upstreams targets certificates snis ca_certificates keyauth_credentials acls'.split(' ');
    for (const kind of kinds) assert.equal((await client.get(`/schemas/${kind}`)).status, 200, kind);
    const { json } = await client.get('/schemas/upstreams');
    const fields = field(json, 'fields');
    const healthchecks = Array.isArray(fields) ? fields.find((one) => Object.hasOwn(one, 'healthchecks')) : undefined;
    assert.deepEqual(field(healthchecks, 'healthchecks.default.active.healthy.http_statuses'), [200, 302]);
  });

  test('ttl is no field of the schema of keys, snis one of that of certificates', async () => {
    const names = async (kind: string) => {
      const fields = field((await client.get(`/schemas/${kind}`)).json, 'fields');
      return Array.isArray(fields) ? fields.flatMap((one) => Object.keys(one)) : [];
    };
    assert.deepEqual(await names('keyauth_credentials'), ['id', 'created_at', 'consumer', 'key', 'tags']);
    assert.ok((await names('certificates')).includes('snis'));
  });

  test('bodies of the new kinds are validated without being stored', async () => {
    const good = await client.post('/schemas/upstreams/validate', { name: 'u', hash_on: 'ip' });
    assert.deepEqual([good.status, good.json], [200, { message: 'schema validation successful' }]);
    const bad = await client.post('/schemas/targets/validate', { target: 'a b' });
    assert.deepEqual(Object.keys(Object(field(bad.json, 'fields'))).sort(), ['target', 'upstream']);
  });
}

function validateCases(client: Client): void {
  test('a valid entity passes validation and is not stored', async () => {
    const name = fresh('svc');
    const answer = await client.post('/schemas/services/validate', { name, host: 'h' });
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json, { message: 'schema validation successful' });
    assert.equal((await client.get(`/services/${name}`)).status, 404);
  });

  test('an invalid entity fails validation with code 2', async () => {
    const answer = await client.post('/schemas/services/validate', { host: 1 });
    assert.equal(answer.status, 400);
    assert.deepEqual(field(answer.json, 'fields'), { host: 'expected a string' });
  });

  test('validation looks neither at uniqueness nor at references', async () => {
    const { name } = await client.make('/services', { name: fresh('svc'), host: 'h' });
    assert.equal((await client.post('/schemas/services/validate', { name, host: 'h' })).status, 200);
    const id = '00000000-0000-4000-8000-000000000000';
    assert.equal((await client.post('/schemas/routes/validate', { paths: ['/a'], service: { id } })).status, 200);
  });

  test('a plugin is validated with its configuration', async () => {
    const good = await client.post('/schemas/plugins/validate', { name: 'openid-connect', config });
    assert.equal(good.status, 200, good.text);
    const bad = await client.post('/schemas/plugins/validate', { name: 'openid-connect', config: { issuer: 1 } });
    assert.equal(field(bad.json, 'fields.config.issuer'), 'expected a string');
  });

  test('validation of an unknown entity is 404', async () => {
    assert.equal((await client.post('/schemas/nope/validate', {})).status, 404);
  });
}

function decisionCases(client: Client): void {
  test('a decision nobody made is 404', async () => {
    const answer = await client.get(`/decisions/${fresh('id')}`);
    assert.equal(answer.status, 404);
    assert.deepEqual(answer.json, { message: 'Not found' });
  });

  test('the list of decisions has data', async () => {
    for (const query of ['', '?verdict=refused', '?verdict=allowed&size=1', '?size=1000']) {
      const answer = await client.get(`/decisions${query}`);
      assert.equal(answer.status, 200, query);
      assert.ok(Array.isArray(field(answer.json, 'data')));
    }
  });

  const refused = {
    'verdict=x': 'verdict',
    'verdict=': 'verdict',
    'size=0': 'size',
    'size=1001': 'size',
    'size=x': 'size',
    'size=': 'size',
    'size=1&size=2': 'size',
    'sice=1': 'sice',
  };
  for (const [query, name] of Object.entries(refused)) {
    test(`decisions with ${query} are refused, naming ${name}`, async () => {
      const answer = await client.get(`/decisions?${query}`);
      assert.equal(answer.status, 400);
      assert.match(String(field(answer.json, 'message')), new RegExp(name));
    });
  }
}
