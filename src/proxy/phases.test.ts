import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Consumer, PluginEntity } from '../entities/index.ts';
import { type AnyPlugin, establishIdentity, type LogContext, type PluginResponse } from '../pdk/index.ts';
import {
  aChange,
  aConsumer,
  aDefinition,
  aPlugin,
  aRoute,
  aService,
  compiled,
  upsertPlugins,
  upsertRoutes,
  upsertServices,
} from '../snapshot/test-support.ts';
import { handled, type Logged, testPlane } from './testing.ts';

const refusal: PluginResponse = { status: 403, headers: [], message: 'no' };

/** A gateway with route /r to a service, and these plugins. */
async function planeWith(plugins: readonly AnyPlugin[], entries: readonly PluginEntity[], logged: Logged = []) {
  const snapshot = await compiled(
    aChange([
      ...upsertServices(aService({ id: 'S', host: '10.0.0.1' })),
      ...upsertRoutes(aRoute({ id: 'R', paths: ['/r', '~/u/(?<id>\\d+)/(\\w+)'], service: { id: 'S' } })),
      ...upsertPlugins(...entries),
    ]),
    undefined,
    plugins,
  );
  return testPlane(snapshot, {}, logged);
}

/** A plugin that writes each of its turns down. */
function noting(name: string, priority: number, notes: string[], more: Partial<AnyPlugin> = {}): AnyPlugin {
  return aDefinition({
    name,
    priority,
    access: () => void notes.push(`${name} access`),
    headerFilter: ({ source, status }) => void notes.push(`${name} headers ${source} ${status}`),
    log: ({ source, status }) => void notes.push(`${name} log ${source} ${status}`),
    ...more,
  });
}

const globally = (name: string, more: Partial<PluginEntity> = {}) => aPlugin({ id: `of-${name}`, name, ...more });

