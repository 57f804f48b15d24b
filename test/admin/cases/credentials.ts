import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { eventually } from '../../support/wire.ts';
import { type Client, field, fresh, row, rows } from '../client.ts';

export function credentialCases(client: Client): void {
  keyCases(client);
  timeCases(client);
  groupCases(client);
  goneCases(client);
}

async function consumer(client: Client): Promise<{ id: string; username: string }> {
  const username = fresh('user');
  const { id } = await client.make('/consumers', { username });
  return { id, username };
}

function keyCases(client: Client): void {
  test('a key is made for a consumer, 32 random characters unless it is given', async () => {
    const { id, username } = await consumer(client);
    const made = await client.make(`/consumers/${username}/key-auth`, {});
    assert.match(String(made['key']), /^[A-Za-z0-9_-]{32}$/);
    const { id: _, created_at: _created, key: _key, ...rest } = made;
    assert.deepEqual(rest, { consumer: { id }, tags: null, ttl: null });
    const key = fresh('key');
    assert.equal((await client.make(`/consumers/${id}/key-auth`, `key=${key}`))['key'], key);
    assert.equal(rows((await client.get(`/consumers/${id}/key-auth`)).json).length, 2);
  });

  test('a key is unique among all consumers', async () => {
    const [one, two] = [await consumer(client), await consumer(client)];
    const key = fresh('key');
    await client.make(`/consumers/${one.id}/key-auth`, { key });
    const { status, json } = await client.post(`/consumers/${two.id}/key-auth`, { key });
    assert.equal(status, 409);
    assert.deepEqual(field(json, 'fields'), { key });
  });

  test('a key is addressed by itself and by id, under its consumer and under /key-auths', async () => {
    const { id, username } = await consumer(client);
    const key = fresh('key');
    const made = await client.make(`/consumers/${id}/key-auth`, { key });
    for (const path of [`/consumers/${username}/key-auth`, '/key-auths']) {
      for (const name of [key, made.id]) assert.deepEqual((await client.get(`${path}/${name}`)).json, made);
    }
    assert.equal(row((await client.get(`/key-auths/${key}/consumer`)).json).id, id);
    const stranger = await consumer(client);
    assert.equal((await client.get(`/consumers/${stranger.id}/key-auth/${key}`)).status, 404);
    const patched = await client.patch(`/consumers/${id}/key-auth/${key}`, { tags: ['t'] });
    assert.deepEqual([row(patched.json)['tags'], row(patched.json)['key']], [['t'], key]);
    assert.equal((await client.delete(`/consumers/${id}/key-auth/${key}`)).status, 204);
    assert.equal((await client.get(`/key-auths/${made.id}`)).status, 404);
  });

  test('PUT on a key or an id makes the credential', async () => {
    const { id } = await consumer(client);
    const key = fresh('key');
    const byKey = row((await client.put(`/consumers/${id}/key-auth/${key}`)).json);
    assert.deepEqual([byKey['key'], byKey['consumer']], [key, { id }]);
    const uuid = randomUUID();
    assert.equal(row((await client.put(`/consumers/${id}/key-auth/${uuid}`, { key: fresh('key') })).json).id, uuid);
    const flat = await client.put(`/key-auths/${fresh('key')}`, { consumer: { id } });
    assert.equal(flat.status, 200);
    assert.equal((await client.post('/key-auths', {})).status, 400);
  });
}

