import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { type TestCertificate, testCertificate } from '../support/certificates.ts';
import { eventually } from '../support/wire.ts';
import { type BalancingScene, type Place, startBalancingScene } from './scene.ts';

interface Seen {
  readonly serverName: string;
  readonly host: string | undefined;
  /** Common name of the certificate the gateway showed. */
  readonly shown: string | undefined;
}

for (const workers of [1, 2]) {
  describe(`targets over TLS, workers: ${workers}`, () => {
    let scene: BalancingScene;
    let server: Server;
    let port = 0;
    let authority: TestCertificate;
    let caId = '';
    const seen: Seen[] = [];
    before(async () => {
      authority = await testCertificate({ commonName: 'Test CA', authority: true });
      const names = ['one.example', 'two.example', 'client.example'];
      const own = await testCertificate({ commonName: 'one.example', names, issuer: authority });
      server = createServer(
        { ...own, requestCert: true, rejectUnauthorized: false, ca: authority.cert },
        (request, response) => {
          const socket = request.socket as TLSSocket & { servername?: string | false };
          const subject = socket.getPeerCertificate().subject as { CN?: string } | undefined;
          seen.push({ serverName: String(socket.servername), host: request.headers.host, shown: subject?.CN });
          response.writeHead(200, { 'X-Backend': 'tls' }).end();
        },
      );
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      port = (server.address() as AddressInfo).port;
      scene = await startBalancingScene(workers);
      for (const name of ['one', 'two', 'other']) {
        scene.dns.answers.set(`${name}.example A`, { records: [{ type: 'A', ttl: 600, address: '127.0.0.1' }] });
      }
      const ca = await scene.admin.must('POST', '/ca_certificates', { cert: authority.cert });
      caId = String(ca?.['id']);
    });
    after(async () => {
      await scene.stop();
      server.closeAllConnections();
      server.close();
    });

    const verified = (target: string, more: Record<string, unknown> = {}, upstream: Record<string, unknown> = {}) =>
      scene.place({
        targets: [target],
        upstream,
        scheme: 'https',
        service: { retries: 0, tls_verify: true, ca_certificates: [caId], ...more },
      });
    const invalid = '502 An invalid response was received from the upstream server';

    /** A client certificate in the store. */
    async function certificate(commonName: string): Promise<string> {
      const { cert, key } = await testCertificate({ commonName, issuer: authority });
      const made = await scene.admin.must('POST', '/certificates', { cert, key });
      return String(made?.['id']);
    }

    test('are asked for by the name of the target, which their certificate must have', async () => {
      const place = await verified(`two.example:${port}`);
      assert.equal(await scene.ask(place), 'tls');
      assert.deepEqual([seen.at(-1)?.serverName, seen.at(-1)?.host], ['two.example', `two.example:${port}`]);
      assert.equal(await scene.ask(await verified(`other.example:${port}`)), invalid);
    });

    test('are not trusted without the authority, unless nothing is verified', async () => {
      assert.equal(await scene.ask(await verified(`one.example:${port}`, { ca_certificates: null })), invalid);
      const place = await verified(`other.example:${port}`, { tls_verify: false, ca_certificates: null });
      assert.equal(await scene.ask(place), 'tls');
    });

    test('are asked for by host_header, or by the Host that the route keeps', async () => {
      const told = await verified(`other.example:${port}`, {}, { host_header: 'one.example' });
      assert.equal(await scene.ask(told), 'tls');
      assert.equal(seen.at(-1)?.serverName, 'one.example');
      const kept = await scene.place({
        targets: [`other.example:${port}`],
        scheme: 'https',
        service: { retries: 0, tls_verify: true, ca_certificates: [caId] },
        route: { preserve_host: true },
      });
      assert.equal(await scene.ask(kept, { headers: [['Host', 'client.example:77']] }), 'tls');
      assert.deepEqual([seen.at(-1)?.serverName, seen.at(-1)?.host], ['client.example', 'client.example:77']);
      assert.equal(await scene.ask(kept, { headers: [['Host', 'wrong.example']] }), invalid);
    });

    test('are shown the certificate of the service, else of the upstream', async () => {
      const [first, second] = [await certificate('of-service'), await certificate('of-upstream')];
      const shown = async (place: Place) => {
        assert.equal(await scene.ask(place), 'tls');
        return seen.at(-1)?.shown;
      };
      const place = await verified(`one.example:${port}`, {}, { client_certificate: { id: second } });
      assert.equal(await shown(place), 'of-upstream');
      await scene.admin.must('PATCH', `/services/${place.service}`, { client_certificate: { id: first } });
      assert.equal(await shown(place), 'of-service');
      await scene.admin.must('PATCH', `/services/${place.service}`, { client_certificate: null });
      await scene.admin.must('PATCH', `/upstreams/${place.upstream}`, { client_certificate: null });
      assert.equal(await shown(place), undefined);
    });

    test('are probed over TLS, with the name and the verification of the check', async () => {
      const probed = (check: Record<string, unknown>) =>
        verified(
          `one.example:${port}`,
          {},
          {
            healthchecks: {
              active: {
                type: 'https',
                healthy: { interval: 0.2, successes: 1 },
                unhealthy: { interval: 0.2, tcp_failures: 1, http_failures: 1 },
                ...check,
              },
            },
          },
        );
      const strict = await probed({});
      await eventually(
        'an unknown authority fails the probe',
        async () => Object.values(await scene.health(strict))[0] === 'UNHEALTHY',
        20_000,
      );
      const lenient = await probed({ https_verify_certificate: false, https_sni: 'probe.example' });
      await eventually(
        'the probe names the server',
        () => seen.some(({ serverName }) => serverName === 'probe.example'),
        20_000,
      );
      assert.equal(Object.values(await scene.health(lenient))[0], 'HEALTHY');
    });
  });
}
