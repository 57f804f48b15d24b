import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStatusServer } from '../../src/admin/index.ts';
import { silentLogger } from '../../src/base/log.ts';
import type { NodeFacts, WorkerQuestion } from '../../src/threads/messages.ts';
import { Client, field } from './client.ts';
import { startAdmin } from './harness.ts';

function decision(id: string, at: string): object {
  return { request_id: id, at, verdict: 'refused', checks: [] };
}

async function withAnswers(
  answer: (question: WorkerQuestion) => unknown[],
  work: (client: Client, asked: WorkerQuestion[]) => Promise<void>,
): Promise<void> {
  const asked: WorkerQuestion[] = [];
  const admin = await startAdmin({
    ask: async (question) => {
      asked.push(question);
      return answer(question);
    },
  });
  try {
    await work(new Client(() => admin.url), asked);
  } finally {
    await admin.close();
  }
}

test('decisions of all workers come newest first and no more than asked for', async () => {
  const answers = [
    [decision('c', '2026-01-01T00:00:03.000Z'), decision('a', '2026-01-01T00:00:01.000Z')],
    [decision('d', '2026-01-01T00:00:04.000Z'), decision('b', '2026-01-01T00:00:02.000Z')],
  ];
  await withAnswers(
    () => answers,
    async (client, asked) => {
      const answer = await client.get('/decisions?verdict=refused&size=3');
      const data = field(answer.json, 'data');
      assert.ok(Array.isArray(data));
      assert.deepEqual(
        data.map((one) => field(one, 'request_id')),
        ['d', 'c', 'b'],
      );
      assert.deepEqual(asked, [{ kind: 'decisions', verdict: 'refused', size: 3 }]);
    },
  );
});

test('the default number of decisions is 100 of either verdict', async () => {
  await withAnswers(
    () => [],
    async (client, asked) => {
      assert.deepEqual((await client.get('/decisions')).json, { data: [] });
      assert.deepEqual(asked, [{ kind: 'decisions', verdict: undefined, size: 100 }]);
    },
  );
});

test('a decision is found whichever worker made it', async () => {
  const found = decision('a/b', '2026-01-01T00:00:01.000Z');
  await withAnswers(
    () => [null, found],
    async (client, asked) => {
      assert.deepEqual((await client.get('/decisions/a%2Fb')).json, found);
      assert.deepEqual(asked, [{ kind: 'decision', requestId: 'a/b' }]);
    },
  );
});

const worker = {
  worker: 0,
  connectionsActive: 6,
  connectionsReading: 1,
  connectionsWriting: 2,
  connectionsWaiting: 3,
  connectionsAccepted: 10,
  requestsTotal: 100,
  heapUsedBytes: 3 * 1024 ** 2,
  revision: 1,
};

test('/status sums over the workers and lists the memory of each', async () => {
  await withAnswers(
    () => [worker, { ...worker, heapUsedBytes: 1024 ** 2 }, 'no status'],
    async (client) => {
      const { json } = await client.get('/status');
      assert.deepEqual(field(json, 'server'), {
        connections_accepted: 20,
        connections_active: 12,
        connections_handled: 20,
        connections_reading: 2,
        connections_waiting: 6,
        connections_writing: 4,
        total_requests: 200,
      });
      const lines = field(json, 'memory.workers_lua_vms');
      assert.deepEqual(lines, [
        { http_allocated_gc: '3.00 MiB', pid: process.pid },
        { http_allocated_gc: '1.00 MiB', pid: process.pid },
      ]);
    },
  );
});

test('/status prints sizes in the asked unit and scale, bytes as a number', async () => {
  await withAnswers(
    () => [worker],
    async (client) => {
      const size = async (query: string) =>
        field((await client.get(`/status?${query}`)).json, 'memory.workers_lua_vms.0.http_allocated_gc');
      assert.equal(await size('unit=k&scale=0'), '3072 KiB');
      assert.equal(await size('unit=b'), 3145728);
      assert.equal(await size('unit=G&scale=4'), '0.0029 GiB');
    },
  );
});

test('the status listener is ready with its workers and says why when it is not', async () => {
  const facts: { now: NodeFacts } = { now: { ready: false, draining: false, proxyListeners: [], workers: [] } };
  const admin = await startAdmin();
  const status = createStatusServer({ ...admin.parts, node: () => facts.now, log: silentLogger });
  const { port } = await status.listen({ host: '127.0.0.1', port: 0 });
  const client = new Client(() => `http://127.0.0.1:${port}`);
  try {
    const starting = await client.get('/status/ready');
    assert.equal(starting.status, 503);
    assert.match(String(field(starting.json, 'message')), /no configuration available/);
    facts.now = { ...facts.now, ready: true };
    const ready = await client.get('/status/ready', { host: 'probe.example.com' });
    assert.equal(ready.status, 200);
    assert.deepEqual(ready.json, { message: 'ready' });
    facts.now = { ...facts.now, draining: true };
    assert.equal((await client.get('/status/ready')).status, 503);
    assert.equal((await client.get('/status')).status, 200);
    assert.equal((await client.get('/services')).status, 404);
  } finally {
    await status.close();
    await admin.close();
  }
});

test('the status listener is not ready while the database does not answer', async () => {
  const admin = await startAdmin();
  const status = createStatusServer({ ...admin.parts, log: silentLogger });
  const { port } = await status.listen({ host: '127.0.0.1', port: 0 });
  await admin.parts.store.close();
  const answer = await new Client(() => `http://127.0.0.1:${port}`).get('/status/ready');
  assert.equal(answer.status, 503);
  assert.deepEqual(answer.json, { message: 'failed to connect to database' });
  await status.close();
  await admin.close();
});
