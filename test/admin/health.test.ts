import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { HealthAccess } from '../../src/admin/parts.ts';
import type { UpstreamHealth } from '../../src/base/balancing.ts';
import { Client, field, fresh, rows } from './client.ts';
import { startAdmin, type TestAdmin, testSettings } from './harness.ts';

let admin: TestAdmin | undefined;
const known = new Map<string, UpstreamHealth>();
const calls: unknown[] = [];
let outcome: 'set' | 'no_checker' | 'unknown' = 'set';

const health: HealthAccess = {
  ofUpstream: async (id) => known.get(id),
  ofAll: async () => [...known.values()],
  set: async (...call) => {
    calls.push(call);
    return outcome;
  },
};

before(async () => {
  admin = await startAdmin({ health });
});

after(() => admin?.close());

const client = new Client(() => admin?.url ?? '');

/** An upstream with two targets, one of which the node calls unhealthy. */
async function upstreamWithHealth() {
  const name = fresh('u');
  const { id } = await client.make('/upstreams', { name });
  const [one, two] = [
    await client.make(`/upstreams/${id}/targets`, { target: 'a.example:80', weight: 3, created_at: 1 }),
    await client.make(`/upstreams/${id}/targets`, { target: '10.0.0.2:80', weight: 1, created_at: 2 }),
  ];
  const none = { total: 0, available: 0, unavailable: 0 };
  known.set(id, {
    id,
    name,
    checksOn: true,
    healthy: true,
    weight: { total: 4, available: 1, unavailable: 3 },
    targets: [
      {
        id: one.id,
        host: 'a.example',
        port: 80,
        dns: 'A',
        nodeWeight: 3,
        weight: { total: 3, available: 0, unavailable: 3 },
        health: 'UNHEALTHY',
        addresses: [{ ip: '10.0.0.1', port: 80, weight: 3, health: 'UNHEALTHY' }],
      },
      {
        id: two.id,
        host: '10.0.0.2',
        port: 80,
        dns: 'ttl=0, virtual SRV',
        nodeWeight: 1,
        weight: none,
        health: 'HEALTHY',
        addresses: [],
      },
    ],
  });
  return { id, name, one, two };
}

test('each target is shown with its word and the addresses behind it', async () => {
  const { name, one, two } = await upstreamWithHealth();
  const { status, json } = await client.get(`/upstreams/${name}/health`);
  assert.equal(status, 200);
  assert.equal(field(json, 'node_id'), testSettings.nodeId);
  const [newest, oldest] = rows(json);
  assert.deepEqual([newest?.id, newest?.['health']], [two.id, 'HEALTHY']);
  assert.deepEqual(oldest, {
    ...one,
    health: 'UNHEALTHY',
    data: {
      host: 'a.example',
      port: 80,
      dns: 'A',
      nodeWeight: 3,
      weight: { total: 3, available: 0, unavailable: 3 },
      addresses: [{ ip: '10.0.0.1', port: 80, weight: 3, health: 'UNHEALTHY' }],
    },
  });
});

test('a target the node has not heard of yet is shown without checks', async () => {
  const { id } = await client.make('/upstreams', { name: fresh('u') });
  await client.make(`/upstreams/${id}/targets`, { target: 'a:80' });
  const [only] = rows((await client.get(`/upstreams/${id}/health`)).json);
  assert.equal(only?.['health'], 'HEALTHCHECKS_OFF');
});

test('balancer_health=1 shows the upstream as a whole', async () => {
  const { id, name } = await upstreamWithHealth();
  const { json } = await client.get(`/upstreams/${name}/health?balancer_health=1`);
  assert.equal(field(json, 'data.id'), id);
  assert.equal(field(json, 'data.health'), 'HEALTHY');
  assert.equal(field(json, 'data.balancer_health'), 'HEALTHY');
  assert.equal(field(json, 'data.details.healthy'), true);
  assert.deepEqual(field(json, 'data.details.weight'), { total: 4, available: 1, unavailable: 3 });
  assert.equal(field(json, 'data.details.hosts.0.host'), 'a.example');
  const upstream = known.get(id);
  assert.ok(upstream !== undefined);
  known.set(id, { ...upstream, healthy: false });
  const sick = await client.get(`/upstreams/${name}/health?balancer_health=1`);
  assert.deepEqual(
    [field(sick.json, 'data.health'), field(sick.json, 'data.balancer_health')],
    ['UNHEALTHY', 'UNHEALTHY'],
  );
  known.set(id, { ...upstream, checksOn: false });
  const off = await client.get(`/upstreams/${name}/health?balancer_health=1`);
  assert.equal(field(off.json, 'data.health'), 'HEALTHCHECKS_OFF');
});

test('PUT sets a target or one of its addresses, by id and by host', async () => {
  const { id, name, one } = await upstreamWithHealth();
  outcome = 'set';
  calls.length = 0;
  for (const path of ['a.example:80/healthy', `${one.id}/unhealthy`, `${one.id}/10.0.0.1:80/unhealthy`]) {
    const answer = await client.put(`/upstreams/${name}/targets/${path}`);
    assert.deepEqual([answer.status, answer.text], [204, '']);
  }
  assert.deepEqual(calls, [
    [id, one.id, undefined, true],
    [id, one.id, undefined, false],
    [id, one.id, '10.0.0.1:80', false],
  ]);
});

test('without health checks setting is 400, of an unknown address or target 404', async () => {
  const { name, one } = await upstreamWithHealth();
  outcome = 'no_checker';
  const refused = await client.put(`/upstreams/${name}/targets/${one.id}/healthy`);
  assert.equal(refused.status, 400);
  assert.equal(typeof field(refused.json, 'message'), 'string');
  outcome = 'unknown';
  assert.equal((await client.put(`/upstreams/${name}/targets/${one.id}/10.9.9.9:1/healthy`)).status, 404);
  calls.length = 0;
  assert.equal((await client.put(`/upstreams/${name}/targets/${randomUUID()}/healthy`)).status, 404);
  assert.equal(calls.length, 0);
});
