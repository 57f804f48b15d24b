import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  change,
  healthOf,
  ipOf,
  manyIps,
  passiveOn,
  pickedOf,
  policy,
  scene,
  settled,
  target,
  upstream,
} from './testing-balancer.ts';

test('two workers take turns like one', () => {
  const { hub, workers } = scene(2);
  hub.apply(
    change({ base: true, upstreams: [upstream()], targets: [target('t1', '10.0.0.1'), target('t2', '10.0.0.2')] }),
    () => undefined,
  );
  const [one, other] = workers.map((worker) => worker.destination('ups'));
  const ips = [ipOf(one), ipOf(other), ipOf(one), ipOf(other)];
  assert.equal(ips[0], ips[2]);
  assert.equal(ips[1], ips[3]);
  assert.notEqual(ips[0], ips[1]);
  hub.close();
});

test('a request to an upstream whose names are being looked up waits, and learns when there is nothing', async () => {
  const { hub, answers, workers } = scene();
  answers.set('api.example', {
    kind: 'found',
    addresses: [{ ip: '10.0.0.1', port: 8001, weight: 5, srvName: 'one.example' }],
    ttlSeconds: 60,
    from: 'SRV',
  });
  hub.apply(
    change({
      base: true,
      upstreams: [upstream({ policy: { ...policy, useSrvName: true } })],
      targets: [target('t1', 'api.example')],
    }),
    () => undefined,
  );
  const destination = workers[0]?.destination('ups');
  const waiting = destination?.pick(performance.now(), 0);
  assert.ok(waiting instanceof Promise);
  const picked = await waiting;
  assert.ok(picked.kind === 'address');
  assert.deepEqual([picked.ip, picked.port, picked.hostname, picked.weight], ['10.0.0.1', 8001, 'one.example', 5]);
  hub.apply(change({ targetsGone: ['t1'], targets: [target('t2', 'gone.example')] }), () => undefined);
  await settled();
  assert.equal(ipOf(destination), 'name resolution failed');
  assert.equal(healthOf(hub).targets[0]?.health, 'DNS_ERROR');
  hub.close();
});

test('names of services are looked up by the node once, for every worker', async () => {
  const { hub, answers, asked, workers } = scene(2);
  answers.set('api.example', {
    kind: 'found',
    addresses: ['10.0.0.1', '10.0.0.2'].map((ip) => ({ ip, port: undefined, weight: 1, srvName: undefined })),
    ttlSeconds: 60,
    from: 'A',
  });
  hub.apply(change({ base: true }), () => undefined);
  const [one, other] = workers.map((worker) => worker.destination('api.example'));
  const picks = await Promise.all([one, one, other].map((destination) => destination?.pick(performance.now(), 0)));
  assert.ok(picks.every((picked) => picked?.kind === 'address'));
  assert.deepEqual(asked, ['api.example']);
  assert.deepEqual(manyIps(other), ['10.0.0.1', '10.0.0.2']);
  hub.close();
});

test('names that services will use are known before the first request, unless they are upstreams', async () => {
  const { hub, answers, asked, workers } = scene();
  answers.set('api.example', {
    kind: 'found',
    addresses: [{ ip: '10.0.0.1', port: undefined, weight: 1, srvName: undefined }],
    ttlSeconds: 60,
    from: 'A',
  });
  hub.apply(
    change({ base: true, upstreams: [upstream()], names: ['api.example', 'ups', '10.0.0.1'] }),
    () => undefined,
  );
  await settled();
  assert.deepEqual(asked, ['api.example']);
  assert.equal(ipOf(workers[0]?.destination('api.example')), '10.0.0.1');
  hub.close();
});

