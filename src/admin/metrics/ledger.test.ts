import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addTo, increase, MetricCells } from '../../threads/metric-cells.ts';
import { renderMetrics } from '../prometheus.ts';
import { countedFamilies } from './families.ts';
import { MetricsLedger } from './ledger.ts';

/** A thread that counts, as the ledger sees it. */
function thread(ledger: MetricsLedger, source: number): MetricCells {
  return new MetricCells((announcement) => ledger.announce(source, announcement));
}

const labels = ['s', 'r', '200', 'service', ''];

describe('counts of several threads', () => {
  test('the same labels of several workers are one series', async () => {
    const ledger = new MetricsLedger();
    const [one, two] = [thread(ledger, 1), thread(ledger, 2)];
    increase(one.add('requests', labels), 0, 3);
    increase(two.add('requests', labels), 0, 4);
    increase(two.add('requests', ['s', 'other', '200', 'service', '']), 0, 1);
    await Promise.resolve();
    const values = ledger.series('requests').map((series) => [series.labels[1], series.values[0]]);
    assert.deepEqual(values, [
      ['r', 7],
      ['other', 1],
    ]);
    assert.equal(ledger.total('requests'), 8);
  });

  test('a worker that is gone takes nothing with it, and its replacement goes on', async () => {
    const ledger = new MetricsLedger();
    const cell = thread(ledger, 1).add('requests', labels);
    await Promise.resolve();
    // Counted after the announcement: no message tells of it.
    increase(cell, 0, 5);
    ledger.retire(1);
    increase(cell, 0, 100);
    increase(thread(ledger, 2).add('requests', labels), 0, 2);
    await Promise.resolve();
    assert.equal(ledger.total('requests'), 7);
    assert.equal(ledger.total('requests', 0, true), 5);
  });

  test('more series than fit into one piece of memory are all found', async () => {
    const ledger = new MetricsLedger();
    const cells = thread(ledger, 1);
    for (let index = 0; index < 3000; index += 1) {
      increase(cells.add('requests', [String(index), '', '', '', '']), 0, index);
      addTo(cells.add('latency', [String(index), '']), 0, index);
    }
    await Promise.resolve();
    assert.equal(ledger.series('requests').length, 3000);
    assert.equal(ledger.total('requests'), (2999 * 3000) / 2);
  });
});

describe('the text', () => {
  test('histograms are cumulative, labels are escaped, families have Kong’s names', async () => {
    const ledger = new MetricsLedger();
    const cells = thread(ledger, 1);
    increase(cells.add('requests', ['a "b"\\', 'r\nr', '200', 'service', '']), 0, 1);
    const latency = cells.add('latency', ['s', 'r']);
    for (const ms of [0.2, 3, 3, 70_000]) addTo(latency, 0, ms);
    await Promise.resolve();
    const text = await renderMetrics(countedFamilies(ledger, 'node'));
    const line = (start: string) => text.split('\n').find((candidate) => candidate.startsWith(start));
    assert.equal(
      line('kong_http_requests_total'),
      'kong_http_requests_total{service="a \\"b\\"\\\\",route="r\\nr",code="200",source="service",workspace="default",consumer=""} 1',
    );
    const bucket = (bound: string) =>
      line(`kong_request_latency_ms_bucket{le="${bound}",service="s",route="r",workspace="default"}`)
        ?.split(' ')
        .at(-1);
    assert.deepEqual(['0.25', '2', '5', '60000', '+Inf'].map(bucket), ['1', '1', '3', '3', '4']);
    assert.equal(line('kong_request_latency_ms_sum')?.split(' ').at(-1), '70006.2');
    assert.equal(line('kong_request_latency_ms_count')?.split(' ').at(-1), '4');
    assert.match(text, /^# TYPE kong_request_latency_ms histogram$/m);
    assert.match(text, /^# TYPE kong_bandwidth_bytes counter$/m);
  });
});
