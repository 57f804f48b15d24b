import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, field, fresh, row, rows } from '../client.ts';

export function consumerCases(client: Client): void {
  test('a consumer has username, custom_id and tags', async () => {
    const username = fresh('user');
    const made = await client.make('/consumers', { username });
    const { id: _id, created_at: _created, updated_at: _updated, ...rest } = made;
    assert.deepEqual(rest, { username, custom_id: null, tags: null });
  });

  test('a consumer without username and custom_id is refused', async () => {
    const answer = await client.post('/consumers', {});
    assert.equal(answer.status, 400);
    const text = "at least one of these fields must be non-empty: 'custom_id', 'username'";
    assert.equal(field(answer.json, 'message'), `schema violation (${text})`);
    assert.deepEqual(field(answer.json, 'fields'), { '@entity': [text] });
  });

  test('PATCH may not take the last name of a consumer', async () => {
    const made = await client.make('/consumers', { username: fresh('user') });
    const answer = await client.patch(`/consumers/${made.id}`, { username: null });
    assert.equal(answer.status, 400);
    assert.match(
      String(field(answer.json, 'message')),
      /when updating, at least one of these fields must be non-empty/,
    );
  });

  test('username addresses a consumer, with characters a name may not have', async () => {
    const username = `${fresh('user')} @x.com/é`;
    const made = await client.make('/consumers', { username });
    assert.equal(row((await client.get(`/consumers/${encodeURIComponent(username)}`)).json).id, made.id);
  });

  test('PUT on a username creates the consumer', async () => {
    const username = fresh('user');
    const answer = await client.put(`/consumers/${username}`, { custom_id: fresh('c') });
    assert.equal(answer.status, 200);
    assert.equal(row(answer.json)['username'], username);
  });

  test('username and custom_id are unique each', async () => {
    const [username, custom_id] = [fresh('user'), fresh('custom')];
    await client.make('/consumers', { username, custom_id });
    for (const body of [{ username }, { custom_id }]) {
      const answer = await client.post('/consumers', body);
      assert.equal(answer.status, 409);
      assert.deepEqual(field(answer.json, 'fields'), body);
    }
  });

  test('several consumers may be without custom_id', async () => {
    await client.make('/consumers', { username: fresh('user') });
    await client.make('/consumers', { username: fresh('user') });
  });

  test('custom_id finds one consumer or none', async () => {
    const custom_id = fresh('custom');
    const made = await client.make('/consumers', { custom_id });
    const found = await client.get(`/consumers?custom_id=${custom_id}`);
    assert.deepEqual(found.json, { data: [made], next: null });
    const none = await client.get(`/consumers?custom_id=${fresh('none')}`);
    assert.equal(none.status, 200);
    assert.deepEqual(rows(none.json), []);
  });

  test('an empty custom_id search is refused', async () => {
    const answer = await client.get('/consumers?custom_id=');
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.json, { message: 'custom_id must be an unempty string' });
  });
}
