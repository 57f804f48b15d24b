import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { type Client, field, fresh, row, uuid } from '../client.ts';

const defaults = {
  retries: 5,
  protocol: 'http',
  port: 80,
  path: null,
  connect_timeout: 60000,
  write_timeout: 60000,
  read_timeout: 60000,
  tags: null,
  client_certificate: null,
  tls_verify: null,
  tls_verify_depth: null,
  ca_certificates: null,
  enabled: true,
};

export function serviceCases(client: Client): void {
  createCases(client);
  readAndDeleteCases(client);
  putCases(client);
  patchCases(client);
  validationCases(client);
}

function createCases(client: Client): void {
  test('POST /services answers 201 with every field, defaults filled', async () => {
    const name = fresh('svc');
    const before = Math.floor(Date.now() / 1000);
    const answer = await client.post('/services', { name, host: 'example.com' });
    assert.equal(answer.status, 201);
    const { id, created_at, updated_at, ...rest } = row(answer.json);
    assert.match(id, uuid);
    assert.deepEqual(rest, { name, host: 'example.com', ...defaults });
    assert.ok(Number.isInteger(created_at) && Number(created_at) >= before);
    assert.equal(created_at, updated_at);
  });

  test('POST keeps an id that the client gives, in lower case', async () => {
    const id = randomUUID();
    const made = await client.make('/services', { id: id.toUpperCase(), host: 'example.com' });
    assert.equal(made.id, id);
    assert.equal((await client.get(`/services/${id.toUpperCase()}`)).status, 200);
  });

  test('a second POST with the same id is a primary key violation', async () => {
    const { id } = await client.make('/services', { host: 'example.com' });
    const answer = await client.post('/services', { id, host: 'example.com' });
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.json, {
      code: 3,
      name: 'primary key violation',
      message: `primary key violation on key '{id="${id}"}'`,
      fields: { id },
    });
  });

  test('a second POST with the same name is a unique constraint violation', async () => {
    const name = fresh('svc');
    await client.make('/services', { name, host: 'example.com' });
    const answer = await client.post('/services', { name, host: 'example.com' });
    assert.equal(answer.status, 409);
    assert.deepEqual(answer.json, {
      code: 5,
      name: 'unique constraint violation',
      message: `UNIQUE violation detected on '{name="${name}"}'`,
      fields: { name },
    });
  });

  test('url sets protocol, host, port and path and is not part of the answer', async () => {
    const made = await client.make('/services', { url: 'https://api.example.com/v1' });
    assert.deepEqual(
      [made['protocol'], made['host'], made['port'], made['path'], made['url']],
      ['https', 'api.example.com', 443, '/v1', undefined],
    );
  });

  test('url with a port overrides a port sent beside it', async () => {
    const made = await client.make('/services', { url: 'http://api.example.com:8080', port: 81 });
    assert.deepEqual([made['port'], made['path']], [8080, null]);
  });

  test('duplicate tags are removed and their order is kept', async () => {
    const made = await client.make('/services', { host: 'h', tags: ['b', 'a', 'b'] });
    assert.deepEqual(made['tags'], ['b', 'a']);
  });

  test('null means the default where there is one', async () => {
    const made = await client.make('/services', { host: 'h', retries: null, name: null });
    assert.deepEqual([made['retries'], made['name']], [5, null]);
  });

  test('created_at can be sent, updated_at is overwritten', async () => {
    const made = await client.make('/services', { host: 'h', created_at: 1000, updated_at: 1000 });
    assert.equal(made['created_at'], 1000);
    assert.ok(Number(made['updated_at']) > 1_600_000_000);
  });

  test('names may hold anything beyond ASCII', async () => {
    const name = `${fresh('svc')}-été-世界`;
    await client.make('/services', { name, host: 'h' });
    assert.equal((await client.get(`/services/${encodeURIComponent(name)}`)).status, 200);
  });
}

