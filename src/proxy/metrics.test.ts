import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { limits } from '../base/limits.ts';
import type { CompiledRoute } from '../snapshot/snapshot.ts';
import { familyWidths, histogramWidth, latencyBoundsMs, type MetricsAnnouncement } from '../threads/metric-cells.ts';
import { type ObservedRequest, WorkerMetrics } from './metrics.ts';

/** What control would see: every announced series with its values. */
class Seen {
  readonly #slabs: SharedArrayBuffer[] = [];
  readonly #series: MetricsAnnouncement['series'][number][] = [];

  readonly announce = ({ slabs, series }: MetricsAnnouncement): void => {
    this.#slabs.push(...slabs);
    this.#series.push(...series);
  };

  async values(family: string): Promise<Map<string, number[]>> {
    await Promise.resolve();
    return new Map(
      this.#series
        .filter((series) => series.family === family)
        .map(({ labels, slab, offset, family: of }) => {
          const memory = this.#slabs[slab] ?? assert.fail('the slab was not announced');
          return [labels.join(' '), [...new Float64Array(memory, offset * 8, familyWidths[of])]];
        }),
    );
  }
}

function metrics(perConsumer = false) {
  const seen = new Seen();
  return { seen, metrics: new WorkerMetrics({ announce: seen.announce, perConsumer }) };
}

const route = (name: string) => ({ id: `id-of-${name}`, name, service: { name: 's', host: 'h' } }) as CompiledRoute;

function request(more: {
  route?: CompiledRoute;
  status?: number;
  forwardedAt?: number;
  upstreamHeadAt?: number;
  consumer?: string;
}): ObservedRequest {
  const { status = 200, forwardedAt = 0, upstreamHeadAt = 0, consumer } = more;
  return {
    exchange: {
      status,
      bytesReceived: 10,
      bytesSent: 20,
      times: { receivedAt: 1000, forwardedAt, upstreamHeadAt, finishedAt: 1100 },
    },
    match: more.route === undefined ? undefined : { route: more.route },
    identity: consumer === undefined ? null : { consumer: { id: `id-of-${consumer}`, username: consumer } },
  };
}

describe('what a worker counts', () => {
  test('requests are counted by service, route, status and who answered', async () => {
    const { seen, metrics: counted } = metrics();
    const r = route('r');
    for (let time = 0; time < 3; time += 1) {
      counted.observe(request({ route: r, forwardedAt: 1002, upstreamHeadAt: 1050 }));
    }
    counted.observe(request({ route: r, status: 502, forwardedAt: 1002 }));
    counted.observe(request({ route: r, status: 401 }));
    counted.observe(request({ status: 404 }));
    counted.observe(request({ route: r, status: 0, forwardedAt: 1002 }));
    counted.observeRefusal(400);
    assert.deepEqual(
      await seen.values('requests'),
      new Map([
        ['s r 200 service ', [3]],
        ['s r 502 error ', [1]],
        ['s r 401 exit ', [1]],
        ['  404 exit ', [1]],
        ['s r 499 error ', [1]],
        ['  400 error ', [1]],
      ]),
    );
    assert.deepEqual((await seen.values('bandwidth')).get('s r '), [60, 120]);
  });

  test('latencies fall into buckets, and their sums are exact', async () => {
    const { seen, metrics: counted } = metrics();
    counted.observe(request({ route: route('r'), forwardedAt: 1002, upstreamHeadAt: 1050 }));
    const values = (await seen.values('latency')).get('s r') ?? [];
    const histogram = (index: number) => values.slice(index * histogramWidth, (index + 1) * histogramWidth);
    for (const [index, ms] of [100, 2, 48].entries()) {
      const one = histogram(index);
      assert.equal(one[latencyBoundsMs.findIndex((bound) => ms <= bound)], 1);
      assert.equal(one.at(-1), ms);
      assert.equal(
        one.slice(0, -1).reduce((sum, count) => sum + count, 0),
        1,
      );
    }
  });

  test('a route that was compiled anew goes on in its series, one of another name gets its own', async () => {
    const { seen, metrics: counted } = metrics();
    counted.observe(request({ route: route('r') }));
    counted.observe(request({ route: route('r') }));
    counted.observe(request({ route: route('renamed') }));
    const requests = await seen.values('requests');
    assert.deepEqual([...requests.values()], [[2], [1]]);
  });

  test('consumers are told apart only when asked for', async () => {
    const { seen, metrics: counted } = metrics();
    counted.observe(request({ route: route('r'), consumer: 'ann' }));
    counted.tellConsumersApart(true);
    counted.observe(request({ route: route('r'), consumer: 'ann' }));
    counted.observe(request({ route: route('r'), consumer: 'ben' }));
    assert.deepEqual(
      [...(await seen.values('requests')).keys()],
      ['s r 200 exit ', 's r 200 exit ann', 's r 200 exit ben'],
    );
  });

  test('statuses and routes beyond the bounds count as other, and nothing is lost', async () => {
    const { seen, metrics: counted } = metrics();
    const r = route('r');
    for (let status = 200; status < 400; status += 1) counted.observe(request({ route: r, status }));
    const requests = await seen.values('requests');
    assert.equal(requests.size, limits.metricCodesPerRouteMax + 1);
    assert.deepEqual(requests.get('s r other exit '), [200 - limits.metricCodesPerRouteMax]);
  });
});
