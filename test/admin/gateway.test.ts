import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startSallyport, type TestGateway } from '../support/gateway.ts';
import { nodeHealthCases } from './cases/upstreams.ts';
import { Client } from './client.ts';
import { adminFuzz } from './fuzz.ts';
import { adminSuite } from './suite.ts';

// The same suite against the whole gateway: every write is compiled by real workers before it is answered.
for (const workers of [1, 2]) {
  describe(`the Admin API of a running gateway, workers: ${workers}`, () => {
    let gateway: TestGateway | undefined;
    before(async () => {
      gateway = await startSallyport({
        workers,
        env: {
          SALLYPORT_ADMIN_ALLOWED_HOSTS: 'admin.example.com',
          SALLYPORT_ADMIN_GUI_URL: 'https://manager.example:8445/console',
        },
      });
    });
    after(() => gateway?.stop());
    const url = () => gateway?.adminUrl ?? '';

    adminSuite(url);
    nodeHealthCases(new Client(url));
    adminFuzz(url, 500, 100 + workers);

    test('after all of it no worker was lost, none failed to compile, and nothing went wrong inside', () => {
      assert.doesNotMatch(gateway?.log() ?? '', /"level":"error"/);
    });
  });
}
