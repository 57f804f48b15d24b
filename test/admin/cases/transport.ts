import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, field, fresh } from '../client.ts';

export function transportCases(client: Client): void {
  headerCases(client);
  methodCases(client);
  bodyCases(client);
  pathCases(client);
}

function headerCases(client: Client): void {
  test('every answer says who served it and how long it took', async () => {
    for (const path of ['/', '/nope', '/services?size=x']) {
      const { headers } = await client.get(path);
      assert.match(String(headers['server']), /^sallyport\/\d/);
      assert.match(String(headers['x-kong-admin-latency']), /^\d+$/);
      assert.equal(headers['content-type'], 'application/json; charset=utf-8');
      assert.match(String(headers['content-length']), /^\d+$/);
      assert.ok(headers.date !== undefined);
    }
  });

  test('answers are kept by no cache and guessed at by no browser', async () => {
    const { headers } = await client.get('/');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['x-content-type-options'], 'nosniff');
  });
}

function methodCases(client: Client): void {
  test('HEAD answers like GET without a body', async () => {
    const { id } = await client.make('/services', { host: 'h' });
    const got = await client.get(`/services/${id}`);
    const head = await client.call('HEAD', `/services/${id}`);
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
    assert.equal(head.headers['content-length'], got.headers['content-length']);
    assert.equal((await client.call('HEAD', `/services/${fresh('none')}`)).status, 404);
  });

  const allowed = {
    '/services': 'GET, HEAD, OPTIONS, POST',
    '/services/x': 'DELETE, GET, HEAD, OPTIONS, PATCH, PUT',
    '/routes/x/service': 'DELETE, GET, HEAD, OPTIONS, PATCH, PUT',
    '/': 'GET, HEAD, OPTIONS',
    '/schemas/services/validate': 'OPTIONS, POST',
  };
  for (const [path, methods] of Object.entries(allowed)) {
    test(`OPTIONS ${path} answers 204 with its methods`, async () => {
      const answer = await client.call('OPTIONS', path);
      assert.equal(answer.status, 204);
      assert.equal(answer.text, '');
      assert.equal(answer.headers.allow, methods);
      assert.equal(answer.headers['access-control-allow-methods'], methods);
      assert.equal(answer.headers['access-control-allow-headers'], 'Content-Type');
    });
  }

  test('OPTIONS repeats the headers a page asks for', async () => {
    const answer = await client.call('OPTIONS', '/services', undefined, {
      'access-control-request-headers': 'x-a, x-b',
    });
    assert.equal(answer.headers['access-control-allow-headers'], 'x-a, x-b');
  });

  test('another method on a known path is 405', async () => {
    for (const [method, path] of [
      ['DELETE', '/services'],
      ['POST', '/'],
      ['PATCH', '/status'],
      ['PUT', '/routes'],
      ['GET', '/schemas/services/validate'],
    ] as const) {
      const answer = await client.call(method, path);
      assert.equal(answer.status, 405, `${method} ${path}`);
      assert.deepEqual(answer.json, { message: 'Method not allowed' });
    }
  });

  test('methods nobody knows are 405 too', async () => {
    assert.equal((await client.call('PROPFIND', '/services')).status, 405);
  });
}

