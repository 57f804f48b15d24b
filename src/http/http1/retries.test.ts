import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { appendField, emptyBlock } from '../header-block.ts';
import {
  answering,
  hello,
  occurrences,
  openGateway,
  RawClient,
  request,
  type ScriptedUpstream,
  scriptedUpstream,
  sleep,
  type UpstreamSide,
} from '../testing.ts';
import type { ForwardPlan, TryResult, UpstreamFault } from '../types.ts';
import { createUpstreamPools, type UpstreamPools } from './upstream-pool.ts';

/** A second upstream, where every retry goes. */
async function second(t: TestContext): Promise<{ other: ScriptedUpstream; pools: UpstreamPools }> {
  const other = await scriptedUpstream(answering(hello));
  const pools = createUpstreamPools({ idleTimeoutMs: 1000, poolSizeMax: 4, requestsPerConnectionMax: 100 });
  t.after(async () => {
    pools.close();
    await other.close();
  });
  return { other, pools };
}

interface Seen {
  readonly asked: [UpstreamFault, number][];
  readonly tries: Pick<TryResult, 'fault' | 'status'>[];
  readonly plan: Partial<ForwardPlan>;
}

function retryingAt(port: number, pools: UpstreamPools, retries = 1): Seen {
  const asked: Seen['asked'] = [];
  const tries: Seen['tries'] = [];
  const headers = appendField(appendField(emptyBlock, 'Host', 'other.example'), 'X-Try', 'again');
  return {
    asked,
    tries,
    plan: {
      retries,
      readTimeoutMs: 200,
      retry: (fault, count) => {
        asked.push([fault, count]);
        return { endpoint: pools.endpoint({ host: '127.0.0.1', port }), headers };
      },
      onTryEnded: (_, { fault, status }) => void tries.push({ fault, status }),
    },
  };
}

const closing = (side: UpstreamSide): void => void side.socket.destroy();
const silent = (): void => undefined;
const partial = (side: UpstreamSide): void => void side.socket.end('HTTP/1.1 2');

