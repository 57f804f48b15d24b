import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { type Client, field, fresh, row } from '../client.ts';

export function routeCases(client: Client): void {
  test('POST /routes fills the defaults of a route', async () => {
    const path = `/${fresh()}`;
    const {
      id: _id,
      created_at: _created,
      updated_at: _updated,
      ...rest
    } = await client.make('/routes', { paths: [path] });
    assert.deepEqual(rest, {
      name: null,
      protocols: ['http', 'https'],
      https_redirect_status_code: 426,
      strip_path: true,
      preserve_host: false,
      request_buffering: true,
      response_buffering: true,
      tags: null,
      service: null,
      snis: null,
      sources: null,
      destinations: null,
      methods: null,
      hosts: null,
      paths: [path],
      headers: null,
      regex_priority: 0,
      path_handling: 'v0',
    });
  });
  referenceCases(client);
  updateCases(client);
  validationCases(client);
}

function referenceCases(client: Client): void {
  test('a route refers to its service by id', async () => {
    const { id } = await client.make('/services', { host: 'h' });
    const made = await client.make('/routes', { paths: ['/a'], service: { id } });
    assert.deepEqual(made['service'], { id });
  });

  test('a reference by name is stored as the id', async () => {
    const { id, name } = await client.make('/services', { name: fresh('svc'), host: 'h' });
    const made = await client.make('/routes', { paths: ['/a'], service: { name } });
    assert.deepEqual(made['service'], { id });
  });

  test('a reference by a name that nothing has is code 13', async () => {
    const name = fresh('none');
    const answer = await client.post('/routes', { paths: ['/a'], service: { name } });
    assert.equal(answer.status, 400);
    const text = `the foreign key cannot be resolved with '{name="${name}"}' for an existing 'services' entity`;
    assert.deepEqual(answer.json, {
      code: 13,
      name: 'foreign keys unresolved',
      message: `foreign key unresolved (service.name: ${text})`,
      fields: { service: { name: text } },
    });
  });

  test('a reference to an id that does not exist is a foreign key violation', async () => {
    const id = randomUUID();
    const answer = await client.post('/routes', { paths: ['/a'], service: { id } });
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.json, {
      code: 4,
      name: 'foreign key violation',
      message: `the foreign key '{id="${id}"}' does not reference an existing 'services' entity.`,
      fields: { service: { id } },
    });
  });

  test('a reference that is a bare text lacks its primary key', async () => {
    const answer = await client.post('/routes', { paths: ['/a'], service: randomUUID() });
    assert.equal(answer.status, 400);
    assert.equal(field(answer.json, 'message'), 'schema violation (service.id: missing primary key)');
    assert.deepEqual(field(answer.json, 'fields'), { service: { id: 'missing primary key' } });
  });

  test('a reference with an id that is none is refused', async () => {
    const answer = await client.post('/routes', { paths: ['/a'], service: { id: 'x' } });
    assert.equal(answer.status, 400);
    assert.equal(field(answer.json, 'code'), 2);
  });

  test('a reference may not say two things', async () => {
    const { id } = await client.make('/services', { host: 'h' });
    const answer = await client.post('/routes', { paths: ['/a'], service: { id, name: 'other' } });
    assert.deepEqual(field(answer.json, 'fields'), { service: { name: 'unknown field' } });
  });

  test('PATCH with service null unlinks the route', async () => {
    const { id } = await client.make('/services', { host: 'h' });
    const made = await client.make(`/services/${id}/routes`, { paths: ['/a'] });
    assert.equal(row((await client.patch(`/routes/${made.id}`, { service: null })).json)['service'], null);
    assert.equal((await client.delete(`/services/${id}`)).status, 204);
  });
}

function updateCases(client: Client): void {
  test('arrays and maps are replaced by a PATCH', async () => {
    const made = await client.make('/routes', { paths: ['/a', '/b'], headers: { 'x-a': ['1'], 'x-b': ['2'] } });
    const answer = await client.patch(`/routes/${made.id}`, { paths: ['/c'], headers: { 'x-c': ['3'] } });
    assert.deepEqual([row(answer.json)['paths'], row(answer.json)['headers']], [['/c'], { 'x-c': ['3'] }]);
  });

  test('the order of paths is kept and duplicates in an array stay', async () => {
    const made = await client.make('/routes', { paths: ['/b', '/a', '/b'] });
    assert.deepEqual(made['paths'], ['/b', '/a', '/b']);
  });

  test('PATCH may not take the last matcher of a route away', async () => {
    const made = await client.make('/routes', { paths: ['/a'] });
    const answer = await client.patch(`/routes/${made.id}`, { paths: null });
    assert.equal(answer.status, 400);
    assert.ok(Array.isArray(field(answer.json, 'fields.@entity')));
  });
}

function validationCases(client: Client): void {
  const refused: readonly (readonly [what: string, body: object, message: RegExp])[] = [
    ['no matcher', {}, /must set one of 'methods', 'hosts', 'headers', 'paths', 'snis' when 'protocols' is 'https'/],
    [
      'no matcher for http alone',
      { protocols: ['http'] },
      /must set one of 'methods', 'hosts', 'headers', 'paths' when 'protocols' is 'http'/,
    ],
    [
      'a path without a slash',
      { paths: ['a'] },
      /paths\.1: should start with: \/ \(fixed path\) or ~\/ \(regex path\)/,
    ],
    ['a path that is not normalised', { paths: ['/a/../b'] }, /non-normalized path, consider use '\/b' instead/],
    ['a pattern that does not compile', { paths: ['~/a('] }, /invalid regex: '\/a\('/],
    ['methods in lower case', { methods: ['get'] }, /methods\.1: invalid value: get/],
    [
      'a header named host',
      { headers: { Host: ['a'] } },
      /cannot contain 'host' header, which must be specified in the 'hosts' attribute/,
    ],
    ['two wildcards in a host', { hosts: ['*.a.*'] }, /invalid wildcard: must have at most one wildcard/],
    [
      'a wildcard inside a host',
      { hosts: ['a.*.b'] },
      /invalid wildcard: must be placed at leftmost or rightmost label/,
    ],
    [
      'protocols of two families',
      { paths: ['/a'], protocols: ['http', 'tcp'] },
      /these sets are mutually exclusive: \('http', 'https'\), \('tcp', 'tls', 'udp'\)/,
    ],
    ['no protocols', { paths: ['/a'], protocols: [] }, /unknown type: nil/],
    ['an unknown protocol', { paths: ['/a'], protocols: ['foo'] }, /unknown type: foo/],
    [
      'a redirect status nobody has',
      { paths: ['/a'], https_redirect_status_code: 200 },
      /expected one of: 426, 301, 302, 307, 308/,
    ],
    ['a list as map', { headers: ['a'] }, /headers: expected a map/],
    ['null inside an array', { paths: ['/a', null] }, /paths\.2: /],
  ];
  for (const [what, body, message] of refused) {
    test(`a route with ${what} is refused with its text`, async () => {
      const answer = await client.post('/routes', body);
      assert.equal(answer.status, 400);
      assert.equal(field(answer.json, 'code'), 2);
      assert.match(String(field(answer.json, 'message')), message);
    });
  }

  test('faults of array elements are at their place in fields', async () => {
    const answer = await client.post('/routes', { paths: ['/a', 'b'] });
    const text = 'should start with: / (fixed path) or ~/ (regex path)';
    assert.deepEqual(field(answer.json, 'fields'), { paths: [null, text] });
  });
}
