import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, field, fresh, row } from '../client.ts';

export function formCases(client: Client): void {
  valueCases(client);
  nestingCases(client);
  pluginCases(client);
}

function valueCases(client: Client): void {
  const sets: readonly (readonly [what: string, form: string, tags: unknown])[] = [
    ['a single value becomes a list of one', 'tags=x', ['x']],
    ['a repeated name makes a list', 'tags=x&tags=y', ['x', 'y']],
    ['empty brackets make a list', 'tags[]=x&tags[]=y', ['x', 'y']],
    ['encoded brackets count like brackets', 'tags%5B%5D=x', ['x']],
    ['indices from 1 give the position whatever the order', 'tags[2]=y&tags[1]=x', ['x', 'y']],
    ['a plus is a space and an escape is decoded', 'tags=a+b%20c', ['a b c']],
    ['an empty value means null', 'tags=', null],
    ['index 0 is lost', 'tags[0]=x', null],
  ];
  for (const [what, form, tags] of sets) {
    test(`in a form ${what}`, async () => {
      const made = await client.make('/services', `host=h&${form}`);
      assert.deepEqual(made['tags'], tags);
    });
  }

  const refused: readonly (readonly [what: string, form: string, path: string, text: string])[] = [
    ['a list with a hole is no set', 'host=h&tags[3]=x', 'tags', 'expected a set'],
    ['a name without = is true, which is no text', 'host=h&name', 'name', 'expected a string'],
    ['a text that is no number stays a text', 'host=h&retries=many', 'retries', 'expected an integer'],
    ['a fraction is no integer', 'host=h&retries=1.5', 'retries', 'expected an integer'],
    ['only true and false are booleans', 'host=h&enabled=yes', 'enabled', 'expected a boolean'],
    ['an unknown name is an unknown field', 'host=h&foo.bar=1', 'foo', 'unknown field'],
    ['an empty required field is missing', 'host=', 'host', 'required field missing'],
  ];
  for (const [what, form, path, text] of refused) {
    test(`in a form ${what}`, async () => {
      const answer = await client.post('/services', form);
      assert.equal(answer.status, 400);
      assert.equal(field(answer.json, `fields.${path}`), text);
    });
  }

  test('a comma list in a form is one value', async () => {
    const made = await client.make('/routes', 'paths=/a,b');
    assert.deepEqual(made['paths'], ['/a,b']);
  });

  test('numbers and booleans of a form get their types', async () => {
    const made = await client.make('/services', 'host=h&port=8080&retries=0&enabled=false');
    assert.deepEqual([made['port'], made['retries'], made['enabled']], [8080, 0, false]);
  });

  test('a digits-only text field of a form stays a text', async () => {
    const username = String(Date.now());
    const made = await client.make('/consumers', `username=${username}`);
    assert.equal(made['username'], username);
  });

  test('an empty value in a PATCH form unsets the field', async () => {
    const made = await client.make('/services', { host: 'h', tags: ['a'], path: '/p' });
    const answer = await client.patch(`/services/${made.id}`, 'tags=&path=');
    assert.deepEqual([row(answer.json)['tags'], row(answer.json)['path']], [null, null]);
  });
}

function nestingCases(client: Client): void {
  test('a dotted name is a reference by id or by name', async () => {
    const service = await client.make('/services', { name: fresh('svc'), host: 'h' });
    const byId = await client.make('/routes', `paths=/a&service.id=${service.id}`);
    const byName = await client.make('/routes', `paths=/a&service.name=${service['name']}`);
    const inBrackets = await client.make('/routes', `paths=/a&service[id]=${service.id}`);
    for (const route of [byId, byName, inBrackets]) assert.deepEqual(route['service'], { id: service.id });
  });

  test('a reference as a bare text in a form lacks its primary key', async () => {
    const service = await client.make('/services', { host: 'h' });
    const answer = await client.post('/routes', `paths=/a&service=${service.id}`);
    assert.equal(field(answer.json, 'message'), 'schema violation (service.id: missing primary key)');
  });

  for (const form of [
    'headers.x-a=1&headers.x-a=2',
    'headers.x-a[]=1&headers.x-a[]=2',
    'headers[x-a][]=1&headers[x-a][]=2',
  ]) {
    test(`a map of lists is written as ${form}`, async () => {
      const made = await client.make('/routes', form);
      assert.deepEqual(made['headers'], { 'x-a': ['1', '2'] });
    });
  }

  test('the curl calls of the guide make a service and a route', async () => {
    const name = fresh('guide');
    const service = await client.make('/services', `name=${name}&url=https://httpbin.org/anything`);
    assert.deepEqual(
      [service['protocol'], service['host'], service['port'], service['path']],
      ['https', 'httpbin.org', 443, '/anything'],
    );
    const route = await client.make(`/services/${name}/routes`, `paths[]=/${name}`);
    assert.deepEqual(route['paths'], [`/${name}`]);
  });
}

function pluginCases(client: Client): void {
  async function path(): Promise<string> {
    return `/services/${(await client.make('/services', { host: 'h' })).id}/plugins`;
  }
  const base = 'name=openid-connect&config.issuer=https://issuer.test';

  test('config values of a form get the types of the named plugin', async () => {
    const form = `${base}&config.auth_methods=client_credentials&config.leeway=3&config.hide_credentials=false`;
    const made = await client.make(await path(), form);
    assert.deepEqual(field(made, 'config.auth_methods'), ['client_credentials']);
    assert.equal(field(made, 'config.leeway'), 3);
    assert.equal(field(made, 'config.hide_credentials'), false);
  });

  test('a repeated config parameter appends', async () => {
    const form = `${base}&config.auth_methods=client_credentials&config.auth_methods=bearer`;
    assert.deepEqual(field(await client.make(await path(), form), 'config.auth_methods'), [
      'client_credentials',
      'bearer',
    ]);
  });

  test('names of post arguments are lists of texts', async () => {
    const form = `${base}&config.auth_methods=client_credentials&config.token_post_args_names=audience&config.token_post_args_values=https://example.com/`;
    const made = await client.make(await path(), form);
    assert.deepEqual(field(made, 'config.token_post_args_names'), ['audience']);
    assert.deepEqual(field(made, 'config.token_post_args_values'), ['https://example.com/']);
  });

  test('a PATCH form without name takes the types of the stored plugin', async () => {
    const made = await client.make(await path(), `${base}&config.auth_methods=bearer`);
    const answer = await client.patch(`/plugins/${made.id}`, 'config.leeway=9&config.scopes_required=a');
    assert.equal(answer.status, 200, answer.text);
    assert.equal(field(answer.json, 'config.leeway'), 9);
    assert.deepEqual(field(answer.json, 'config.scopes_required'), ['a']);
    assert.deepEqual(field(answer.json, 'config.auth_methods'), ['bearer']);
  });

  test('a form for an unknown plugin fails by its name alone', async () => {
    const answer = await client.post('/plugins', 'name=nope&config.x=1');
    assert.deepEqual(Object.keys(Object(field(answer.json, 'fields'))), ['name']);
  });
}