function readAndDeleteCases(client: Client): void {
  test('GET finds an entity by id and by name', async () => {
    const made = await client.make('/services', { name: fresh('svc'), host: 'h' });
    assert.deepEqual((await client.get(`/services/${made.id}`)).json, made);
    assert.deepEqual((await client.get(`/services/${made['name']}`)).json, made);
  });

  test('GET of a missing entity is the short 404', async () => {
    for (const key of [randomUUID(), fresh('none')]) {
      const answer = await client.get(`/services/${key}`);
      assert.equal(answer.status, 404);
      assert.deepEqual(answer.json, { message: 'Not found' });
    }
  });

  test('a name in the path that no entity can have is code 10', async () => {
    const answer = await client.get('/services/a%20b');
    assert.equal(answer.status, 400);
    const text = "invalid value 'a b': the only accepted ascii characters are alphanumerics or ., -, _, and ~";
    assert.deepEqual(answer.json, { code: 10, name: 'invalid unique name', message: text, fields: { name: text } });
  });

  test('DELETE answers 204 without a body and the entity is gone', async () => {
    const { id } = await client.make('/services', { host: 'h' });
    const answer = await client.delete(`/services/${id}`);
    assert.equal(answer.status, 204);
    assert.equal(answer.text, '');
    assert.equal(answer.headers['content-type'], undefined);
    assert.equal((await client.get(`/services/${id}`)).status, 404);
  });

  test('DELETE works by name', async () => {
    const { id, name } = await client.make('/services', { name: fresh('svc'), host: 'h' });
    assert.equal((await client.delete(`/services/${name}`)).status, 204);
    assert.equal((await client.get(`/services/${id}`)).status, 404);
  });

  test('DELETE of what does not exist is 204', async () => {
    assert.equal((await client.delete(`/services/${randomUUID()}`)).status, 204);
    assert.equal((await client.delete(`/services/${fresh('none')}`)).status, 204);
  });

  test('a service with routes cannot be deleted', async () => {
    const { id } = await client.make('/services', { host: 'h' });
    await client.make(`/services/${id}/routes`, { paths: [`/${fresh()}`] });
    const answer = await client.delete(`/services/${id}`);
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.json, {
      code: 4,
      name: 'foreign key violation',
      message: "an existing 'routes' entity references this 'services' entity",
      fields: { '@referenced_by': 'routes' },
    });
  });
}

function putCases(client: Client): void {
  test('PUT by id creates with that id and answers 200', async () => {
    const id = randomUUID();
    const answer = await client.put(`/services/${id}`, { host: 'h' });
    assert.equal(answer.status, 200);
    assert.equal(row(answer.json).id, id);
  });

  test('PUT replaces: what is not sent returns to its default', async () => {
    const made = await client.make('/services', { name: fresh('svc'), host: 'h', retries: 1, tags: ['a'] });
    const answer = await client.put(`/services/${made.id}`, { host: 'other' });
    assert.equal(answer.status, 200);
    const { host, name, retries, tags } = row(answer.json);
    assert.deepEqual({ host, name, retries, tags }, { host: 'other', name: null, retries: 5, tags: null });
  });

  test('PUT by name creates with a new id', async () => {
    const name = fresh('svc');
    const answer = await client.put(`/services/${name}`, { host: 'h' });
    assert.equal(answer.status, 200);
    assert.equal(row(answer.json)['name'], name);
    assert.match(row(answer.json).id, uuid);
  });

  test('PUT by name keeps the id of an existing entity, also when the body has another', async () => {
    const made = await client.make('/services', { name: fresh('svc'), host: 'h' });
    const answer = await client.put(`/services/${made['name']}`, { id: randomUUID(), host: 'other' });
    assert.equal(answer.status, 200);
    assert.equal(row(answer.json).id, made.id);
  });

  test('the path decides over an id or name in the body of a PUT', async () => {
    const id = randomUUID();
    assert.equal(row((await client.put(`/services/${id}`, { id: randomUUID(), host: 'h' })).json).id, id);
    const name = fresh('svc');
    assert.equal(row((await client.put(`/services/${name}`, { name: 'other', host: 'h' })).json)['name'], name);
  });

  test('PUT without created_at sets it anew, with it keeps it', async () => {
    const made = await client.make('/services', { host: 'h', created_at: 1000 });
    const kept = await client.put(`/services/${made.id}`, { host: 'h', created_at: 1000 });
    assert.equal(row(kept.json)['created_at'], 1000);
    const reset = await client.put(`/services/${made.id}`, { host: 'h' });
    assert.ok(Number(row(reset.json)['created_at']) > 1000);
  });

  test('PUT of an answer gives the same answer', async () => {
    const made = await client.make('/services', {
      name: fresh('svc'),
      url: 'https://h/p',
      tags: ['b', 'a'],
      retries: 0,
    });
    const { updated_at: _before, ...same } = made;
    const { updated_at: _after, ...answered } = row((await client.put(`/services/${made.id}`, made)).json);
    assert.deepEqual(answered, same);
  });

  test('PUT under the name of another entity is a unique constraint violation', async () => {
    const { name } = await client.make('/services', { name: fresh('svc'), host: 'h' });
    const answer = await client.put(`/services/${randomUUID()}`, { name, host: 'h' });
    assert.equal(answer.status, 409);
    assert.equal(field(answer.json, 'code'), 5);
  });
}

