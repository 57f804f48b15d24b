import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { testTls } from '../../src/http/testing-tls.ts';
import { freePort, temporaryPrefix } from '../support/gateway.ts';
import { type Place, startPlace } from './place.ts';

for (const workers of [1, 2]) {
  describe(`who is asked for a certificate, workers: ${workers}`, () => {
    let place: Place;
    let port: number;
    let files: { readonly cert: string; readonly key: string };
    before(async () => {
      const [plain, secure] = [await freePort(), await freePort()];
      port = secure;
      place = await startPlace({
        workers,
        proxyPort: plain,
        env: { SALLYPORT_PROXY_LISTEN: `127.0.0.1:${plain}, 127.0.0.1:${secure} ssl` },
      });
      const folder = temporaryPrefix();
      files = { cert: join(folder, 'client.crt'), key: join(folder, 'client.key') };
      writeFileSync(files.cert, testTls.cert);
      writeFileSync(files.key, testTls.key);
    });
    after(() => place.stop());

    /** A request through openssl's client; what it says of the handshake, and the answer. */
    const connect = (serverName: string, path: string, more: readonly string[] = []) =>
      new Promise<{ asked: boolean; answer: string }>((resolve, reject) => {
        const target = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', serverName, '-msg', '-ign_eof'];
        const client = spawn('openssl', [...target, ...more], { stdio: ['pipe', 'pipe', 'ignore'] });
        let output = '';
        client.stdout.on('data', (chunk: Buffer) => {
          output += chunk.toString('latin1');
        });
        client.once('error', reject);
        client.once('close', () =>
          resolve({ asked: output.includes('CertificateRequest'), answer: output.slice(output.indexOf('HTTP/1.1')) }),
        );
        client.stdin.write(`GET ${path} HTTP/1.1\r\nHost: ${serverName}\r\nConnection: close\r\n\r\n`);
      });

    test('a route with server names has its own clients asked, with or without a certificate they get in', async () => {
      const at = await place.spot();
      await place.admin.must('PATCH', `/routes/${at.route.id}`, { snis: ['asked.test'], protocols: ['https'] });
      const id = await place.plug('tls-handshake-modifier', {}, { route: at.route });
      for (const more of [[], ['-tls1_2'], ['-cert', files.cert, '-key', files.key]]) {
        const { asked, answer } = await connect('asked.test', at.path, more);
        assert.ok(asked);
        assert.match(answer, /^HTTP\/1\.1 200 /);
      }
      assert.equal((await connect('other.test', '/')).asked, false);
      await place.admin.must('PATCH', `/plugins/${id}`, { enabled: false });
      assert.equal((await connect('asked.test', at.path)).asked, false);
    });

    test('a route without server names has everybody asked', async () => {
      const at = await place.spot();
      assert.equal((await connect('any.test', at.path)).asked, false);
      const id = await place.plug('tls-handshake-modifier', {}, { route: at.route });
      assert.ok((await connect('any.test', at.path)).asked);
      await place.unplug(id);
      assert.equal((await connect('any.test', at.path)).asked, false);
    });
  });
}
