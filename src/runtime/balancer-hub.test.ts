import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActiveChecks } from '../base/balancing.ts';
import {
  active,
  change,
  healthOf,
  ipOf,
  manyIps,
  noFailures,
  passiveOn,
  pickedOf,
  policy,
  scene,
  settled,
  target,
  upstream,
} from './testing-balancer.ts';

test('workers use the targets of an upstream as they come, change and go', () => {
  const { hub, workers } = scene(2);
  const done: string[] = [];
  hub.apply(change({ base: true, upstreams: [upstream()], targets: [target('t1', '10.0.0.1')] }), () =>
    done.push('base'),
  );
  const destinations = workers.map((worker) => worker.destination('ups'));
  for (const destination of destinations) assert.deepEqual(manyIps(destination), ['10.0.0.1']);
  hub.apply(change({ targets: [target('t2', '10.0.0.2')] }), () => done.push('added'));
  for (const destination of destinations) assert.deepEqual(manyIps(destination), ['10.0.0.1', '10.0.0.2']);
  hub.apply(change({ targets: [target('t1', '10.0.0.1', { weight: 0 })] }), () => done.push('off'));
  for (const destination of destinations) assert.deepEqual(manyIps(destination), ['10.0.0.2']);
  hub.apply(change({ targetsGone: ['t2'] }), () => done.push('gone'));
  for (const destination of destinations) {
    assert.deepEqual(manyIps(destination), ['failure to get a peer from the ring-balancer']);
  }
  assert.deepEqual(done, ['base', 'added', 'off', 'gone']);
  hub.close();
});

test('a worker that starts later gets everything, once the base is there', async () => {
  const { hub, join, workers } = scene(1);
  let isReady = false;
  void workers[0]?.ready.then(() => {
    isReady = true;
  });
  await settled();
  assert.equal(isReady, false);
  hub.apply(change({ base: true, upstreams: [upstream()], targets: [target('t1', '10.0.0.1')] }), () => undefined);
  await settled();
  assert.equal(isReady, true);
  const late = join(7, 1);
  await late.ready;
  assert.equal(ipOf(late.destination('ups')), '10.0.0.1');
  hub.close();
});

test('what one worker sees fail, no worker uses, and health outlives a change of the upstream', () => {
  const { hub, workers } = scene(2);
  const targets = [target('t1', '10.0.0.1'), target('t2', '10.0.0.2')];
  hub.apply(change({ base: true, upstreams: [upstream({ passive: passiveOn })], targets }), () => undefined);
  const [one, other] = workers.map((worker) => worker.destination('ups'));
  assert.ok(one !== undefined && other !== undefined);
  let failing = pickedOf(one);
  while (failing.ip !== '10.0.0.1') failing = pickedOf(one);
  one.upstream?.begin(failing);
  one.upstream?.end(failing, { status: undefined, fault: 'connection', tookMs: 1 });
  assert.deepEqual(manyIps(other), ['10.0.0.2']);
  const changed = upstream({ passive: passiveOn, policy: { ...policy, hostHeader: 'other.example' } });
  hub.apply(change({ upstreams: [changed], targets: [target('t3', '10.0.0.3')] }), () => undefined);
  assert.deepEqual(manyIps(other), ['10.0.0.2', '10.0.0.3']);
  assert.deepEqual(
    healthOf(hub).targets.map(({ id, health }) => [id, health]),
    [
      ['t1', 'UNHEALTHY'],
      ['t2', 'HEALTHY'],
      ['t3', 'HEALTHY'],
    ],
  );
  assert.deepEqual(healthOf(hub).weight, { total: 300, available: 200, unavailable: 100 });
  hub.close();
});

