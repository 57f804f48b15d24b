import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type EchoUpstream, startEcho } from '../../src/dev/echo.ts';
import { startSallyport, type TestGateway, temporaryPrefix } from '../support/gateway.ts';
import { send } from '../support/wire.ts';

for (const workers of [1, 2]) {
  describe(`plugins and credentials from a file, workers: ${workers}`, () => {
    let gateway: TestGateway;
    let echo: EchoUpstream;
    before(async () => {
      echo = await startEcho();
      const file = join(temporaryPrefix(), 'kong.yml');
      writeFileSync(
        file,
        `_format_version: "3.0"
services:
  - name: api
    url: ${echo.url}
    routes:
      - name: api
        paths: [/api]
    plugins:
      - name: key-auth
      - name: acl
        config: { allow: [staff] }
consumers:
  - username: alice
    keyauth_credentials: [{ key: key-of-alice }]
    acls: [{ group: staff }]
  - username: bob
    keyauth_credentials: [{ key: key-of-bob }]
plugins:
  - name: rate-limiting
    consumer: alice
    config: { year: 2 }
`,
      );
      gateway = await startSallyport({
        workers,
        env: { SALLYPORT_DATABASE: 'off', SALLYPORT_DECLARATIVE_CONFIG: file },
      });
    });
    after(async () => {
      await gateway.stop();
      await echo.stop();
    });

    test('keys, groups and entries of a consumer are in force from the start', async () => {
      const ask = (key: string) => send(`${gateway.proxyUrl}/api`, { headers: [['apikey', key]] });
      const statuses: number[] = [];
      for (const key of ['key-of-alice', 'key-of-alice', 'key-of-alice', 'key-of-bob', 'key-of-nobody']) {
        statuses.push((await ask(key)).status);
      }
      assert.deepEqual(statuses, [200, 200, 429, 403, 401]);
    });
  });
}
