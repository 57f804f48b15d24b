import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { type Client, field, fresh, type Row, rows } from '../client.ts';

export function listCases(client: Client): void {
  pageCases(client);
  sizeCases(client);
  tagCases(client);
}

/** Makes `count` services with one new tag. */
async function family(client: Client, count: number): Promise<{ tag: string; ids: string[] }> {
  const tag = fresh('tag');
  const made: Row[] = [];
  for (let index = 0; index < count; index++) made.push(await client.make('/services', { host: 'h', tags: [tag] }));
  return { tag, ids: made.map(({ id }) => id).sort() };
}

function pageCases(client: Client): void {
  test('a list in one page has next null and no offset', async () => {
    const { tag, ids } = await family(client, 2);
    const answer = await client.get(`/services?tags=${tag}`);
    assert.equal(answer.status, 200);
    assert.deepEqual(Object.keys(Object(answer.json)), ['data', 'next']);
    assert.equal(field(answer.json, 'next'), null);
    assert.deepEqual(
      rows(answer.json).map(({ id }) => id),
      ids,
    );
  });

  test('an empty list has an empty array', async () => {
    const answer = await client.get(`/services?tags=${fresh('none')}`);
    assert.equal(answer.text, '{"data":[],"next":null}');
  });

  test('pages follow each other by id without gap or repetition', async () => {
    const { tag, ids } = await family(client, 5);
    const seen: string[] = [];
    let path = `/services?tags=${tag}&size=2`;
    for (let page = 0; page < 3; page++) {
      const answer = await client.get(path);
      seen.push(...rows(answer.json).map(({ id }) => id));
      path = String(field(answer.json, 'next'));
    }
    assert.equal(path, 'null');
    assert.deepEqual(seen, ids);
  });

  test('next repeats offset, tags and size in this order', async () => {
    const { tag } = await family(client, 2);
    const answer = await client.get(`/services?size=1&tags=${tag}&foo=bar`);
    const offset = String(field(answer.json, 'offset'));
    assert.equal(field(answer.json, 'next'), `/services?offset=${offset}&tags=${tag}&size=1`);
  });

  test('an exact last page has no next', async () => {
    const { tag } = await family(client, 2);
    assert.equal(field((await client.get(`/services?tags=${tag}&size=2`)).json, 'next'), null);
  });

  test('next keeps the path prefix that was used', async () => {
    const { tag } = await family(client, 2);
    const answer = await client.get(`/kong-admin/services?size=1&tags=${tag}`);
    const next = String(field(answer.json, 'next'));
    assert.match(next, /^\/kong-admin\/services\?offset=/);
    assert.equal((await client.get(next)).status, 200);
  });

  for (const offset of ['x', '!!!', 'bm90LWFuLWlk', '%F0%9F%98%80', randomUUID()]) {
    test(`the offset ${offset} is none and is code 7`, async () => {
      const answer = await client.get(`/services?offset=${offset}`);
      assert.equal(answer.status, 400);
      const text = `'${decodeURIComponent(offset)}' is not a valid offset: bad base64 encoding`;
      assert.deepEqual(answer.json, { code: 7, name: 'invalid offset', message: text });
    });
  }

  test('arguments nobody knows are ignored', async () => {
    assert.equal((await client.get('/services?name=x&sort=desc')).status, 200);
  });
}

function sizeCases(client: Client): void {
  for (const size of ['abc', '', '1x']) {
    test(`a size of '${size}' is no number`, async () => {
      const answer = await client.get(`/services?size=${size}`);
      assert.equal(answer.status, 400);
      assert.deepEqual(answer.json, { code: 9, name: 'invalid size', message: 'size must be a number' });
    });
  }

  for (const size of ['0', '-1', '1001', '1.5', '1e9']) {
    test(`a size of ${size} is out of range`, async () => {
      const answer = await client.get(`/services?size=${size}`);
      assert.equal(answer.status, 400);
      assert.equal(field(answer.json, 'message'), 'size must be an integer between 1 and 1000');
    });
  }

  test('a size of 1000 is accepted', async () => {
    assert.equal((await client.get('/consumers?size=1000')).status, 200);
  });
}

