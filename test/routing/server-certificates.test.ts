import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { type TestCertificate, testCertificate } from '../support/certificates.ts';
import { type RoutingScene, startRoutingScene } from './scene.ts';

for (const workers of [1, 2]) {
  describe(`the certificate a client sees, workers: ${workers}`, () => {
    let scene: RoutingScene;
    let usual: string;

    before(async () => {
      scene = await startRoutingScene(workers);
      usual = await shown('nobody.test');
    });
    after(() => scene.stop());

    /** Common name of the certificate, asked on two connections since either worker may answer. */
    async function shown(serverName: string | undefined, options: ConnectionOptions = {}): Promise<string> {
      const names = await Promise.all([0, 1].map(() => commonName(scene.tlsPort, serverName, options)));
      assert.equal(names[0], names[1]);
      return names[0] ?? '';
    }

    function add(pair: TestCertificate, snis: readonly string[], more: object = {}) {
      return scene.admin.must('POST', '/certificates', { ...pair, snis, ...more });
    }

    test('is that of the exact name, then of its parent, then of its beginning, then of all names', async () => {
      for (const name of ['a.test', '*.a.test', 'x.a.*'])
        await add(await testCertificate({ commonName: name }), [name]);
      assert.equal(await shown('a.test'), 'a.test');
      assert.equal(await shown('A.Test'), 'a.test');
      assert.equal(await shown('b.a.test'), '*.a.test');
      assert.equal(await shown('x.a.test'), '*.a.test');
      assert.equal(await shown('x.a.org'), 'x.a.*');
      assert.equal(await shown('c.b.a.test'), usual);
      assert.equal(await shown(undefined), usual);
      const all = await add(await testCertificate({ commonName: 'all' }), ['*']);
      assert.equal(await shown('c.b.a.test'), 'all');
      assert.equal(await shown('a.test'), 'a.test');
      await scene.admin.must('DELETE', `/certificates/${all?.['id']}`);
      assert.equal(await shown('c.b.a.test'), usual);
    });

    test('is the new one from the moment a change is answered', async () => {
      const old = await testCertificate({ commonName: 'old.test' });
      const made = await add(old, ['renewed.test']);
      assert.equal(await shown('renewed.test'), 'old.test');
      const renewed = await testCertificate({ commonName: 'new.test' });
      await scene.admin.must('PATCH', `/certificates/${made?.['id']}`, renewed);
      assert.equal(await shown('renewed.test'), 'new.test');
      await scene.admin.must('DELETE', '/snis/renewed.test');
      assert.equal(await shown('renewed.test'), usual);
    });

    test('is of the key type that the client can check', async () => {
      const ec = await testCertificate({ commonName: 'both.test', keyType: 'ec' });
      const rsa = await testCertificate({ commonName: 'both.test over RSA', keyType: 'rsa' });
      await add(ec, ['both.test'], { cert_alt: rsa.cert, key_alt: rsa.key });
      assert.equal(await shown('both.test', { sigalgs: 'ecdsa_secp256r1_sha256' }), 'both.test');
      assert.equal(await shown('both.test', { sigalgs: 'rsa_pss_rsae_sha256' }), 'both.test over RSA');
    });
  });
}

async function commonName(port: number, serverName: string | undefined, options: ConnectionOptions): Promise<string> {
  const name = serverName === undefined ? {} : { servername: serverName };
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...name, ...options });
  await once(socket, 'secureConnect');
  const subject = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return String(subject);
}
