import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort, temporaryPrefix } from '../support/gateway.ts';
import { peerIsMissing } from '../support/peers.ts';
import { eventually } from '../support/wire.ts';
import { type BalancingScene, startBalancingScene } from './scene.ts';

const installed = spawnSync('nginx', ['-v']).status === 0;

/** nginx with two servers, each of which answers with its name. */
async function startNginx(ports: readonly [number, number]): Promise<ChildProcess> {
  const folder = temporaryPrefix();
  for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(folder, name));
  const servers = ports.map((port, index) => {
    const name = `nginx-${index + 1}`;
    return `server {
      listen 127.0.0.1:${port};
      location / { add_header X-Backend ${name}; return 200 "${name} $request_method $host\\n"; }
      location /upload { client_max_body_size 10m; client_body_buffer_size 10m; add_header X-Backend ${name}; proxy_pass http://127.0.0.1:${port}/sink; }
      location /sink { return 200 "$content_length"; }
      location /healthz { return 204; }
    }`;
  });
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
     events { worker_connections 256; }
     http {
       access_log off; keepalive_requests 7; keepalive_timeout 1s;
       client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
       uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
       ${servers.join('\n')}
     }`,
  );
  const child = spawn('nginx', ['-c', config, '-p', folder, '-e', `${folder}/error.log`], { stdio: 'inherit' });
  await eventually(
    'nginx answers',
    async () => (await fetch(`http://127.0.0.1:${ports[1]}/`).catch(() => undefined))?.ok === true,
  );
  return child;
}

if (!installed) {
  test('nginx as an upstream is not tried, because nginx is not installed', () => {
    peerIsMissing('nginx', 'nginx-light');
  });
} else {
  describe('nginx as an upstream', () => {
    let scene: BalancingScene;
    let nginx: ChildProcess;
    let ports: [number, number];
    before(async () => {
      ports = [await freePort(), await freePort()];
      [nginx, scene] = await Promise.all([startNginx(ports), startBalancingScene(2)]);
    });
    after(async () => {
      await scene.stop();
      nginx.kill('SIGKILL');
    });

    const targets = () => ports.map((port) => `127.0.0.1:${port}`);

    test('shares requests as weights say, on connections that it closes early', async () => {
      const place = await scene.place({
        targets: [
          [targets()[0] ?? '', 10],
          [targets()[1] ?? '', 20],
        ],
      });
      assert.deepEqual(await scene.tally(place, 90), { 'nginx-1': 30, 'nginx-2': 60 });
    });

    test('takes bodies, and none is lost when a kept connection ends', async () => {
      const place = await scene.place({ targets: targets() });
      for (let round = 0; round < 20; round += 1) {
        const body = 'x'.repeat(1 + round * 5000);
        const answer = await scene.request(place, { method: 'POST', body, more: '/upload' });
        assert.deepEqual([answer.status, answer.text], [200, String(body.length)]);
      }
    });

    test('is probed, and a server that is gone is left out', async () => {
      const place = await scene.place({
        targets: [...targets(), `127.0.0.1:${await freePort()}`],
        upstream: {
          healthchecks: {
            active: {
              http_path: '/healthz',
              healthy: { interval: 0.3, successes: 1, http_statuses: [204] },
              unhealthy: { interval: 0.3, tcp_failures: 1 },
            },
          },
        },
        service: { retries: 0 },
      });
      await eventually(
        'the dead one is found out',
        async () => Object.values(await scene.health(place)).filter((health) => health === 'UNHEALTHY').length === 1,
        20_000,
      );
      assert.deepEqual(await scene.tally(place, 20), { 'nginx-1': 10, 'nginx-2': 10 });
    });
  });
}