function patchCases(client: Client): void {
  test('PATCH changes what is sent and keeps the rest', async () => {
    const made = await client.make('/services', { name: fresh('svc'), host: 'h', created_at: 1000 });
    const answer = await client.patch(`/services/${made['name']}`, { retries: 0 });
    assert.equal(answer.status, 200);
    assert.deepEqual({ ...row(answer.json), updated_at: 0 }, { ...made, retries: 0, updated_at: 0 });
  });

  test('PATCH with null clears an optional field', async () => {
    const made = await client.make('/services', { name: fresh('svc'), host: 'h', path: '/a', tags: ['a'] });
    const answer = await client.patch(`/services/${made.id}`, { path: null, tags: null });
    assert.deepEqual([row(answer.json)['path'], row(answer.json)['tags']], [null, null]);
  });

  test('PATCH replaces a set as a whole', async () => {
    const made = await client.make('/services', { host: 'h', tags: ['a', 'b'] });
    assert.deepEqual(row((await client.patch(`/services/${made.id}`, { tags: ['c'] })).json)['tags'], ['c']);
  });

  test('PATCH with an url sets its parts', async () => {
    const made = await client.make('/services', { url: 'http://h/p' });
    const { protocol, host, port, path } = row((await client.patch(`/services/${made.id}`, { url: 'https://i' })).json);
    assert.deepEqual([protocol, host, port, path], ['https', 'i', 443, null]);
  });

  test('PATCH of null for a required field is refused', async () => {
    const made = await client.make('/services', { host: 'h' });
    const answer = await client.patch(`/services/${made.id}`, { host: null });
    assert.equal(answer.status, 400);
    assert.deepEqual(field(answer.json, 'fields'), { host: 'required field missing' });
  });

  test('PATCH of a missing entity is 404 with code 6', async () => {
    const id = randomUUID();
    const byId = await client.patch(`/services/${id}`, { retries: 1 });
    assert.equal(byId.status, 404);
    assert.deepEqual(byId.json, {
      code: 6,
      name: 'not found',
      message: `could not find the entity with primary key '{id="${id}"}'`,
      fields: { id },
    });
    const name = fresh('none');
    const byName = await client.patch(`/services/${name}`, { retries: 1 });
    assert.equal(field(byName.json, 'message'), `could not find the entity with '{name="${name}"}'`);
  });

  test('PATCH of the whole entity back is accepted', async () => {
    const made = await client.make('/services', { name: fresh('svc'), host: 'h' });
    const answer = await client.patch(`/services/${made.id}`, { ...made, enabled: false });
    assert.equal(answer.status, 200);
    assert.equal(row(answer.json)['enabled'], false);
  });

  test('PATCH cannot give an entity another id', async () => {
    const made = await client.make('/services', { host: 'h' });
    const answer = await client.patch(`/services/${made.id}`, { id: randomUUID() });
    assert.equal(answer.status, 400);
    assert.equal((await client.get(`/services/${made.id}`)).status, 200);
  });

  test('a refused PATCH changes nothing', async () => {
    const made = await client.make('/services', { host: 'h' });
    await client.patch(`/services/${made.id}`, { retries: 7, port: 'x' });
    assert.deepEqual((await client.get(`/services/${made.id}`)).json, made);
  });

  test('an empty PATCH only touches updated_at', async () => {
    const made = await client.make('/services', { host: 'h' });
    const answer = await client.patch(`/services/${made.id}`);
    assert.equal(answer.status, 200);
    assert.deepEqual({ ...row(answer.json), updated_at: 0 }, { ...made, updated_at: 0 });
  });
}

