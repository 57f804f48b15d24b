import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Entity, EntityKind } from '../../entities/index.ts';
import { integer, record, string } from '../../schema/index.ts';
import { ReadOnlyStoreError } from '../store-error.ts';
import { openDeclarativeStore } from './open-declarative-store.ts';
import { type DeclarativeFaults, type DeclarativePlugin, parseDeclarative } from './parse.ts';
import { uuidV5 } from './uuid.ts';

const limiter: DeclarativePlugin = {
  name: 'limiter',
  consumerScope: true,
  config: record({ minute: integer({ required: true }), hour: integer({ default: 60 }) }),
  check: ({ minute, hour }) =>
    Number(minute) > Number(hour) ? [{ path: ['minute'], message: 'must not be above hour' }] : [],
};
const global: DeclarativePlugin = { name: 'global', consumerScope: false, config: record({ text: string() }) };
const plugins = new Map([limiter, global].map((plugin) => [plugin.name, plugin]));
const now = () => 1_700_000_000_500;

const parse = (text: string) => parseDeclarative({ text, plugins, now });

function entities(text: string): Readonly<Record<EntityKind, Entity[]>> {
  const parsed = parse(text);
  if (parsed.kind === 'faults') throw new Error(parsed.text);
  const of = (kind: EntityKind) => parsed.upserts.filter((upsert) => upsert.kind === kind).map(({ entity }) => entity);
  return {
    ca_certificates: of('ca_certificates'),
    certificates: of('certificates'),
    snis: of('snis'),
    services: of('services'),
    routes: of('routes'),
    consumers: of('consumers'),
    plugins: of('plugins'),
    upstreams: of('upstreams'),
    targets: of('targets'),
    keyauth_credentials: of('keyauth_credentials'),
    acls: of('acls'),
  };
}

function faults(text: string): DeclarativeFaults {
  const parsed = parse(text);
  if (parsed.kind === 'ok') throw new Error('no faults');
  return parsed;
}

const nested = `
_format_version: "3.0"
_comment: a file
_ignore: [ &hosts [ a.example ] ]
services:
- name: orders
  url: http://orders.internal:8080/v1
  _comment: about the service
  routes:
  - name: orders
    paths: [ /orders ]
    hosts: *hosts
    plugins:
    - { name: limiter, config: { minute: 5 } }
consumers:
- username: alice
  plugins:
  - { name: limiter, service: orders, config: { minute: 6 } }
`;

const flat = `
_format_version: "3.0"
plugins:
- { name: limiter, consumer: { username: alice }, service: orders, config: { minute: 6 } }
- { name: limiter, route: { name: orders }, config: { minute: 5 } }
consumers:
- username: alice
routes:
- { name: orders, service: orders, paths: [ /orders ], hosts: [ a.example ] }
services:
- { name: orders, protocol: http, host: orders.internal, port: 8080, path: /v1 }
`;

