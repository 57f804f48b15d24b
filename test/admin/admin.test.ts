import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from './client.ts';
import { startAdmin, type TestAdmin } from './harness.ts';
import { adminSuite } from './suite.ts';

let admin: TestAdmin | undefined;

before(async () => {
  admin = await startAdmin();
});

after(() => admin?.close());

function url(): string {
  return admin?.url ?? '';
}

adminSuite(url);

test('a configured host name is served, also with a port', async () => {
  const client = new Client(url);
  assert.equal((await client.get('/', { host: 'admin.example.com' })).status, 200);
  assert.equal((await client.get('/', { host: 'ADMIN.example.com:8001' })).status, 200);
});

test('pages of admin_gui_url are served, those of its neighbours are not', async () => {
  const client = new Client(url);
  const answer = await client.get('/', { origin: 'https://manager.example:8445' });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['access-control-allow-origin'], 'https://manager.example:8445');
  for (const origin of ['https://manager.example', 'http://manager.example:8445']) {
    assert.equal((await client.get('/', { origin })).status, 403);
  }
});