function validationCases(client: Client): void {
  const refused: readonly (readonly [what: string, body: object, fields: object])[] = [
    ['a missing host', {}, { host: 'required field missing' }],
    ['an unknown field', { host: 'h', foo: 1 }, { foo: 'unknown field' }],
    ['a number as name', { host: 'h', name: 1 }, { name: 'expected a string' }],
    ['a text as number', { host: 'h', retries: 'x' }, { retries: 'expected an integer' }],
    ['a fraction as integer', { host: 'h', retries: 1.5 }, { retries: 'expected an integer' }],
    ['a text as boolean', { host: 'h', enabled: 'true' }, { enabled: 'expected a boolean' }],
    ['a text as set', { host: 'h', tags: 'a' }, { tags: 'expected a set' }],
    ['a number inside a set', { host: 'h', tags: ['a', 1] }, { tags: [null, 'expected a string'] }],
    ['an empty name', { host: 'h', name: '' }, { name: 'length must be at least 1' }],
    ['a port out of range', { host: 'h', port: 65536 }, { port: 'value should be between 0 and 65535' }],
    ['too many retries', { host: 'h', retries: 32768 }, { retries: 'value should be between 0 and 32767' }],
    [
      'a time-out of zero',
      { host: 'h', read_timeout: 0 },
      { read_timeout: 'value should be between 1 and 2147483646' },
    ],
    ['a path without a slash', { host: 'h', path: 'a' }, { path: 'should start with: /' }],
    ['a path with empty segments', { host: 'h', path: '/a//b' }, { path: 'must not have empty segments' }],
    [
      'a path with a space',
      { host: 'h', path: '/a b' },
      { path: "invalid path: '/a b' (characters outside of the reserved list of RFC 3986 found)" },
    ],
    ['a broken escape in a path', { host: 'h', path: '/%zz' }, { path: "invalid url-encoded value: '%zz'" }],
    ['a host with a port', { host: 'h:80' }, { host: 'must not have a port' }],
    ['a host with a space', { host: 'a b' }, { host: 'invalid value: a b' }],
    [
      'a tag with a comma',
      { host: 'h', tags: ['a,b'] },
      { tags: ["invalid tag 'a,b': expected printable ascii (except `,` and `/`) or valid utf-8 sequences"] },
    ],
    ['an id that is none', { host: 'h', id: 'x' }, { id: 'expected a valid UUID' }],
    ['a protocol nobody knows', { host: 'h', protocol: 'foo' }, { protocol: /^expected one of: / }],
    ['an object as text', { host: {} }, { host: 'expected a string' }],
  ];
  for (const [what, body, fields] of refused) {
    test(`a service with ${what} is refused and the field is named`, async () => {
      const answer = await client.post('/services', body);
      assert.equal(answer.status, 400);
      assert.equal(field(answer.json, 'code'), 2);
      assert.equal(field(answer.json, 'name'), 'schema violation');
      for (const [name, expected] of Object.entries(fields)) {
        const text = field(answer.json, `fields.${name}`);
        if (expected instanceof RegExp) assert.match(String(text), expected);
        else assert.deepEqual(text, expected);
      }
      assert.deepEqual(Object.keys(Object(field(answer.json, 'fields'))), Object.keys(fields));
    });
  }

  test('the message of one fault names the field', async () => {
    const answer = await client.post('/services', {});
    assert.equal(field(answer.json, 'message'), 'schema violation (host: required field missing)');
  });

  test('every fault is reported at once, sorted by field', async () => {
    const answer = await client.post('/services', { retries: 'x', foo: 1 });
    assert.equal(
      field(answer.json, 'message'),
      '3 schema violations (foo: unknown field; host: required field missing; retries: expected an integer)',
    );
  });

  test('a protocol this version does not proxy is refused by name', async () => {
    const answer = await client.post('/services', { host: 'h', protocol: 'tcp' });
    assert.equal(answer.status, 400);
    assert.match(String(field(answer.json, 'fields.protocol')), /tcp/);
  });
}