function bodyCases(client: Client): void {
  test('a body without Content-Type is 415 with an empty body', async () => {
    const answer = await client.raw('POST', '/services', 'host=h', {});
    assert.equal(answer.status, 415);
    assert.equal(answer.text, '');
  });

  for (const type of ['text/plain', 'application/xml', 'Application/json', 'text/yaml']) {
    test(`a body of type ${type} is 415 with an empty body`, async () => {
      const answer = await client.raw('POST', '/services', '{"host":"h"}', { 'content-type': type });
      assert.equal(answer.status, 415);
      assert.equal(answer.text, '');
    });
  }

  test('a multipart body is a form, files included', async () => {
    const form = new FormData();
    form.append('url', new File(['http://h/p'], 'url.txt'));
    form.append('tags[]', 'x');
    form.append('tags[]', 'y');
    const sent = new Response(form);
    const headers = { 'content-type': sent.headers.get('content-type') ?? '' };
    const answer = await client.raw('POST', '/services', new Uint8Array(await sent.arrayBuffer()), headers);
    assert.equal(answer.status, 201, answer.text);
    assert.deepEqual([field(answer.json, 'path'), field(answer.json, 'tags')], ['/p', ['x', 'y']]);
  });

  test('a multipart body that breaks off is refused', async () => {
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    const answer = await client.raw('POST', '/services', '--x\r\nContent-Disp', headers);
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.json, { message: 'Cannot parse multipart body' });
  });

  test('no body and no Content-Type count as no fields', async () => {
    const answer = await client.raw('POST', '/services', undefined, {});
    assert.equal(answer.status, 400);
    assert.equal(field(answer.json, 'message'), 'schema violation (host: required field missing)');
  });

  for (const text of ['', '{', '[]', '"x"', 'null', '1', '{"host":"h"}x', `${'{"a":'.repeat(70)}1${'}'.repeat(70)}`]) {
    test(`the JSON body ${text.slice(0, 12)} cannot be parsed into fields`, async () => {
      const answer = await client.raw('POST', '/services', text, { 'content-type': 'application/json' });
      assert.equal(answer.status, 400);
      assert.deepEqual(answer.json, { message: 'Cannot parse JSON body' });
    });
  }

  test('a charset after the type is accepted', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    assert.equal((await client.raw('POST', '/services', '{"host":"h"}', headers)).status, 201);
  });

  test('JSON that is not UTF-8 cannot be parsed', async () => {
    const bytes = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    const answer = await client.raw('POST', '/services', bytes, { 'content-type': 'application/json' });
    assert.equal(answer.status, 400);
  });

  test('more than 1000 form arguments are too many', async () => {
    const form = (count: number) => `host=h${'&tags=a'.repeat(count - 1)}`;
    const answer = await client.post('/services', form(1001));
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.json, { message: 'Too many arguments' });
    assert.equal((await client.post('/services', form(1000))).status, 201);
  });

  test('more than 1000 query arguments are too many', async () => {
    const answer = await client.get(`/services?${'a=1&'.repeat(1001)}`);
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.json, { message: 'Too many arguments' });
  });

  test('a body over 10 MiB is 413', async () => {
    const answer = await client.post('/services', { host: 'h', name: 'x'.repeat(10 * 1024 * 1024) });
    assert.equal(answer.status, 413);
    assert.equal((await client.get('/services?size=1')).status, 200);
  });

  test('members named like parts of a prototype are unknown fields', async () => {
    const text = '{"host":"h","__proto__":{"a":1},"constructor":1}';
    const answer = await client.raw('POST', '/services', text, { 'content-type': 'application/json' });
    assert.equal(answer.status, 400);
    assert.match(String(field(answer.json, 'message')), /__proto__: unknown field.*constructor: unknown field/);
  });

  test('the body of a GET is not looked at', async () => {
    const answer = await client.raw('GET', '/services?size=1', 'anything', { 'content-type': 'text/plain' });
    assert.equal(answer.status, 200);
  });
}

function pathCases(client: Client): void {
  test('an unknown path is 404', async () => {
    for (const path of ['/nope', '/services/a/b', '/workspaces', '/consumer_groups', '/services/a/routes/b/c']) {
      const answer = await client.get(path);
      assert.equal(answer.status, 404, path);
      assert.deepEqual(answer.json, { message: 'Not found' });
    }
  });

  test('a trailing slash changes nothing', async () => {
    const { id } = await client.make('/services', { host: 'h' });
    for (const path of ['/services/', `/services/${id}/`, '/status/'])
      assert.equal((await client.get(path)).status, 200, path);
  });

  test('the same API answers under /kong-admin', async () => {
    const name = fresh('svc');
    assert.equal((await client.post('/kong-admin/services', `name=${name}&host=h`)).status, 201);
    assert.equal((await client.get(`/kong-admin/services/${name}`)).status, 200);
    assert.equal((await client.get(`/services/${name}`)).status, 200);
    for (const path of ['/kong-admin', '/kong-admin/']) {
      assert.match(String(field((await client.get(path)).json, 'version')), /^3\./);
    }
    assert.equal((await client.get('/kong-administration')).status, 404);
    assert.equal((await client.get('/kong-admin/kong-admin/services')).status, 404);
  });

  test('path parameters are percent-decoded once', async () => {
    const username = fresh('50%25');
    await client.make('/consumers', { username });
    assert.equal((await client.get(`/consumers/${encodeURIComponent(username)}`)).status, 200);
    assert.equal((await client.get(`/consumers/${username}`)).status, 404);
  });

  test('a path that is not UTF-8 is 400', async () => {
    assert.equal((await client.get('/services/%ff')).status, 400);
  });

  test('an absolute request target is refused', async () => {
    assert.equal((await client.get('http://localhost/services')).status, 400);
  });
}
