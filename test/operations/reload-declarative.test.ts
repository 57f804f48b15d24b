import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type EchoUpstream, startEcho } from '../../src/dev/echo.ts';
import { AdminClient } from '../support/admin-client.ts';
import { temporaryPrefix } from '../support/gateway.ts';
import { Load } from '../support/load.ts';
import { eventually, send } from '../support/wire.ts';
import { type ConfiguredGateway, startConfigured } from './support.ts';

for (const workers of [1, 2]) {
  describe(`reload with database=off, workers: ${workers}`, () => {
    const prefix = temporaryPrefix();
    const file = join(prefix, 'kong.json');
    const settings = { database: 'off', declarative_config: file, nginx_worker_processes: workers };
    let echo: EchoUpstream;
    let configured: ConfiguredGateway;
    let admin: AdminClient;
    const url = (path: string) => `${configured.gateway.proxyUrl}${path}`;

    /** A service `steady` at /steady, and another at these paths. */
    function write(paths: readonly string[], retries = 5): void {
      const service = (name: string, of: readonly string[], more: object = {}) => ({
        name,
        url: echo.url,
        ...more,
        routes: [{ name: `route-of-${name}`, paths: of }],
      });
      const services = [
        service('steady', ['/steady']),
        ...(paths.length > 0 ? [service('other', paths, { retries })] : []),
      ];
      writeFileSync(file, JSON.stringify({ _format_version: '3.0', services }));
    }

    before(async () => {
      echo = await startEcho();
      write(['/one']);
      configured = await startConfigured(settings, { prefix, env: { SALLYPORT_NGINX_WORKER_PROCESSES: '' } });
      admin = new AdminClient(configured.gateway.adminUrl);
    });
    after(async () => {
      assert.equal(await configured.gateway.stop(), 0);
      await echo.stop();
    });

    test('what is new, changed and gone is in force when the command ends, and no request fails', async () => {
      const load = new Load({ urls: [url('/steady')], lanes: 4, keepAlive: true });
      const steady = await admin.get('/services/steady');
      for (let round = 0; round < 10; round += 1) {
        const [there, gone] = round % 2 === 0 ? ['/two', '/one'] : ['/one', '/two'];
        write([there]);
        const { status, output } = await configured.reload();
        assert.equal(status, 0, output);
        assert.match(output, /declarative configuration: 1 entities are new or changed, 0 are gone/);
        assert.equal((await send(url(there))).status, 200);
        assert.equal((await send(url(gone))).status, 404);
      }
      await load.stop();
      assert.deepEqual(load.failures, []);
      assert.ok(load.answered > 20);
      // An entity that the file left alone is the same, times included.
      assert.deepEqual((await admin.get('/services/steady')).body, steady.body);
    });

    test('what the file no longer has is gone from the proxy and from the Admin API', async () => {
      write([]);
      assert.equal((await configured.reload()).status, 0);
      assert.equal((await send(url('/one'))).status, 404);
      assert.equal((await admin.get('/services/other')).status, 404);
      assert.equal((await admin.get('/routes/route-of-other')).status, 404);
      write(['/one'], 7);
      assert.equal((await configured.reload()).status, 0);
      assert.equal(Number((await admin.get('/services/other')).body?.['retries']), 7);
      assert.equal((await send(url('/one'))).status, 200);
    });

    test('a file that is not right keeps the old configuration, and says why', async () => {
      for (const [text, reason] of [
        ['{ nonsense', /declarative configuration is not right/],
        [JSON.stringify({ _format_version: '3.0', services: [{ name: 'x' }] }), /host|required/],
      ] as const) {
        writeFileSync(file, text);
        const { status, output } = await configured.reload();
        assert.equal(status, 1);
        assert.match(output, reason);
        assert.equal((await send(url('/one'))).status, 200);
      }
      write(['/one'], 7);
    });

    test('SIGHUP reads it anew', async () => {
      write(['/by-signal']);
      configured.gateway.process.kill('SIGHUP');
      await eventually('the route is there', async () => (await send(url('/by-signal'))).status === 200);
    });

    test('a worker that starts later has the configuration of the last reload', async () => {
      configured.write({ ...settings, nginx_worker_processes: workers + 1 });
      const { output } = await configured.reload();
      assert.match(output, /in force now: nginx_worker_processes/);
      for (let time = 0; time < 20; time += 1) assert.equal((await send(url('/by-signal'))).status, 200);
      assert.equal((await send(url('/one'))).status, 404);
    });
  });
}