describe('declarative configuration', () => {
  it('reads nested and flat forms of the same configuration into the same entities', () => {
    const one = entities(nested);
    const byId = (list: Entity[]) => [...list].sort((left, right) => (left.id < right.id ? -1 : 1));
    const two = entities(flat);
    for (const kind of ['services', 'routes', 'consumers', 'plugins'] as const) {
      assert.deepEqual(byId(two[kind]), byId(one[kind]));
    }
    assert.equal(one.plugins.length, 2);
  });

  it('fills defaults as for POST and stamps the load time', () => {
    const [service] = entities('{"_format_version":"3.0","services":[{"host":"a.example","created_at":7}]}').services;
    assert.partialDeepStrictEqual(service, {
      port: 80,
      retries: 5,
      name: null,
      created_at: 7,
      updated_at: 1_700_000_000,
    });
    const [plugin] = entities(nested).plugins;
    assert.partialDeepStrictEqual(plugin, { config: { hour: 60 }, created_at: 1_700_000_000 });
  });

  it('puts references before their users', () => {
    const parsed = parse(flat);
    assert.ok(parsed.kind === 'ok');
    assert.deepEqual(
      parsed.upserts.map(({ kind }) => kind),
      ['services', 'routes', 'consumers', 'plugins', 'plugins'],
    );
  });

  it('keeps given ids and takes them as references', () => {
    const id = 'b9d4b5c0-9e0c-4b3a-8a57-6f4d3f9b0a01';
    const found = entities(`
_format_version: "3.0"
services: [ { id: ${id}, host: a.example } ]
routes:
- { paths: [ /a ], service: ${id} }
- { paths: [ /b ], service: { id: ${id} } }`);
    assert.equal(found.services[0]?.id, id);
    for (const route of found.routes) assert.partialDeepStrictEqual(route, { service: { id } });
  });

  it('derives ids that survive reordering and unrelated edits, and differ between entities', () => {
    const text = (services: string) => `{"_format_version":"3.0","services":[${services}]}`;
    const ids = (services: string) => entities(text(services)).services.map(({ id }) => id);
    const [a, b, c] = ['{"name":"a","host":"a.example"}', '{"name":"b","host":"a.example"}', '{"host":"a.example"}'];
    const first = ids([a, b, c, c].join(','));
    assert.equal(new Set(first).size, 4);
    assert.deepEqual(ids([c, b, a].join(',')), [first[2], first[1], first[0]]);
    assert.deepEqual(ids('{"host":"other.example","name":"a"}'), [first[0]]);
    assert.deepEqual(ids('{"host":"a.example","port":1}'), ids('{"port":1,"host":"a.example"}'));
  });

  it('tells plugins of one name apart by what they are bound to', () => {
    const ids = entities(nested).plugins.map(({ id }) => id);
    assert.equal(new Set(ids).size, 2);
    assert.deepEqual(
      entities(nested.replace('minute: 5', 'minute: 7')).plugins.map(({ id }) => id),
      ids,
    );
  });

  it('marks paths of formats 1.1 and 2.1 that were patterns', () => {
    for (const format of ['1.1', '2.1', '3.0']) {
      const text = `{"_format_version":"${format}","routes":[{"paths":["/a/\\\\d+","/plain-._~%20"]}]}`;
      const parsed = parse(text);
      if (format === '3.0') {
        assert.equal(parsed.kind, 'faults');
      } else {
        assert.partialDeepStrictEqual(entities(text).routes[0], { paths: ['~/a/\\d+', '/plain-._~%20'] });
      }
    }
  });

  it("takes decK's select_tags, defaults, workspace and shared plugin configurations", () => {
    const found = entities(`
_format_version: "3.0"
_workspace: default
_info: { select_tags: [ team ], defaults: { service: { retries: 1, port: 8080 } } }
_plugin_configs: { slow: { minute: 1, hour: 2 } }
services: [ { name: s, host: a.example, port: 9090, tags: [ x ] } ]
plugins: [ { name: limiter, _config: slow, config: { hour: 3 } } ]`);
    assert.partialDeepStrictEqual(found.services[0], { retries: 1, port: 9090, tags: ['x', 'team'] });
    assert.partialDeepStrictEqual(found.plugins[0], { config: { minute: 1, hour: 3 }, tags: ['team'] });
  });

  it('takes empty collections of kinds it does not have', () => {
    assert.deepEqual(parse('{"_format_version":"3.0","vaults":[],"keys":null,"services":null}'), {
      kind: 'ok',
      upserts: [],
    });
  });
});