test('without health checks everything counts as fit, whatever was found out before', () => {
  const { hub, workers } = scene();
  hub.apply(
    change({ base: true, upstreams: [upstream({ passive: passiveOn })], targets: [target('t1', '10.0.0.1')] }),
    () => undefined,
  );
  assert.equal(
    hub.answer({ kind: 'set', upstreamId: 'u1', targetId: 't1', address: undefined, healthy: false }),
    'set',
  );
  const destination = workers[0]?.destination('ups');
  assert.equal(ipOf(destination), 'failure to get a peer from the ring-balancer');
  hub.apply(change({ upstreams: [upstream()] }), () => undefined);
  assert.equal(ipOf(destination), '10.0.0.1');
  assert.equal(healthOf(hub).targets[0]?.health, 'HEALTHCHECKS_OFF');
  assert.equal(
    hub.answer({ kind: 'set', upstreamId: 'u1', targetId: 't1', address: undefined, healthy: false }),
    'no_checker',
  );
  hub.close();
});

test('one address of a target can be set by hand', async () => {
  const { hub, answers, workers } = scene();
  const addresses = ['10.0.0.1', '10.0.0.2'].map((ip) => ({ ip, port: undefined, weight: 1, srvName: undefined }));
  answers.set('api.example', { kind: 'found', addresses, ttlSeconds: 60, from: 'A' });
  hub.apply(
    change({ base: true, upstreams: [upstream({ passive: passiveOn })], targets: [target('t1', 'api.example')] }),
    () => undefined,
  );
  await settled();
  const set = (address: string | undefined, targetId = 't1') =>
    hub.answer({ kind: 'set', upstreamId: 'u1', targetId, address, healthy: false });
  assert.equal(set('10.0.0.1:80'), 'set');
  assert.deepEqual(manyIps(workers[0]?.destination('ups')), ['10.0.0.2']);
  assert.equal(healthOf(hub).targets[0]?.health, 'HEALTHY', 'a target is healthy while any address is');
  assert.equal(set('10.0.0.9:80'), 'unknown');
  assert.equal(set(undefined, 't9'), 'unknown');
  assert.equal(hub.answer({ kind: 'of', upstreamId: 'u9' }), undefined);
  hub.close();
});

test('probes take addresses out and bring them back', async () => {
  const { hub, probes, probed, workers } = scene();
  const checks: ActiveChecks = {
    ...active,
    healthy: { statuses: [200], successes: 2 },
    unhealthy: { ...noFailures, httpFailures: 2, tcpFailures: 2, timeouts: 2 },
    healthyIntervalMs: 20,
    unhealthyIntervalMs: 20,
  };
  hub.apply(
    change({
      base: true,
      upstreams: [upstream({ active: checks })],
      targets: [target('t1', '10.0.0.1'), target('t2', '10.0.0.2'), target('t3', '10.0.0.3', { weight: 0 })],
    }),
    () => undefined,
  );
  const destination = workers[0]?.destination('ups');
  const until = async (condition: () => boolean) => {
    const giveUp = Date.now() + 10_000;
    while (!condition()) {
      assert.ok(Date.now() < giveUp, `waited in vain; probed ${probed.length} times`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  for (const result of [
    { kind: 'status', status: 500 },
    { kind: 'timeout' },
    { kind: 'tcp_failure', detail: 'ECONNREFUSED' },
  ] as const) {
    probes.set('10.0.0.1', result);
    await until(() => manyIps(destination).join() === '10.0.0.2');
    probes.delete('10.0.0.1');
    await until(() => manyIps(destination).join() === '10.0.0.1,10.0.0.2');
  }
  assert.ok(!probed.includes('10.0.0.3'), 'a target without weight is not probed');
  hub.apply(change({ upstreamsGone: ['u1'] }), () => undefined);
  const count = probed.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok(probed.length <= count + 2, 'nobody is probed for an upstream that is gone');
  hub.close();
});

test('so many addresses are probed at one time as the check allows', async () => {
  const { hub, probing, release } = scene();
  const checks: ActiveChecks = { ...active, concurrency: 3, healthyIntervalMs: 10 };
  const targets = Array.from({ length: 8 }, (_, index) => target(`t${index}`, `10.0.0.${index + 1}`));
  probing.held = true;
  hub.apply(change({ base: true, upstreams: [upstream({ active: checks })], targets }), () => undefined);
  const giveUp = Date.now() + 10_000;
  while (probing.now < 3 && Date.now() < giveUp) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(probing.now, 3);
  release();
  hub.close();
});
