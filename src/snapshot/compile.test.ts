import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileSnapshot } from './compile.ts';
import { SnapshotHolder } from './holder.ts';
import { noScopedPlugins } from './scoped-plugins.ts';
import { emptySnapshot } from './snapshot.ts';
import {
  aChange,
  aConsumer,
  aDefinition,
  aPlugin,
  aRoute,
  aService,
  compiled,
  matched,
  upsertPlugins,
  upsertRoutes,
  upsertServices,
  winner,
} from './test-support.ts';

const noPlugins = { plugins: new Map() };

test('an empty snapshot matches nothing', () => {
  assert.equal(winner(emptySnapshot, {}), undefined);
  assert.deepEqual(emptySnapshot.counts, { services: 0, routes: 0, plugins: 0 });
});

test('a route carries what the proxy stages need, and its service', async () => {
  const snapshot = await compiled(
    aChange(
      [
        ...upsertRoutes(
          aRoute({
            id: 'R',
            name: 'r',
            paths: ['/'],
            service: { id: 'S' },
            strip_path: false,
            preserve_host: true,
            protocols: ['https'],
            https_redirect_status_code: 308,
          }),
        ),
        ...upsertServices(
          aService({
            id: 'S',
            name: 's',
            protocol: 'https',
            host: 'h',
            port: 8443,
            path: '/p',
            retries: 0,
            connect_timeout: 1,
            write_timeout: 2,
            read_timeout: 3,
            tls_verify: true,
          }),
        ),
      ],
      [],
      7,
    ),
  );
  const route = matched(snapshot, {})?.route;
  assert.ok(route !== undefined);
  const { id, name, serviceId, stripPath, preserveHost, protocols, httpsRedirectStatus } = route;
  assert.deepEqual(
    { id, name, serviceId, stripPath, preserveHost, protocols, httpsRedirectStatus },
    {
      id: 'R',
      name: 'r',
      serviceId: 'S',
      stripPath: false,
      preserveHost: true,
      protocols: { http: false, https: true },
      httpsRedirectStatus: 308,
    },
  );
  assert.ok(route.service !== undefined);
  const { entity: _entity, ...service } = route.service;
  assert.deepEqual(service, {
    id: 'S',
    name: 's',
    protocol: 'https',
    host: 'h',
    port: 8443,
    path: '/p',
    retries: 0,
    connectTimeoutMs: 1,
    writeTimeoutMs: 2,
    readTimeoutMs: 3,
    tls: { verify: true, verifyDepth: undefined, ca: [], clientCertificate: undefined },
    enabled: true,
    plugins: noScopedPlugins,
  });
  assert.equal(snapshot.revision, 7);
  assert.deepEqual(snapshot.counts, { services: 1, routes: 1, plugins: 0 });
});

test('where a service leaves certificate checks open the node decides', async () => {
  const change = aChange(
    upsertServices(aService({ id: 'S', protocol: 'https' }), aService({ id: 'off', tls_verify: false })),
  );
  for (const tlsVerifyDefault of [true, false]) {
    const outcome = await compileSnapshot(emptySnapshot, change, { ...noPlugins, tlsVerifyDefault });
    assert.ok(outcome.kind === 'ok');
    assert.equal(outcome.snapshot.services.get('S')?.tls.verify, tlsVerifyDefault);
    assert.equal(outcome.snapshot.services.get('off')?.tls.verify, false);
  }
});

test('a snapshot and its parts are frozen', async () => {
  const snapshot = await compiled(aChange(upsertRoutes(aRoute({ id: 'R', paths: ['/'] }))));
  const match = matched(snapshot, {});
  for (const part of [snapshot, snapshot.counts, snapshot.scopes, snapshot.globals, match, match?.route]) {
    assert.ok(Object.isFrozen(part));
  }
});

test('a disabled service takes its routes out of the router until it is enabled again', async () => {
  const route = aRoute({ id: 'R', paths: ['/'], service: { id: 'S' } });
  const on = await compiled(aChange([...upsertServices(aService({ id: 'S' })), ...upsertRoutes(route)]));
  assert.equal(winner(on, {}), 'R');
  const off = await compiled(aChange(upsertServices(aService({ id: 'S', enabled: false }))), on);
  assert.equal(winner(off, {}), undefined);
  assert.equal(winner(on, {}), 'R');
  assert.equal(winner(await compiled(aChange(upsertServices(aService({ id: 'S' }))), off), {}), 'R');
});

