import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { announceEveryMs, MetricCells, type MetricsAnnouncement } from './metric-cells.ts';

describe('what is told of new series', () => {
  test('the first ones at once, those that follow shortly after together and in order', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const told: MetricsAnnouncement[] = [];
    const cells = new MetricCells((announcement) => told.push(announcement));
    const routes = () => told.map(({ series }) => series.map(({ labels }) => labels[1]));

    cells.add('latency', ['s', 'first']);
    cells.add('latency', ['s', 'with it']);
    await Promise.resolve();
    assert.deepEqual(routes(), [['first', 'with it']]);

    for (let index = 0; index < 200; index += 1) {
      cells.add('latency', ['s', `more-${index}`]);
      await Promise.resolve();
    }
    assert.equal(told.length, 1);
    t.mock.timers.tick(announceEveryMs);
    assert.equal(told.length, 2);
    assert.equal(told[1]?.series.length, 200);
    assert.ok((told[1]?.slabs.length ?? 0) > 0, 'with the memory they need');

    t.mock.timers.tick(announceEveryMs);
    cells.add('latency', ['s', 'after a pause']);
    await Promise.resolve();
    assert.deepEqual(routes()[2], ['after a pause']);
  });
});