describe('phases of plugins', () => {
  test('run in the order of priority, each phase for all plugins before the next', async () => {
    const notes: string[] = [];
    const plugins = [noting('late', 1, notes), noting('early', 9, notes)];
    const plane = await planeWith(plugins, [globally('late'), globally('early')]);
    assert.equal((await handled(plane, { target: '/r' })).status, 200);
    const turns = ['access', 'headers upstream 200', 'log upstream 200'];
    assert.deepEqual(
      notes,
      turns.flatMap((turn) => [`early ${turn}`, `late ${turn}`]),
    );
  });

  test('after a refusal, later plugins still see answer and end, without having run', async () => {
    for (const wait of [false, true]) {
      const notes: string[] = [];
      const refuse = () => (wait ? Promise.resolve(refusal) : refusal);
      const plugins = [noting('a', 3, notes), noting('b', 2, notes, { access: refuse }), noting('c', 1, notes)];
      const plane = await planeWith(plugins, [globally('a'), globally('b'), globally('c')]);
      const { status, plan } = await handled(plane, { target: '/r' });
      assert.deepEqual([status, plan], [403, undefined]);
      const turns = ['headers gateway 403', 'log gateway 403'];
      assert.deepEqual(notes, [
        'a access',
        ...turns.flatMap((turn) => ['a', 'b', 'c'].map((name) => `${name} ${turn}`)),
      ]);
    }
  });

  test('where no route matches, plugins bound to nothing see answer and end, others do not', async () => {
    const notes: string[] = [];
    const plugins = [noting('global', 2, notes), noting('routed', 1, notes)];
    const plane = await planeWith(plugins, [globally('global'), globally('routed', { route: { id: 'R' } })]);
    assert.equal((await handled(plane, { target: '/nowhere' })).status, 404);
    assert.deepEqual(notes, ['global headers gateway 404', 'global log gateway 404']);
  });

  test('access sees what the path of the route captured', async () => {
    const seen: unknown[] = [];
    const plugins = [aDefinition({ name: 'a', access: ({ captures }) => void seen.push(captures) })];
    const plane = await planeWith(plugins, [globally('a')]);
    await handled(plane, { target: '/u/12/ab/rest' });
    await handled(plane, { target: '/r' });
    assert.deepEqual(JSON.parse(JSON.stringify(seen)), [{ groups: ['12', 'ab'], named: { id: '12' } }, null]);
  });

  test('a fault in access is a 500 that later phases see; a fault in those is only logged', async () => {
    const notes: string[] = [];
    const logged: Logged = [];
    const fail = () => {
      throw new Error('secret detail');
    };
    const plugins = [
      noting('broken', 2, notes, { access: fail, headerFilter: fail, log: fail }),
      noting('whole', 1, notes),
    ];
    const plane = await planeWith(plugins, [globally('broken'), globally('whole')], logged);
    const { status, body } = await handled(plane, { target: '/r' });
    assert.equal(status, 500);
    assert.match(body, /An unexpected error occurred/);
    assert.deepEqual(notes, ['whole headers gateway 500', 'whole log gateway 500']);
    assert.deepEqual(
      logged.map(([event, fields]) => `${event} ${fields?.['plugin']} ${fields?.['phase'] ?? ''}`),
      ['proxy.request.fail broken ', 'plugin.phase.fail broken headerFilter', 'plugin.phase.fail broken log'],
    );
    assert.ok(!JSON.stringify(logged.map(([, fields]) => ({ ...fields, place: '' }))).includes('secret detail'));
  });

  test('rewrite runs before the route is known, for entries bound to nothing alone, and may answer', async () => {
    const notes: string[] = [];
    const rewrite = () => void notes.push('rewrite');
    const early = noting('early', 2, notes, { rewrite });
    const routed = noting('routed', 1, notes, { rewrite: () => void notes.push('never') });
    const entries = [globally('early'), globally('routed', { route: { id: 'R' } })];
    const plane = await planeWith([early, routed], entries);
    await handled(plane, { target: '/r' });
    assert.deepEqual(notes.slice(0, 3), ['rewrite', 'early access', 'routed access']);
    notes.length = 0;
    for (const answering of [() => refusal, () => Promise.resolve(refusal)]) {
      const plane2 = await planeWith([{ ...early, rewrite: answering }, routed], entries);
      assert.equal((await handled(plane2, { target: '/r' })).status, 403);
      assert.deepEqual(notes.splice(0), ['early headers gateway 403', 'early log gateway 403']);
    }
  });

  test('what a plugin keeps is its own, from rewrite to log', async () => {
    const seen: unknown[] = [];
    const keeper = (name: string, priority: number) =>
      aDefinition({
        name,
        priority,
        rewrite: (context) => void context.keep(`${name} rewritten`),
        access: (context) => void (name === 'a' && context.keep('a of access')),
        headerFilter: ({ state }) => void seen.push(state),
        log: ({ state }) => void seen.push(state),
      });
    const plane = await planeWith([keeper('a', 2), keeper('b', 1)], [globally('a'), globally('b')]);
    await handled(plane, { target: '/r' });
    assert.deepEqual(seen, ['a of access', 'b rewritten', 'a of access', 'b rewritten']);
  });

  test("the configuration is the one of the consumer known at the plugin's turn, in later phases too", async () => {
    const seen: string[] = [];
    const ann: Consumer = aConsumer({ id: 'ann', username: 'ann' });
    const told = (name: string, priority: number) =>
      aDefinition({
        name,
        priority,
        prepare: (_, { id }) => id,
        access: (_, prepared) => void seen.push(`access ${prepared}`),
        headerFilter: (_, prepared) => void seen.push(`headers ${prepared}`),
        log: (_, prepared) => void seen.push(`log ${prepared}`),
      });
    const login = aDefinition({
      name: 'login',
      priority: 5,
      access: (context) => {
        establishIdentity(context, { consumer: ann, credential: null, authenticatedGroups: null, anonymous: false });
        return context.request.headers.get('refuse') === undefined ? undefined : refusal;
      },
    });
    const entries = ['before', 'after'].flatMap((name) => [
      aPlugin({ id: `${name} all`, name }),
      aPlugin({ id: `${name} ann`, name, consumer: { id: 'ann' } }),
    ]);
    const plane = await planeWith([told('before', 9), login, told('after', 1)], [globally('login'), ...entries]);
    await handled(plane, { target: '/r' });
    const of = (phase: string) => [`${phase} before all`, `${phase} after ann`];
    assert.deepEqual(seen.splice(0), [...of('access'), ...of('headers'), ...of('log')]);
    await handled(plane, { target: '/r', headers: [['Refuse', '1']] });
    assert.deepEqual(seen, ['access before all', ...of('headers'), ...of('log')]);
  });

  test('an answer with a body of its own is sent as it is', async () => {
    const exit = (body: PluginResponse['body'], status = 418): PluginResponse => ({
      status,
      headers: [['X-Of', 'plugin']],
      message: 'unused',
      ...(body === undefined ? {} : { body }),
    });
    for (const [answer, status, type, text] of [
      [exit({ contentType: 'text/x', bytes: 'own' }), 418, 'Content-Type: text/x\r\n', 'own'],
      [exit({ contentType: '', bytes: Buffer.from('own') }), 418, '', 'own'],
      [exit(undefined, 302), 302, '', ''],
      [exit(undefined, 204), 204, '', ''],
    ] as const) {
      const plane = await planeWith([aDefinition({ name: 'exit', access: () => answer })], [globally('exit')]);
      const outcome = await handled(plane, { target: '/r', headers: [['Accept', 'text/html']] });
      assert.deepEqual([outcome.status, outcome.body], [status, text]);
      assert.equal(/Content-Type: .*\r\n/.exec(outcome.headers)?.[0] ?? '', type);
      assert.match(outcome.headers, /^X-Of: plugin\r$/m);
      assert.match(outcome.headers, /^X-Kong-Request-Id: [0-9a-f]{32}\r$/m);
    }
  });

  test('an answer is given even where a plugin misnames a field', async () => {
    const odd: PluginResponse = {
      ...refusal,
      headers: [
        ['not a name', 'x'],
        ['', 'y'],
        ['X-Good', 'z'],
      ],
    };
    const plugin = aDefinition({ name: 'odd', access: () => odd });
    for (const more of [{}, { headerFilter: () => undefined }]) {
      const plane = await planeWith([{ ...plugin, ...more }], [globally('odd')]);
      const { status, headers } = await handled(plane, { target: '/r' });
      assert.equal(status, 403);
      assert.match(headers, /^X-Good: z\r$/m);
      assert.doesNotMatch(headers, /not a name|^: /m);
    }
  });

  test('the log phase is told of times, bytes and the fields of the answer', async () => {
    let told: LogContext | undefined;
    const log = (context: LogContext) => {
      told = context;
    };
    const plane = await planeWith([aDefinition({ name: 'log', log })], [globally('log')]);
    await handled(plane, { target: '/r' });
    assert.ok(told !== undefined);
    assert.deepEqual(told.bytes, { received: 10, sent: 20 });
    assert.equal(told.responseHeaders.get('server'), 'up');
    assert.equal(told.responseHeaders.get('absent'), undefined);
    assert.equal(told.route?.id, 'R');
    const { totalMs, gatewayMs, upstreamMs, startedAtEpochMs } = told.times;
    for (const ms of [totalMs, gatewayMs, upstreamMs]) assert.ok(Number.isInteger(ms) && Number(ms) >= 0);
    assert.ok(Math.abs(startedAtEpochMs - Date.now()) < 60_000);
  });
});

