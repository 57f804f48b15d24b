import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { AdminClient } from '../support/admin-client.ts';
import { freePort, startSallyport } from '../support/gateway.ts';
import { eventually } from '../support/wire.ts';

async function probe(url: string): Promise<{ status: number; text: string } | undefined> {
  try {
    const answer = await fetch(url, { headers: { connection: 'close' } });
    return { status: answer.status, text: await answer.text() };
  } catch {
    return undefined;
  }
}

for (const workers of [1, 2]) {
  describe(`status, workers: ${workers}`, () => {
    test('connections are told by what they do, sums over the workers', async () => {
      const release = Promise.withResolvers<void>();
      const upstream = createServer((_request, response) => {
        void release.promise.then(() => response.end('late'));
      });
      await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
      const address = upstream.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const gateway = await startSallyport({ workers });
      const admin = new AdminClient(gateway.adminUrl);
      await admin.must('POST', '/services', { name: 'slow', url: `http://127.0.0.1:${port}` });
      await admin.must('POST', '/services/slow/routes', { paths: ['/slow'] });
      const proxyPort = Number(new URL(gateway.proxyUrl).port);
      const sockets = ['', 'GET /slow HTTP/1.1\r\nHost: a', 'GET /slow HTTP/1.1\r\nHost: a\r\n\r\n'].map((text) => {
        const socket = connect(proxyPort, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.write(text);
        return socket;
      });
      const server = async () => (await admin.get('/status')).body?.['server'];
      await eventually('one connection waits, one is read, one is answered', async () => {
        const told = await server();
        const states = ['waiting', 'reading', 'writing'].map((state) => Number(told?.[`connections_${state}`]));
        return states.join() === '1,1,1';
      });
      const told = await server();
      assert.equal(Number(told?.['connections_active']), 3);
      assert.equal(Number(told?.['connections_accepted']), 3);
      assert.equal(Number(told?.['connections_handled']), 3);
      assert.equal(Number(told?.['total_requests']), 1);
      const body = (await admin.get('/status?unit=k')).body;
      const memory = body?.['memory']?.['workers_lua_vms'] as unknown as { http_allocated_gc: string; pid: number }[];
      assert.equal(memory.length, workers);
      for (const { http_allocated_gc: size } of memory) assert.match(size, /^\d+\.\d\d KiB$/);
      assert.equal(body?.['database']?.['reachable'], true);
      release.resolve();
      for (const socket of sockets) socket.destroy();
      assert.equal(await gateway.stop(), 0);
      upstream.close();
      upstream.closeAllConnections();
    });

    test('a node is ready once it proxies, and no more while it drains; it lives all the time', async () => {
      const statusPort = await freePort();
      const url = `http://127.0.0.1:${statusPort}`;
      const starting = startSallyport({
        workers,
        env: { SALLYPORT_STATUS_LISTEN: `127.0.0.1:${statusPort}`, SALLYPORT_SHUTDOWN_DELAY: '3000' },
      });
      // Seen before the first worker listens: what probes get of a node that is starting.
      let early: number | undefined;
      await eventually(
        'the status listener answers',
        async () => {
          early = (await probe(`${url}/status/ready`))?.status;
          return early !== undefined;
        },
        20_000,
      );
      assert.ok(early === 503 || early === 200);
      const gateway = await starting;
      assert.deepEqual(await probe(`${url}/status/ready`), { status: 200, text: '{"message":"ready"}' });
      assert.deepEqual(await probe(`${url}/status/live`), { status: 200, text: '{"message":"alive"}' });
      const stopped = gateway.stop();
      await eventually('the node is not ready', async () => (await probe(`${url}/status/ready`))?.status === 503);
      assert.match((await probe(`${url}/status/ready`))?.text ?? '', /draining/);
      assert.equal((await probe(`${url}/status/live`))?.status, 200);
      // Still in its delay, so that balancers have the time to see it.
      assert.equal((await probe(`${gateway.proxyUrl}/nothing`))?.status, 404);
      assert.equal(await stopped, 0);
      assert.equal(await probe(`${url}/status/live`), undefined);
    });
  });
}

test('a node without a database tells a hash of its configuration', async () => {
  const gateway = await startSallyport({ env: { SALLYPORT_DATABASE: 'off' } });
  const { body } = await new AdminClient(gateway.adminUrl).get('/status');
  assert.equal(body?.['database'], undefined);
  assert.match(String(body?.['configuration_hash']), /^[0-9a-f]{32}$/);
  assert.equal(await gateway.stop(), 0);
});

test('workers are as many as cores unless told otherwise', async () => {
  const { availableParallelism } = await import('node:os');
  const gateway = await startSallyport({ env: { SALLYPORT_NGINX_WORKER_PROCESSES: '' } });
  const root = (await new AdminClient(gateway.adminUrl).get('/')).body;
  const pids = root?.['pids']?.['workers'] as unknown as number[];
  assert.equal(pids.length, Math.min(64, availableParallelism()));
  assert.equal(await gateway.stop(), 0);
});