function tagCases(client: Client): void {
  test('a comma asks for all tags, a slash for any', async () => {
    const [a, b] = [fresh('a'), fresh('b')];
    const both = await client.make('/consumers', { username: fresh('u'), tags: [a, b] });
    const one = await client.make('/consumers', { username: fresh('u'), tags: [a] });
    const all = await client.get(`/consumers?tags=${a},${b}`);
    assert.deepEqual(
      rows(all.json).map(({ id }) => id),
      [both.id],
    );
    const any = await client.get(`/consumers?tags=${a}/${b}`);
    assert.deepEqual(
      rows(any.json).map(({ id }) => id),
      [both.id, one.id].sort(),
    );
  });

  test('pages of an any filter do not repeat an entity with several of the tags', async () => {
    const [a, b] = [fresh('a'), fresh('b')];
    const ids: string[] = [];
    for (let index = 0; index < 3; index++)
      ids.push((await client.make('/consumers', { username: fresh('u'), tags: [a, b] })).id);
    const seen: string[] = [];
    let path = `/consumers?tags=${a}/${b}&size=1`;
    while (path !== 'null') {
      const answer = await client.get(path);
      seen.push(...rows(answer.json).map(({ id }) => id));
      path = String(field(answer.json, 'next'));
    }
    assert.deepEqual(seen, ids.sort());
  });

  const refused: readonly (readonly [query: string, text: string])[] = [
    ['tags=a,b/c', 'invalid filter syntax'],
    ['tags=', 'cannot be null'],
    ['tags=a,,b', 'invalid filter syntax'],
    ['tags=a,b,c,d,e,f', 'cannot query more than 5 tags'],
  ];
  for (const [query, text] of refused) {
    test(`the filter ${query} is code 11: ${text}`, async () => {
      const answer = await client.get(`/services?${query}`);
      assert.equal(answer.status, 400);
      assert.deepEqual(answer.json, {
        code: 11,
        name: 'invalid options',
        message: `invalid option (tags: ${text})`,
        options: { tags: text },
      });
    });
  }

  test('five tags may be asked for', async () => {
    assert.equal((await client.get('/services?tags=a,b,c,d,e')).status, 200);
  });

  test('/tags/{tag} lists which entities carry a tag', async () => {
    const tag = fresh('tag');
    const service = await client.make('/services', { host: 'h', tags: [tag] });
    const consumer = await client.make('/consumers', { username: fresh('u'), tags: ['other', tag] });
    const answer = await client.get(`/tags/${tag}`);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json, {
      data: [
        { entity_name: 'services', entity_id: service.id, tag },
        { entity_name: 'consumers', entity_id: consumer.id, tag },
      ],
      next: null,
    });
  });

  test('/tags walks every tag of every entity in pages', async () => {
    const mine = [fresh('a'), fresh('b'), fresh('c')];
    await client.make('/services', { host: 'h', tags: mine });
    const seen: unknown[] = [];
    let path = '/tags?size=2';
    while (path !== 'null') {
      const answer = await client.get(path);
      const data = field(answer.json, 'data');
      assert.ok(Array.isArray(data) && data.length <= 2);
      seen.push(...data.map((one) => field(one, 'tag')));
      path = String(field(answer.json, 'next'));
    }
    assert.deepEqual(
      seen.filter((tag) => mine.some((one) => one === tag)),
      mine,
    );
  });

  test('tags cannot be written by themselves', async () => {
    const writes = { POST: 'insert', PUT: 'upsert', PATCH: 'update', DELETE: 'delete' };
    for (const [method, operation] of Object.entries(writes)) {
      const answer = await client.call(method, '/tags', method === 'DELETE' ? undefined : { tag: 'x' });
      assert.equal(answer.status, 400);
      assert.deepEqual(field(answer.json, 'fields'), { tags: `does not support ${operation} operations` });
    }
  });
}