describe('fields of an answer in the hands of plugins', () => {
  const filtered = async (headerFilter: NonNullable<AnyPlugin['headerFilter']>, target = '/r') => {
    const logged: Logged = [];
    const plane = await planeWith([aDefinition({ name: 'filter', headerFilter })], [globally('filter')], logged);
    return { ...(await handled(plane, { target })), logged };
  };

  test('are read, set, added and removed, whoever made the answer', async () => {
    for (const target of ['/r', '/nowhere']) {
      const { headers } = await filtered((context) => {
        const fields = context.headers;
        fields.set('X-One', 'first');
        fields.set('x-ONE', 'second');
        fields.add('X-Two', 'a');
        fields.add('x-two', 'b');
        assert.equal(fields.get('x-two'), 'a');
        fields.remove('SERVER');
        fields.remove('Content-Type');
        assert.equal(fields.get('server'), undefined);
      }, target);
      assert.match(headers, /^x-ONE: second\r\nX-Two: a\r\nx-two: b\r$/m);
      assert.doesNotMatch(headers, /Content-Type|Server: up|first/);
    }
  });

  test('cannot split the answer, nor speak about its framing', async () => {
    const { headers, logged } = await filtered(({ headers: fields }) => {
      fields.set('X-Split', 'a\r\nSet-Cookie: evil=1');
      fields.add('Transfer-Encoding', 'chunked');
    });
    assert.match(headers, /^X-Split: a%0D%0ASet-Cookie: evil=1\r$/m);
    assert.doesNotMatch(headers, /Transfer-Encoding/i);
    assert.equal(logged[0]?.[0], 'plugin.phase.fail');
  });

  test('do not include what the gateway says about itself', async () => {
    const { headers } = await filtered(({ headers: fields }) => {
      assert.equal(fields.get('x-kong-request-id'), undefined);
    });
    assert.equal(headers.match(/X-Kong-Request-Id/g)?.length, 1);
  });
});