test('a route may come before its service', async () => {
  const first = await compiled(aChange(upsertRoutes(aRoute({ id: 'R', paths: ['/'], service: { id: 'S' } }))));
  assert.equal(matched(first, {})?.route.service, undefined);
  const second = await compiled(aChange(upsertServices(aService({ id: 'S', host: 'h' }))), first);
  assert.equal(matched(second, {})?.route.service?.host, 'h');
});

test('one change may delete an id and bring it back', async () => {
  const first = await compiled(aChange(upsertRoutes(aRoute({ id: 'R', paths: ['/a'] }))));
  const change = aChange(upsertRoutes(aRoute({ id: 'R', paths: ['/b'] })), [{ kind: 'routes', id: 'R' }]);
  const second = await compiled(change, first);
  assert.deepEqual([winner(second, { path: '/a' }), winner(second, { path: '/b' })], [undefined, 'R']);
});

test('an edit renews only what it touches', async () => {
  let prepared = 0;
  const counting = aDefinition({
    name: 'counting',
    prepare: () => {
      prepared += 1;
      return {};
    },
  });
  const entities = [
    ...upsertServices(aService({ id: 'S' }), aService({ id: 'T' })),
    ...upsertRoutes(
      aRoute({ id: 'R', paths: ['/r'], service: { id: 'S' } }),
      aRoute({ id: 'Q', paths: ['/q'], service: { id: 'T' } }),
    ),
    ...upsertPlugins(
      aPlugin({ id: 'p', name: 'counting', service: { id: 'S' } }),
      aPlugin({ id: 'g', name: 'counting' }),
    ),
  ];
  const first = await compiled(aChange(entities), undefined, [counting]);
  assert.equal(prepared, 2);
  const edited = aChange(upsertServices(aService({ id: 'S', host: 'elsewhere' })));
  const second = await compiled(edited, first, [counting]);
  assert.equal(prepared, 2);
  assert.equal(second.routes.get('R')?.service?.host, 'elsewhere');
  assert.equal(second.routes.get('R')?.service?.plugins.anyone[0], first.plugins.get('p'));
  assert.equal(second.routes.get('Q'), first.routes.get('Q'));
  assert.equal(second.services.get('T'), first.services.get('T'));
  assert.equal(second.plugins, first.plugins);
  assert.equal(second.globals, first.globals);
  assert.equal(first.routes.get('R')?.service?.host, 'upstream.test');
});

test('entities sent again unchanged renew nothing', async () => {
  const entities = () => [
    ...upsertServices(aService({ id: 'S' })),
    ...upsertRoutes(aRoute({ id: 'R', paths: ['/r'], service: { id: 'S' } })),
    ...upsertPlugins(aPlugin({ id: 'g', name: 'p', config: { a: [1] } })),
  ];
  const definition = aDefinition({ name: 'p' });
  const first = await compiled(aChange(entities()), undefined, [definition]);
  const second = await compiled(aChange(entities(), [], 2), first, [definition]);
  assert.equal(second.router, first.router);
  assert.equal(second.routes, first.routes);
  assert.equal(second.plugins, first.plugins);
  assert.equal(second.revision, 2);
});

test('consumers and deletes of what is not there change nothing', async () => {
  const first = await compiled(aChange(upsertRoutes(aRoute({ id: 'R', paths: ['/'] }))));
  const second = await compiled(
    aChange(
      [{ kind: 'consumers', entity: aConsumer({ id: 'C' }) }],
      [
        { kind: 'routes', id: 'x' },
        { kind: 'services', id: 'x' },
        { kind: 'plugins', id: 'x' },
        { kind: 'consumers', id: 'x' },
      ],
    ),
    first,
  );
  assert.equal(second.router, first.router);
  assert.deepEqual(second.counts, first.counts);
});

