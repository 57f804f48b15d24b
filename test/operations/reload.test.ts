import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type EchoUpstream, startEcho } from '../../src/dev/echo.ts';
import { AdminClient } from '../support/admin-client.ts';
import { temporaryPrefix } from '../support/gateway.ts';
import { Load } from '../support/load.ts';
import { eventually, send } from '../support/wire.ts';
import { type ConfiguredGateway, metricOf, runSallyport, startConfigured } from './support.ts';

for (const workers of [1, 2]) {
  describe(`sallyport reload, workers: ${workers}`, () => {
    let echo: EchoUpstream;
    let configured: ConfiguredGateway;
    const url = (path: string) => `${configured.gateway.proxyUrl}${path}`;
    const settings = { nginx_worker_processes: workers, log_level: 'info' };
    before(async () => {
      echo = await startEcho();
      configured = await startConfigured(settings, {
        env: { SALLYPORT_NGINX_WORKER_PROCESSES: '', SALLYPORT_PROXY_ACCESS_LOG: '' },
      });
      const admin = new AdminClient(configured.gateway.adminUrl);
      await admin.must('POST', '/services', { name: 'echo', url: echo.url });
      await admin.must('POST', '/services/echo/routes', { paths: ['/'] });
    });
    after(async () => {
      assert.equal(await configured.gateway.stop(), 0);
      await echo.stop();
    });

    async function reloaded(lines: Record<string, string | number>, expected: RegExp): Promise<void> {
      configured.write({ ...settings, ...lines });
      const { status, output } = await configured.reload();
      assert.equal(status, 0, output);
      assert.match(output, expected);
    }

    test('settings of single requests change under load without a failed request', async () => {
      const load = [true, false].map(
        (keepAlive) => new Load({ urls: [url('/x')], headers: { 'x-real-ip': '9.9.9.9' }, lanes: 3, keepAlive }),
      );
      await eventually('load is answered', () => load.every(({ answered }) => answered > 20));
      for (let round = 0; round < 5; round += 1) {
        await reloaded(
          { headers: 'X-Kong-Request-Id', trusted_ips: '127.0.0.1' },
          /in force now: headers, trusted_ips/,
        );
        const changed = await send(url('/x'), { headers: [['X-Real-IP', '9.9.9.9']] });
        assert.equal(changed.headers['via'], undefined);
        assert.equal(changed.echoed?.headers['x-real-ip'], '9.9.9.9');
        await reloaded({}, /in force now: headers, trusted_ips/);
        const former = await send(url('/x'), { headers: [['X-Real-IP', '9.9.9.9']] });
        assert.match(former.headers['via'] ?? '', /^1\.1 sallyport/);
        assert.equal(former.echoed?.headers['x-real-ip'], '127.0.0.1');
      }
      await Promise.all(load.map((clients) => clients.stop()));
      assert.deepEqual(
        load.flatMap(({ failures }) => failures),
        [],
      );
    });

    test('an open connection follows new limits', async () => {
      await reloaded({ nginx_http_client_max_body_size: '10' }, /nginx_http_client_max_body_size/);
      assert.equal((await send(url('/x'), { body: 'x'.repeat(11) })).status, 413);
      assert.equal((await send(url('/x'), { body: 'x'.repeat(10) })).status, 200);
      await reloaded({ lua_max_req_headers: 5 }, /lua_max_req_headers/);
      const many = Array.from({ length: 10 }, (_, index): [string, string] => [`X-${index}`, '1']);
      assert.equal((await send(url('/x'), { headers: many })).status, 431);
      assert.equal((await send(url('/x'), { body: 'x'.repeat(11) })).status, 200);
      await reloaded({}, /lua_max_req_headers/);
    });

    test('the log level changes', async () => {
      const admin = new AdminClient(configured.gateway.adminUrl);
      await admin.must('POST', '/services', { name: 'dead', url: 'http://127.0.0.1:1', retries: 0 });
      await admin.must('POST', '/services/dead/routes', { paths: ['/dead'] });
      const failed = () => configured.gateway.log().split('proxy.upstream.fail').length - 1;
      await reloaded({ log_level: 'error' }, /in force now: log_level/);
      assert.equal((await admin.get('/')).body?.['configuration']?.['log_level'], 'error');
      assert.equal((await send(url('/dead'))).status, 502);
      await reloaded({}, /in force now: log_level/);
      assert.equal(failed(), 0);
      assert.equal((await send(url('/dead'))).status, 502);
      await eventually('the failure is logged', () => failed() === 1);
    });

    test('the access log moves, is switched off and on, and goes on after a rotation', async () => {
      const first = join(configured.prefix, 'logs', 'access.log');
      const second = join(configured.prefix, 'second.log');
      const holds = (path: string, text: string) => existsSync(path) && readFileSync(path, 'utf8').includes(text);
      await send(url('/to-first'));
      await eventually('a line in the first log', () => holds(first, '/to-first'));
      renameSync(first, `${first}.1`);
      await reloaded({}, /no setting changed/);
      await send(url('/after-rotation'));
      await eventually('a line in the new file', () => holds(first, '/after-rotation'));
      await reloaded({ proxy_access_log: second }, /in force now: proxy_access_log/);
      await send(url('/to-second'));
      await eventually('a line in the second log', () => holds(second, '/to-second'));
      await reloaded({ proxy_access_log: 'off' }, /in force now: proxy_access_log/);
      await send(url('/to-nowhere'));
      await reloaded({ proxy_access_log: second }, /in force now: proxy_access_log/);
      await send(url('/to-second-again'));
      await eventually('a line in the second log', () => holds(second, '/to-second-again'));
      assert.ok(!holds(second, '/to-nowhere') && !holds(first, '/to-second') && !holds(first, '/to-nowhere'));
      await reloaded({}, /in force now: proxy_access_log/);
    });

    test('more workers are started; fewer are named as needing a restart', async () => {
      const running = () => metricOf(configured.gateway.adminUrl, 'sallyport_workers');
      const load = new Load({ urls: [url('/x')], lanes: 4, keepAlive: false });
      await reloaded({ nginx_worker_processes: workers + 1 }, /in force now: nginx_worker_processes/);
      assert.equal(await running(), workers + 1);
      await reloaded({}, /needs a restart to take effect: nginx_worker_processes/);
      assert.equal(await running(), workers + 1);
      await load.stop();
      assert.deepEqual(load.failures, []);
    });

    test('settings that need a restart are named and change nothing', async () => {
      const before = configured.gateway.proxyUrl;
      await reloaded({ decisions_kept: 17 }, /needs a restart to take effect: decisions_kept, nginx_worker_processes/);
      assert.equal((await send(`${before}/x`)).status, 200);
      const admin = new AdminClient(configured.gateway.adminUrl);
      assert.equal((await admin.get('/')).body?.['configuration']?.['decisions_kept'], 2000);
    });

    test('bad settings keep the old ones, with every fault and exit status 1', async () => {
      configured.write({ ...settings, log_level: 'loud', trusted_ips: 'everybody', headers: 'off' });
      const { status, output } = await configured.reload();
      assert.equal(status, 1);
      assert.match(output, /log_level \(.*line 2\): "loud" is not accepted/);
      assert.match(output, /trusted_ips .*"everybody" is not accepted/);
      assert.match(output, /nothing was changed/);
      assert.match((await send(url('/x'))).headers['via'] ?? '', /sallyport/);
      await eventually('the log tells it', () => configured.gateway.log().includes('main.settings.refuse'));
      configured.write(settings);
    });

    test('SIGHUP does the same', async () => {
      configured.write({ ...settings, headers: 'off' });
      configured.gateway.process.kill('SIGHUP');
      await eventually('the headers are gone', async () => (await send(url('/x'))).headers['via'] === undefined);
      configured.write(settings);
      const { status } = await configured.reload();
      assert.equal(status, 0);
    });

    test('several reloads at the same time all get an answer', async () => {
      const outcomes = await Promise.all(Array.from({ length: 4 }, () => configured.reload()));
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        [0, 0, 0, 0],
        outcomes.map(({ output }) => output).join(),
      );
    });
  });
}

describe('sallyport reload without a gateway', () => {
  test('says that none runs, with exit status 1', async () => {
    const prefix = temporaryPrefix();
    const { status, output } = await runSallyport(['reload', '--prefix', prefix]);
    assert.equal(status, 1);
    assert.match(output, /no gateway runs with the state folder/);
    writeFileSync(join(prefix, 'sallyport.pid'), '999999999\n');
    assert.equal((await runSallyport(['reload', '--prefix', prefix])).status, 1);
  });

  test('wrong use is told, and --help tells the exit status', async () => {
    const wrong = await runSallyport(['reload', '--nonsense']);
    assert.notEqual(wrong.status, 0);
    assert.match(wrong.output, /--nonsense/);
    const { status, output } = await runSallyport(['reload', '--help']);
    assert.equal(status, 0);
    assert.match(output, /Exit status: 0 when/);
  });
});