describe('a try that failed', () => {
  for (const [name, script, fault] of [
    ['closes', closing, 'reset'],
    ['says nothing', silent, 'read_timeout'],
    ['closes inside its head', partial, 'bad_response'],
  ] as const) {
    it(`is followed by one at another target when the upstream ${name} and GET may be repeated`, async (t) => {
      const { other, pools } = await second(t);
      const seen = retryingAt(other.port, pools);
      const { client } = await openGateway(t, script, { plan: seen.plan });
      client.send(request('GET /1'));
      await client.receive(/^HTTP\/1\.1 200 [\s\S]*hello/);
      assert.match(other.text(), /^GET \/1 HTTP\/1\.1\r\nHost: other\.example\r\nX-Try: again\r\n/);
      assert.deepEqual(seen.asked, [[fault, 1]]);
      assert.deepEqual(seen.tries, [
        { fault, status: undefined },
        { fault: undefined, status: 200 },
      ]);
    });

    it(`is the last one when the upstream ${name} and the request was a POST`, async (t) => {
      const { other, pools } = await second(t);
      const seen = retryingAt(other.port, pools, 5);
      const { client, upstream } = await openGateway(t, script, { plan: seen.plan });
      client.send(request('POST /1', 'Content-Length: 3\r\n', 'abc'));
      await client.receive(new RegExp(`^HTTP/1\\.1 502 [\\s\\S]*${fault}`));
      assert.equal(occurrences(upstream.text(), 'POST /1'), 1);
      assert.equal(other.text(), '');
      assert.deepEqual(seen.asked, []);
      assert.deepEqual(seen.tries, [{ fault, status: undefined }]);
    });
  }

  it('is followed by another with the whole body when nothing could be sent, whatever the method', async (t) => {
    const { other, pools } = await second(t);
    const seen = retryingAt(other.port, pools);
    const gone = await scriptedUpstream(silent);
    await gone.close();
    const endpoint = pools.endpoint({ host: '127.0.0.1', port: gone.port });
    const { client } = await openGateway(t, silent, { plan: { ...seen.plan, endpoint } });
    client.send(request('POST /1', 'Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n'));
    await client.receive('hello');
    assert.ok(other.text().endsWith('3\r\nabc\r\n0\r\n\r\n'));
    assert.deepEqual(seen.asked, [['connect_refused', 1]]);
  });

  it('is asked about no more often than retries says', async (t) => {
    const { pools } = await second(t);
    const dying = await scriptedUpstream(closing);
    t.after(() => dying.close());
    const seen = retryingAt(dying.port, pools, 3);
    const { client } = await openGateway(t, closing, { plan: seen.plan });
    client.send(request('GET /1'));
    await client.receive(/502 [\s\S]*reset/);
    assert.deepEqual(
      seen.asked.map(([, count]) => count),
      [1, 2, 3],
    );
    assert.equal(seen.tries.length, 4);
    assert.equal(dying.sides.length, 3);
  });

  it('is the last one when a part of its answer is with the client', async (t) => {
    const { other, pools } = await second(t);
    const seen = retryingAt(other.port, pools);
    const { client } = await openGateway(
      t,
      (side) => side.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
      { plan: seen.plan },
    );
    client.send(request('GET /1'));
    await client.end();
    assert.deepEqual(seen.asked, []);
    assert.deepEqual(seen.tries, [{ fault: 'reset', status: 200 }]);
    assert.equal(other.text(), '');
  });

  it('ends the request when the plan throws instead of naming a target', async (t) => {
    const warnings: unknown[] = [];
    const listener = (warning: unknown): void => void warnings.push(warning);
    process.on('warning', listener);
    t.after(() => process.removeListener('warning', listener));
    const { client } = await openGateway(t, closing, {
      plan: {
        retries: 1,
        retry: () => {
          throw new Error('no target');
        },
      },
    });
    client.send(request('GET /1'));
    await client.receive(/502 [\s\S]*reset/);
    assert.equal(warnings.length, 1);
  });
});

describe('a kept connection', () => {
  it('that has ended while nobody used it costs a POST nothing and counts as no try', async (t) => {
    const tries: TryResult[] = [];
    const { client, upstream } = await openGateway(t, answering(hello), {
      plan: { onTryEnded: (_, result) => void tries.push({ ...result }) },
    });
    client.send(request('GET /1'));
    await client.receive('hello');
    for (let i = 0; i < 4; i += 1) {
      await sleep(150);
      upstream.sides.at(-1)?.socket.destroy();
      // The gateway cannot have seen the end yet when it reads this request in the same turn.
      client.send(request(`POST /${i}`, 'Content-Length: 3\r\n', 'abc'));
      await client.until(() => occurrences(client.text, 'hello') === i + 2, `answer ${i}`);
    }
    assert.equal(occurrences(client.text, '200 OK'), 5);
    for (let i = 0; i < 4; i += 1) assert.equal(occurrences(upstream.text(), `POST /${i} `), 1);
    assert.equal(tries.length, 5);
  });
});

describe('connections to upstreams', () => {
  it('are bounded together, idle ones included', async (t) => {
    const { client, gateway, upstream } = await openGateway(
      t,
      (side) => {
        if (side.text.includes('/b')) side.socket.write(hello);
      },
      { pool: { connectionsMax: 1 }, plan: { retries: 5 } },
    );
    client.send(request('GET /a'));
    await client.until(() => upstream.sides.length === 1, 'the first');
    const late = new RawClient(gateway.port);
    t.after(() => late.destroy());
    late.send(request('GET /b'));
    await late.receive(/502 [\s\S]*too_many_connections/);
    assert.equal(upstream.sides.length, 1);
    client.destroy();
    await late.until(() => gateway.pools.connections === 0, 'the first to close');
    late.send(request('GET /b'));
    await late.receive('hello');
  });
});