describe('faults of a declarative configuration', () => {
  it("come all at once, as Kong's tree and as lines", () => {
    const { fields, text } = faults(`
_format_version: "3.0"
bogus: 1
vaults: [ { name: u } ]
services:
- { name: fine, host: a.example }
- name: bad
  bogus: 1
  routes:
  - paths: [ no-slash ]
consumers:
- { username: alice, jwt_secrets: [ { key: k } ] }
plugins:
- { name: nope }
- { config: {} }
- { name: limiter, config: { minute: 90 } }
- { name: global, consumer: alice }
- { name: limiter, route: r, service: fine, config: { hour: x } }`);
    assert.deepEqual(fields, {
      bogus: 'unknown field',
      vaults: 'not supported yet by this version of Sallyport',
      services: [
        null,
        {
          bogus: 'unknown field',
          host: 'required field missing',
          routes: [{ paths: ['should start with: / (fixed path) or ~/ (regex path)'] }],
        },
      ],
      consumers: [{ jwt_secrets: 'not supported yet by this version of Sallyport' }],
      plugins: [
        { name: "plugin 'nope' not enabled; add it to the 'plugins' configuration property" },
        { name: 'required field missing' },
        { config: { minute: 'must not be above hour' } },
        { consumer: 'value must be null' },
        {
          '@entity': ["invalid reference 'route: r' (no such entry in 'routes')"],
          config: { minute: 'required field missing', hour: 'expected an integer' },
        },
      ],
    });
    assert.ok(text.includes("in 'services':\n  - in entry 2 of 'services':\n    in 'bogus': unknown field"), text);
    assert.ok(text.includes("in 'plugins':\n  - in entry 1 of 'plugins':\n    in 'name': plugin 'nope'"), text);
  });

  it('name the format version', () => {
    assert.deepEqual(faults('services: []').fields, { _format_version: 'required field missing' });
    assert.deepEqual(faults('_format_version: 3.0').fields, { _format_version: 'expected a string' });
    assert.deepEqual(faults('_format_version: "2.2"').fields, { _format_version: 'expected one of: 1.1, 2.1, 3.0' });
  });

  it('list bad references in the place of the entry', () => {
    const { fields, text } = faults(`
_format_version: "1.1"
plugins: [ { name: limiter, service: svc1, consumer: { username: bob }, config: { minute: 1 } } ]`);
    const texts = [
      `invalid reference 'service: svc1' (no such entry in 'services')`,
      `invalid reference 'consumer: {"username":"bob"}' (no such entry in 'consumers')`,
    ];
    assert.deepEqual(new Set(Object(fields)['plugins'][0]), new Set(texts));
    assert.ok(text.includes(`- in entry 1 of 'plugins':\n`));
  });

  it('name what is declared twice', () => {
    const id = 'b9d4b5c0-9e0c-4b3a-8a57-6f4d3f9b0a01';
    const service = (more: string) => `{ host: a.example, ${more} }`;
    const { fields } = faults(`
_format_version: "3.0"
services: [ ${service('name: s')}, ${service('name: s')}, ${service(`id: ${id}`)}, ${service(`id: ${id}`)} ]
plugins: [ { name: global }, { name: global } ]`);
    assert.deepEqual(fields, {
      services: [
        null,
        "uniqueness violation: 'services' entity with name set to 's' already declared",
        null,
        `uniqueness violation: 'services' entity with primary key set to '${id}' already declared`,
      ],
      plugins: [
        null,
        `uniqueness violation: 'plugins' entity with {consumer=null,name="global",route=null,service=null} already declared`,
      ],
    });
  });

  it('refuse a nested entity that names its parent itself, wrong shapes and wrong ids', () => {
    const { fields } = faults(`
_format_version: "3.0"
_transform: 1
services:
- { name: s, host: a.example, routes: [ { paths: [ /a ], service: s } ] }
- text
- { host: a.example, id: no-uuid, plugins: {} }
routes: {}`);
    assert.deepEqual(fields, {
      _transform: 'expected a boolean',
      services: [
        { routes: [{ service: 'value must be null' }] },
        'expected a record',
        { plugins: 'expected an array', id: 'expected a valid UUID' },
      ],
      routes: 'expected an array',
    });
  });

  it('are values for any text, broken or hostile', () => {
    let bomb = 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n';
    for (let level = 1; level < 10; level++) {
      bomb += `a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]\n`;
    }
    const texts = ['', '[]', '"text"', 'a: [', 'a: 1\na: 2', 'a: 1\n---\nb: 1', '*x', '['.repeat(100_000), bomb];
    const deepJson = `{"_format_version":"3.0","_ignore":${'['.repeat(5000)}${']'.repeat(5000)}}`;
    for (const text of [...texts, deepJson, '{"_format_version":"3.0","__proto__":{"services":[]}}']) {
      assert.ok(faults(text).faults.length > 0, text.slice(0, 40));
    }
    const wide = `_ignore: [ &w [${'0,'.repeat(20_000)}]${', *w'.repeat(300)} ]`;
    assert.match(faults(wide).text, /too many values/);
    const long = `_ignore: [ &l "${'x'.repeat(1_000_000)}"${', *l'.repeat(300)} ]`;
    assert.match(faults(long).text, /too long when its aliases are expanded/);
    assert.match(faults('a: [').text, /^in 'error': failed parsing declarative configuration: .*line/);
  });
});

describe('declarative store', () => {
  const folder = mkdtempSync(join(tmpdir(), 'declarative-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('answers reads and refuses writers', async () => {
    const opened = await openDeclarativeStore({ text: nested, plugins, now });
    assert.ok(opened.kind === 'ok');
    const { store } = opened;
    assert.equal(store.writable, false);
    assert.equal((await store.everything()).upserts.length, 5);
    assert.equal((await store.getByKey('consumers', 'alice'))?.id, entities(nested).consumers[0]?.id);
    assert.equal((await store.list('plugins', { size: 1 })).rows.length, 1);
    assert.equal(await store.reachable(), true);
    await assert.rejects(store.begin(), ReadOnlyStoreError);
    await store.close();
  });

  it('is empty when nothing is given', async () => {
    const opened = await openDeclarativeStore({ plugins });
    assert.ok(opened.kind === 'ok');
    assert.deepEqual(await opened.store.everything(), { revision: 0, upserts: [], deletes: [] });
    await opened.store.close();
  });

  it('reads YAML and JSON files and says which file it cannot read', async () => {
    const yaml = join(folder, 'kong.yml');
    writeFileSync(yaml, nested);
    const opened = await openDeclarativeStore({ file: yaml, plugins });
    assert.ok(opened.kind === 'ok');
    await opened.store.close();
    const missing = await openDeclarativeStore({ file: join(folder, 'missing.yaml'), plugins });
    assert.ok(missing.kind === 'faults');
    assert.match(missing.text, /cannot read .*missing\.yaml \(ENOENT\)/);
    const wrong = await openDeclarativeStore({ file: join(folder, 'kong.txt'), plugins });
    assert.ok(wrong.kind === 'faults');
    assert.match(wrong.text, /ending in \.yml, \.yaml or \.json/);
  });

  it('derives ids as RFC 9562 appendix A.4 does', () => {
    assert.equal(
      uuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com'),
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });
});
