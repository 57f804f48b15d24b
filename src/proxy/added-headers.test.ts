import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { memoryRequest } from '../http/index.ts';
import { aChange, aRoute, aService, compiled, upsertRoutes, upsertServices } from '../snapshot/test-support.ts';
import { defaultProxyOptions } from './options.ts';
import { handled, testPlane } from './testing.ts';

const all = [...defaultProxyOptions.responseHeaders, 'x-kong-upstream-status'];
/** What only answers of the upstream have, and only those of the gateway. */
const proxiedOnly = ['via', 'x-kong-upstream-latency', 'x-kong-proxy-latency', 'x-kong-upstream-status'];
const gatewayOnly = ['server', 'x-kong-response-latency'];

const snapshot = compiled(
  aChange([
    ...upsertServices(aService({ id: 'S', host: '10.0.0.1' })),
    ...upsertRoutes(aRoute({ id: 'R', paths: ['/r'], service: { id: 'S' } })),
  ]),
);
const reply = (...headers: [string, string][]) => ({
  headers: memoryRequest({ method: 'GET', target: '/', headers }).headers,
});

function names(block: string): string[] {
  return block
    .split('\r\n')
    .map((line) => line.slice(0, Math.max(0, line.indexOf(':'))).toLowerCase())
    .filter((name) => all.includes(name))
    .sort();
}

describe('headers that the gateway adds', () => {
  for (const chosen of [[], ...all.map((name) => [name]), all]) {
    test(`are those that are listed: ${chosen.join(', ') || 'none'}`, async () => {
      const plane = testPlane(await snapshot, { responseHeaders: chosen });
      const proxied = await handled(plane, { target: '/r' }, reply());
      assert.equal(proxied.status, 200);
      assert.deepEqual(names(proxied.headers), chosen.filter((name) => !gatewayOnly.includes(name)).sort());
      const own = await handled(plane, { target: '/nowhere' });
      assert.equal(own.status, 404);
      assert.deepEqual(names(own.headers), chosen.filter((name) => !proxiedOnly.includes(name)).sort());
    });
  }

  test('take the place of those that the upstream sends, and leave the others', async () => {
    const sent: [string, string][] = proxiedOnly.map((name) => [name, 'inner']);
    const replaced = await handled(
      testPlane(await snapshot, { responseHeaders: all }),
      { target: '/r' },
      reply(...sent),
    );
    assert.deepEqual(names(replaced.headers), [...proxiedOnly, 'x-kong-request-id'].sort());
    assert.equal(replaced.headers.match(/inner/g)?.length, 1, 'Via alone goes on');
    const left = await handled(testPlane(await snapshot, { responseHeaders: [] }), { target: '/r' }, reply(...sent));
    assert.equal(left.headers.match(/inner/g)?.length, proxiedOnly.length);
  });

  test('tell the status of the upstream', async () => {
    const plane = testPlane(await snapshot, { responseHeaders: all });
    const { headers } = await handled(plane, { target: '/r' }, { ...reply(), status: 418 });
    assert.match(headers, /^X-Kong-Upstream-Status: 418\r$/m);
  });
});
