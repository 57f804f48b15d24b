import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { HealthAccess } from '../../src/admin/parts.ts';
import { pluginsByName } from '../../src/plugins/index.ts';
import { openDeclarativeStore } from '../../src/store/declarative/open-declarative-store.ts';
import { testCertificate } from '../support/certificates.ts';
import { Client, field, rows } from './client.ts';
import { startAdmin, type TestAdmin, testSettings } from './harness.ts';

const text = `
_format_version: "3.0"
services:
  - name: ex
    url: http://example.com/api
    routes:
      - name: r
        paths: [/x]
consumers:
  - username: bob
    keyauth_credentials:
      - key: secret
    acls:
      - group: staff
upstreams:
  - name: u
    targets:
      - target: a.example
`;

/** Certificates are made anew for each run, so they come on top as JSON, which is YAML too. */
async function withCertificates(): Promise<string> {
  const [leaf, authority] = await Promise.all([testCertificate(), testCertificate({ authority: true })]);
  const id = randomUUID();
  const services = [{ name: 'tls', url: 'https://h', ca_certificates: [id] }];
  const certificates = [{ ...leaf, snis: [{ name: 'a.example' }], services }];
  const lines = Object.entries({ certificates, ca_certificates: [{ id, cert: authority.cert }] });
  return `${text}${lines.map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`).join('')}`;
}

let admin: TestAdmin | undefined;
const client = new Client(() => admin?.url ?? '');

before(async () => {
  const opened = await openDeclarativeStore({ text: await withCertificates(), plugins: pluginsByName() });
  assert.equal(opened.kind, 'ok');
  if (opened.kind !== 'ok') return;
  const settings = { ...testSettings, database: 'off', configurationHash: 'ab'.repeat(16) } as const;
  const health: HealthAccess = {
    ofUpstream: async () => undefined,
    ofAll: async () => [],
    set: async () => 'set',
  };
  admin = await startAdmin({ store: opened.store, settings, health });
});

after(() => admin?.close());

test('a declarative configuration is read like any other', async () => {
  assert.deepEqual(
    rows((await client.get('/services')).json)
      .map((row) => row['name'])
      .sort(),
    ['ex', 'tls'],
  );
  assert.equal(rows((await client.get('/services/ex/routes')).json).length, 1);
});

const writes: readonly (readonly [method: string, path: string, body: object | undefined, message: string])[] = [
  ['POST', '/services', { host: 'h' }, "cannot create 'services' entities when not using a database"],
  ['POST', '/services/ex/routes', { paths: ['/a'] }, "cannot create 'routes' entities when not using a database"],
  [
    'PUT',
    `/services/${randomUUID()}`,
    { host: 'h' },
    "cannot create or update 'services' entities when not using a database",
  ],
  [
    'PUT',
    '/services/ex',
    { host: 'h' },
    "cannot create or update 'services' entities by 'name' when not using a database",
  ],
  ['PATCH', '/services/ex', { retries: 1 }, "cannot update 'services' entities by 'name' when not using a database"],
  [
    'PATCH',
    '/consumers/bob',
    { tags: ['a'] },
    "cannot update 'consumers' entities by 'username' when not using a database",
  ],
  [
    'POST',
    '/upstreams/u/targets',
    { target: 'b.example' },
    "cannot create 'targets' entities when not using a database",
  ],
  [
    'PATCH',
    '/upstreams/u/targets/a.example',
    { weight: 1 },
    "cannot update 'targets' entities by 'target' when not using a database",
  ],
  [
    'PUT',
    '/consumers/bob/acls/editors',
    {},
    "cannot create or update 'acls' entities by 'group' when not using a database",
  ],
  [
    'DELETE',
    '/key-auths/secret',
    undefined,
    "cannot remove 'keyauth_credentials' entities by 'key' when not using a database",
  ],
  ['DELETE', '/certificates/a.example', undefined, "cannot remove 'certificates' entities when not using a database"],
  ['DELETE', '/routes/r', undefined, "cannot remove 'routes' entities by 'name' when not using a database"],
];
for (const [method, path, body, message] of writes) {
  test(`without a database ${method} ${path.replace(/[0-9a-f-]{36}/, '{id}')} is code 12`, async () => {
    const answer = await client.call(method, path, body);
    assert.equal(answer.status, 405);
    assert.deepEqual(answer.json, { code: 12, name: 'operation unsupported', message });
  });
}

test('without a database an invalid write is still reported as invalid first', async () => {
  assert.equal(field((await client.post('/services', {})).json, 'code'), 2);
  assert.equal(field((await client.patch('/services/ex', { retries: 'x' })).json, 'code'), 2);
});

test('without a database PATCH of a missing entity is 404 and DELETE of it 204', async () => {
  assert.equal((await client.patch('/services/none', { retries: 1 })).status, 404);
  assert.equal((await client.delete('/services/none')).status, 204);
});

test('/status has the hash of the configuration instead of a database', async () => {
  const { json } = await client.get('/status');
  assert.equal(field(json, 'configuration_hash'), 'ab'.repeat(16));
  assert.equal(field(json, 'database'), undefined);
});

test('GET /config gives a text that loads to the same entities', async () => {
  const { status, json } = await client.get('/config');
  assert.equal(status, 200);
  const again = await openDeclarativeStore({ text: String(field(json, 'config')), plugins: pluginsByName() });
  assert.equal(again.kind, 'ok', JSON.stringify(again));
  if (again.kind !== 'ok') return;
  const [before, after] = [await admin?.parts.store.everything(), await again.store.everything()];
  const plain = (upserts: readonly { entity: object }[] | undefined) =>
    upserts?.map(({ entity }) => ({ ...entity, updated_at: 0 }));
  assert.deepEqual(plain(after.upserts), plain(before?.upserts));
  await again.store.close();
});

test('certificates, targets and credentials of a declarative configuration are read through their names', async () => {
  const certificate = (await client.get('/certificates/a.example')).json;
  assert.deepEqual(field(certificate, 'snis'), ['a.example']);
  for (const path of [
    '/upstreams/u/targets/a.example:8000',
    '/consumers/bob/key-auth/secret',
    '/consumers/bob/acls/staff',
  ]) {
    assert.equal((await client.get(path)).status, 200, path);
  }
});

test('without a database the health of a target may still be set', async () => {
  assert.equal((await client.put('/upstreams/u/targets/a.example/unhealthy')).status, 204);
});

test('POST /config is refused with what to do instead, whatever the type of the body', async () => {
  const answer = await client.raw('POST', '/config', text, { 'content-type': 'text/yaml' });
  assert.equal(answer.status, 400);
  assert.match(String(field(answer.json, 'message')), /not supported yet.*declarative_config/);
});
