import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AddressCells, createAddressCells } from './address-cells.ts';

const healthy = { statuses: [], successes: 2 };
const unhealthy = { statuses: [], httpFailures: 3, tcpFailures: 2, timeouts: 4 };

function cells(): AddressCells {
  return new AddressCells(createAddressCells(2));
}

describe('the state of an address', () => {
  test('is healthy at first, and unhealthy when one failure counter reaches its limit', () => {
    const address = cells();
    assert.equal(address.healthy, true);
    assert.equal(address.note('http_failure', healthy, unhealthy), undefined);
    assert.equal(address.note('http_failure', healthy, unhealthy), undefined);
    assert.equal(address.healthy, true);
    assert.equal(address.note('http_failure', healthy, unhealthy), 'unhealthy');
    assert.equal(address.healthy, false);
  });

  test('counts failures of different kinds apart', () => {
    const address = cells();
    for (const event of ['http_failure', 'timeout', 'tcp_failure', 'http_failure', 'timeout', 'timeout'] as const) {
      assert.equal(address.note(event, healthy, unhealthy), undefined, event);
    }
    assert.equal(address.note('tcp_failure', healthy, unhealthy), 'unhealthy');
  });

  test('forgets failures at a success and successes at a failure', () => {
    const address = cells();
    for (let round = 0; round < 5; round += 1) {
      assert.equal(address.note('tcp_failure', healthy, unhealthy), undefined);
      assert.equal(address.note('success', healthy, unhealthy), undefined);
    }
    address.set(false);
    for (let round = 0; round < 5; round += 1) {
      assert.equal(address.note('success', healthy, unhealthy), undefined);
      assert.equal(address.note('timeout', healthy, unhealthy), undefined);
    }
    assert.equal(address.healthy, false);
    address.note('success', healthy, unhealthy);
    assert.equal(address.note('success', healthy, unhealthy), 'healthy');
  });

  test('starts counting anew after it changed', () => {
    const address = cells();
    address.note('tcp_failure', healthy, unhealthy);
    assert.equal(address.note('tcp_failure', healthy, unhealthy), 'unhealthy');
    address.note('success', healthy, unhealthy);
    assert.equal(address.note('success', healthy, unhealthy), 'healthy');
    assert.equal(address.note('tcp_failure', healthy, unhealthy), undefined);
    assert.equal(address.healthy, true);
  });

  test('does not change by events whose limit is 0, which clear nothing either', () => {
    const address = cells();
    const off = { ...unhealthy, httpFailures: 0 };
    for (let round = 0; round < 10; round += 1) address.note('http_failure', healthy, off);
    assert.equal(address.healthy, true);
    address.note('tcp_failure', { successes: 0 }, off);
    address.note('success', { successes: 0 }, off);
    assert.equal(address.note('tcp_failure', { successes: 0 }, off), 'unhealthy');
    for (let round = 0; round < 10; round += 1) address.note('success', { successes: 0 }, off);
    assert.equal(address.healthy, false);
  });

  test('set by hand clears the counters and says whether it changed', () => {
    const address = cells();
    address.note('tcp_failure', healthy, unhealthy);
    assert.equal(address.set(true), false);
    assert.equal(address.note('tcp_failure', healthy, unhealthy), undefined);
    assert.equal(address.set(false), true);
    assert.equal(address.set(false), false);
  });

  test('is the same for every thread that has the memory', () => {
    const memory = createAddressCells(2);
    const [one, other] = [new AddressCells(memory), new AddressCells(memory)];
    one.note('tcp_failure', healthy, unhealthy);
    assert.equal(other.note('tcp_failure', healthy, unhealthy), 'unhealthy');
    assert.equal(one.healthy, false);
  });
});

test('requests under way are counted over all workers, and those of a dead one are given back', () => {
  const memory = createAddressCells(3);
  const [one, other] = [new AddressCells(memory), new AddressCells(memory)];
  one.take(0);
  one.take(0);
  other.take(2);
  assert.equal(one.connections, 3);
  other.release(2);
  assert.equal(one.connections, 2);
  one.releaseAll(0);
  assert.equal(other.connections, 0);
  one.releaseAll(0);
  assert.equal(other.connections, 0);
});

test('latency peaks count at once and fade over time', () => {
  const address = cells();
  assert.equal(address.latencyMs(0), 0);
  address.noteLatency(100, false, 1000);
  assert.equal(address.latencyMs(1000), 100);
  address.noteLatency(500, false, 2000);
  assert.equal(address.latencyMs(2000), 500);
  address.noteLatency(10, false, 12_000);
  const mixed = address.latencyMs(12_000);
  assert.ok(mixed > 150 && mixed < 250, String(mixed));
  assert.ok(address.latencyMs(60_000) < 10);
});

test('refusing fast is not being fast', () => {
  const address = cells();
  address.noteLatency(0, true, 1000);
  assert.ok(address.latencyMs(1000) >= 1000);
});