describe('faults', () => {
  const throwing = aDefinition({
    name: 'throwing',
    prepare: () => {
      throw new Error('no such key');
    },
  });
  const env = { plugins: new Map([['throwing', throwing]]) };

  test('every entity that cannot run is reported at once, and nothing is thrown', async () => {
    const change = aChange([
      ...upsertPlugins(
        aPlugin({ id: 'p1', name: 'throwing' }),
        aPlugin({ id: 'p2', name: 'unheard-of' }),
        aPlugin({ id: 'p3', name: 'throwing', enabled: false }),
      ),
      ...upsertRoutes(
        aRoute({ id: 'r1', name: 'bad-path', paths: ['/ok', '~/('] }),
        aRoute({ id: 'r2', headers: { 'x-a': ['~*['] } }),
      ),
    ]);
    const outcome = await compileSnapshot(emptySnapshot, change, env);
    assert.ok(outcome.kind === 'faults');
    assert.deepEqual(
      outcome.faults.map(({ kind, id, name }) => [kind, id, name]),
      [
        ['plugins', 'p1', 'throwing'],
        ['plugins', 'p2', 'unheard-of'],
        ['routes', 'r1', 'bad-path'],
        ['routes', 'r2', null],
      ],
    );
    const [first, second, third, fourth] = outcome.faults.map(({ message }) => message);
    assert.equal(first, 'no such key');
    assert.match(second ?? '', /unheard-of/);
    assert.match(third ?? '', /^paths\[1\]: ./);
    assert.match(fourth ?? '', /^headers\.x-a: ./);
  });

  test('what a definition throws that is no error is a fault as well', async () => {
    const odd = aDefinition({
      name: 'odd',
      prepare: () => {
        throw undefined;
      },
    });
    const outcome = await compileSnapshot(emptySnapshot, aChange(upsertPlugins(aPlugin({ id: 'p', name: 'odd' }))), {
      plugins: new Map([['odd', odd]]),
    });
    assert.equal(outcome.kind, 'faults');
  });

  test('the snapshot before a faulty change goes on unchanged', async () => {
    const first = await compiled(aChange(upsertRoutes(aRoute({ id: 'R', paths: ['/'] }))));
    const change = aChange(upsertRoutes(aRoute({ id: 'R', paths: ['~/('] }), aRoute({ id: 'N', paths: ['/n'] })), [
      { kind: 'routes', id: 'R' },
    ]);
    assert.equal((await compileSnapshot(first, change, env)).kind, 'faults');
    assert.equal(winner(first, { path: '/n' }), 'R');
  });

  test('prepared configurations are frozen, those that cannot be are kept as they are', async () => {
    const known = [
      aDefinition({ name: 'object', prepare: () => ({ a: 1 }) }),
      aDefinition({ name: 'bytes', prepare: () => new Uint8Array(2) }),
      aDefinition({ name: 'nothing', prepare: () => null }),
    ];
    const entities = known.map(({ name }) => aPlugin({ id: name, name }));
    const snapshot = await compiled(aChange(upsertPlugins(...entities)), undefined, known);
    assert.ok(Object.isFrozen(snapshot.plugins.get('object')?.prepared));
    assert.deepEqual(snapshot.plugins.get('bytes')?.prepared, new Uint8Array(2));
    assert.equal(snapshot.plugins.get('nothing')?.prepared, null);
  });
});

test('a large change is compiled in many slices', async () => {
  const routes = Array.from({ length: 3000 }, (_, index) => aRoute({ id: `r${index}`, paths: [`/p/${index}`] }));
  let yields = 0;
  const outcome = await compileSnapshot(emptySnapshot, aChange(upsertRoutes(...routes)), noPlugins, {
    sliceMs: 0,
    yieldNow: async () => {
      yields += 1;
    },
  });
  assert.ok(outcome.kind === 'ok' && yields >= 6000, `${yields} yields`);
});

test('requests are served between the slices of a compile, on the snapshot before it', async () => {
  const holder = new SnapshotHolder(await compiled(aChange(upsertRoutes(aRoute({ id: 'old', paths: ['/'] })))));
  const routes = Array.from({ length: 200 }, (_, index) => aRoute({ id: `r${index}`, paths: [`/${index}`] }));
  const served: (string | undefined)[] = [];
  const outcome = await compileSnapshot(holder.current, aChange(upsertRoutes(...routes)), noPlugins, {
    sliceMs: 0,
    yieldNow: async () => {
      served.push(winner(holder.current, { path: '/7' }));
    },
  });
  assert.ok(outcome.kind === 'ok');
  assert.ok(served.length > 0 && served.every((id) => id === 'old'));
  holder.swap(outcome.snapshot);
  assert.equal(winner(holder.current, { path: '/7' }), 'r7');
});