function timeCases(client: Client): void {
  test('ttl is answered as the seconds that are left; PATCH keeps it, null and 0 take it away', async () => {
    const { id } = await consumer(client);
    const made = await client.make(`/consumers/${id}/key-auth`, { ttl: 1000 });
    const path = `/key-auths/${made.id}`;
    const left = async () => Number(field((await client.get(path)).json, 'ttl'));
    assert.ok((await left()) <= 1000 && (await left()) > 900);
    const patched = await client.patch(path, { tags: ['t'] });
    assert.ok(Number(field(patched.json, 'ttl')) > 900);
    for (const ttl of [null, 0]) {
      assert.equal(field((await client.patch(path, { ttl })).json, 'ttl'), null);
      assert.equal(field((await client.patch(path, { ttl: 500 })).json, 'ttl'), 500);
    }
    assert.equal(field((await client.put(path, { consumer: { id }, key: made['key'] })).json, 'ttl'), null);
    for (const ttl of [-1, 100000001, 1.5, 'x']) assert.equal((await client.patch(path, { ttl })).status, 400);
    assert.equal((await client.patch(path, { expires_at: 1 })).status, 400);
  });

  test('a key whose time is over is gone, and another consumer may have it', async () => {
    const [one, two] = [await consumer(client), await consumer(client)];
    const key = fresh('key');
    const made = await client.make(`/consumers/${one.id}/key-auth`, { key, ttl: 1 });
    await eventually('the key is gone', async () => (await client.get(`/key-auths/${made.id}`)).status === 404, 15_000);
    assert.equal((await client.get(`/consumers/${one.id}/key-auth/${key}`)).status, 404);
    assert.deepEqual(rows((await client.get(`/consumers/${one.id}/key-auth`)).json), []);
    await client.make(`/consumers/${two.id}/key-auth`, { key });
  });
}

function groupCases(client: Client): void {
  test('a consumer is put into groups, each once', async () => {
    const { id, username } = await consumer(client);
    const made = await client.make(`/consumers/${username}/acls`, 'group=staff');
    const { id: _, created_at: _created, ...rest } = made;
    assert.deepEqual(rest, { consumer: { id }, group: 'staff', tags: null });
    const { status, json } = await client.post(`/consumers/${id}/acls`, { group: 'staff' });
    assert.equal(status, 409);
    assert.deepEqual(field(json, 'fields'), { consumer: { id }, group: 'staff' });
    const other = await consumer(client);
    await client.make(`/consumers/${other.id}/acls`, { group: 'staff' });
  });

  test('a membership is addressed by group under its consumer, by id alone under /acls', async () => {
    const { id } = await consumer(client);
    const made = await client.make(`/consumers/${id}/acls`, { group: 'a b' });
    for (const path of [`/consumers/${id}/acls/a%20b`, `/consumers/${id}/acls/${made.id}`, `/acls/${made.id}`]) {
      assert.deepEqual((await client.get(path)).json, made);
    }
    assert.equal(row((await client.get(`/acls/${made.id}/consumer`)).json).id, id);
    assert.equal(field((await client.get('/acls/staff')).json, 'code'), 1);
    const stranger = await consumer(client);
    for (const key of ['a%20b', made.id]) {
      assert.equal((await client.get(`/consumers/${stranger.id}/acls/${key}`)).status, 404);
    }
    assert.equal((await client.delete(`/consumers/${id}/acls/a%20b`)).status, 204);
    assert.equal((await client.get(`/acls/${made.id}`)).status, 404);
  });

  test('PUT on a group makes the membership and keeps its id when repeated', async () => {
    const { id } = await consumer(client);
    const path = `/consumers/${id}/acls/editors`;
    const made = row((await client.put(path)).json);
    assert.deepEqual([made['group'], made['consumer']], ['editors', { id }]);
    const again = await client.put(path, { tags: ['t'] });
    assert.deepEqual([again.status, row(again.json).id], [200, made.id]);
    assert.equal((await client.patch(path, { group: 'writers' })).status, 200);
    assert.equal((await client.get(path)).status, 404);
    const flat = await client.post('/acls', { group: 'g', consumer: { id } });
    assert.equal(flat.status, 201);
  });
}

function goneCases(client: Client): void {
  test('keys and groups go with their consumer', async () => {
    const { id } = await consumer(client);
    const key = await client.make(`/consumers/${id}/key-auth`, {});
    const group = await client.make(`/consumers/${id}/acls`, { group: 'g' });
    assert.equal((await client.delete(`/consumers/${id}`)).status, 204);
    assert.equal((await client.get(`/key-auths/${key.id}`)).status, 404);
    assert.equal((await client.get(`/acls/${group.id}`)).status, 404);
    assert.equal((await client.post(`/consumers/${id}/key-auth`, {})).status, 404);
  });
}