test('a failing name server is a 500 with the reason, an unknown name a 503', async () => {
  const { hub, answers, workers } = scene();
  answers.set('broken.example', { kind: 'error', detail: 'server failure' });
  hub.apply(change({ base: true }), () => undefined);
  const broken = await workers[0]?.destination('broken.example').pick(performance.now(), 0);
  assert.deepEqual(broken, {
    kind: 'none',
    status: 500,
    message: "failed the initial dns/balancer resolve for 'broken.example' with: server failure",
  });
  const unknown = await workers[0]?.destination('no.example').pick(performance.now(), 0);
  assert.deepEqual(unknown, { kind: 'none', status: 503, message: 'name resolution failed' });
  hub.close();
});

test('an upstream that goes or is renamed leaves its name to name servers', async () => {
  const { hub, answers, workers } = scene();
  answers.set('ups', {
    kind: 'found',
    addresses: [{ ip: '10.9.9.9', port: undefined, weight: 1, srvName: undefined }],
    ttlSeconds: 60,
    from: 'A',
  });
  hub.apply(change({ base: true, upstreams: [upstream()], targets: [target('t1', '10.0.0.1')] }), () => undefined);
  const destination = workers[0]?.destination('ups');
  assert.equal(ipOf(destination), '10.0.0.1');
  hub.apply(change({ upstreams: [upstream({ name: 'new' })] }), () => undefined);
  assert.equal(ipOf(workers[0]?.destination('new')), '10.0.0.1');
  await destination?.pick(performance.now(), 0);
  assert.equal(ipOf(destination), '10.9.9.9');
  hub.apply(change({ upstreamsGone: ['u1'], targetsGone: ['t1'] }), () => undefined);
  assert.equal(hub.answer({ kind: 'of', upstreamId: 'u1' }), undefined);
  hub.close();
});

test('requests of a worker that died are not counted any more', () => {
  const { hub, workers } = scene(2);
  const busy = upstream({ policy: { ...policy, algorithm: 'least-connections' } });
  hub.apply(
    change({ base: true, upstreams: [busy], targets: [target('t1', '10.0.0.1'), target('t2', '10.0.0.2')] }),
    () => undefined,
  );
  const [one, other] = workers.map((worker) => worker.destination('ups'));
  assert.ok(one !== undefined && other !== undefined);
  let first = pickedOf(one);
  while (first.ip !== '10.0.0.1') first = pickedOf(one);
  for (let index = 0; index < 10; index += 1) one.upstream?.begin(first);
  assert.deepEqual(manyIps(other), ['10.0.0.2']);
  hub.leave(0, 0);
  assert.deepEqual(manyIps(other), ['10.0.0.1', '10.0.0.2']);
  hub.close();
});

test('an upstream that a configuration begins to use is waited for', async () => {
  const { hub, workers } = scene();
  hub.apply(change({ base: true }), () => undefined);
  let known = false;
  const waiting = workers[0]?.knows(['u1']).then(() => {
    known = true;
  });
  await settled();
  assert.equal(known, false);
  hub.apply(change({ upstreams: [upstream()] }), () => undefined);
  await waiting;
  assert.equal(known, true);
  hub.close();
});

test('what did not change for requests is not built again', () => {
  const { hub, workers } = scene();
  const first = change({
    base: true,
    upstreams: [upstream()],
    targets: [target('t1', '10.0.0.1'), target('t2', '10.0.0.2')],
  });
  hub.apply(first, () => undefined);
  const destination = workers[0]?.destination('ups');
  const pool = destination?.upstream?.pool;
  assert.ok(pool !== undefined);
  hub.apply(change({ upstreams: [upstream({ passive: passiveOn })] }), () => undefined);
  assert.equal(destination?.upstream?.pool, pool);
  assert.notEqual(destination?.upstream?.part.passive, undefined);
  hub.apply(change({ targets: [target('t2', '10.0.0.2', { weight: 1 })] }), () => undefined);
  assert.notEqual(destination?.upstream?.pool, pool);
  assert.equal(destination?.upstream?.pool.addresses[0], pool.addresses[0]);
  hub.close();
});
