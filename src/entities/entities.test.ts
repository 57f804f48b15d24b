import assert from 'node:assert/strict';
import test from 'node:test';
import {
  faultFields,
  faultMessage,
  type Generators,
  inferForm,
  kongSchema,
  type PlainObject,
  processInsert,
  processUpdate,
  type RecordField,
} from '../schema/index.ts';
import { type EntityKind, entityDefinitions, isEntityKind, keyText } from './index.ts';

const generators: Generators = {
  uuid: () => '11111111-1111-4111-8111-111111111111',
  now: () => 1700000000,
  secret: () => 'x'.repeat(32),
};
const otherId = '22222222-2222-4222-8222-222222222222';

function recordOf(kind: EntityKind): RecordField {
  return entityDefinitions[kind].record;
}

function create(kind: EntityKind, body: unknown): PlainObject {
  const done = processInsert(recordOf(kind), body, 'insert', generators);
  assert.ok(done.kind === 'valid', done.kind === 'invalid' ? faultMessage(done.faults) : '');
  return done.value;
}

function refuse(kind: EntityKind, body: unknown): Record<string, unknown> {
  const done = processInsert(recordOf(kind), body, 'insert', generators);
  assert.ok(done.kind === 'invalid', `refused: ${JSON.stringify(body)}`);
  return faultFields(done.faults);
}

test('a service is answered with every field, defaults filled', () => {
  assert.deepEqual(create('services', { host: 'example.com' }), {
    id: generators.uuid(),
    created_at: 1700000000,
    updated_at: 1700000000,
    name: null,
    retries: 5,
    protocol: 'http',
    host: 'example.com',
    port: 80,
    path: null,
    connect_timeout: 60000,
    write_timeout: 60000,
    read_timeout: 60000,
    tags: null,
    client_certificate: null,
    tls_verify: null,
    tls_verify_depth: null,
    ca_certificates: null,
    enabled: true,
  });
});

test('url sets protocol, host, port and path together', () => {
  const parts = (url: string) => {
    const { protocol, host, port, path } = create('services', { url });
    return [protocol, host, port, path];
  };
  assert.deepEqual(parts('http://a.com'), ['http', 'a.com', 80, null]);
  assert.deepEqual(parts('https://a.com/v1/'), ['https', 'a.com', 443, '/v1/']);
  assert.deepEqual(parts('HTTP://a.com:8080/'), ['http', 'a.com', 8080, '/']);
  assert.deepEqual(parts('http://[::1]:81/x'), ['http', '[::1]', 81, '/x']);
  const overridden = create('services', { host: 'old', port: 1, url: 'http://new/x' });
  assert.deepEqual([overridden['host'], overridden['port']], ['new', 80]);
});

test("faults of services have Kong's texts", () => {
  const cases: [object, Record<string, unknown>][] = [
    [{}, { host: 'required field missing' }],
    [{ host: null }, { host: 'required field missing' }],
    [{ host: 'a.com:80' }, { host: 'must not have a port' }],
    [{ host: 'a b' }, { host: 'invalid value: a b' }],
    [{ host: 5 }, { host: 'expected a string' }],
    [{ host: '' }, { host: 'length must be at least 1' }],
    [{ host: 'a', port: 70000 }, { port: 'value should be between 0 and 65535' }],
    [{ host: 'a', port: '80' }, { port: 'expected an integer' }],
    [{ host: 'a', retries: -1 }, { retries: 'value should be between 0 and 32767' }],
    [{ host: 'a', connect_timeout: 0 }, { connect_timeout: 'value should be between 1 and 2147483646' }],
    [
      { host: 'a', protocol: 'ftp' },
      { protocol: 'expected one of: grpc, grpcs, http, https, tcp, tls, tls_passthrough, udp' },
    ],
    [{ host: 'a', protocol: null }, { protocol: 'required field missing' }],
    [{ host: 'a', path: 'x' }, { path: 'should start with: /' }],
    [
      { host: 'a', path: '/a b' },
      { path: "invalid path: '/a b' (characters outside of the reserved list of RFC 3986 found)" },
    ],
    [{ host: 'a', path: '/%zz' }, { path: "invalid url-encoded value: '%zz'" }],
    [{ host: 'a', path: '/a//b' }, { path: 'must not have empty segments' }],
    [
      { host: 'a', name: 'a b' },
      { name: "invalid value 'a b': the only accepted ascii characters are alphanumerics or ., -, _, and ~" },
    ],
    [{ host: 'a', id: 'x' }, { id: 'expected a valid UUID' }],
    [
      { host: 'a', tags: ['a,b'] },
      { tags: ["invalid tag 'a,b': expected printable ascii (except `,` and `/`) or valid utf-8 sequences"] },
    ],
    [
      { host: 'a', tags: ['ok', 'a/b'] },
      { tags: [null, "invalid tag 'a/b': expected printable ascii (except `,` and `/`) or valid utf-8 sequences"] },
    ],
    [{ host: 'a', tags: 'x' }, { tags: 'expected a set' }],
    [{ host: 'a', enabled: 'true' }, { enabled: 'expected a boolean' }],
    [{ host: 'a', bogus: 1 }, { bogus: 'unknown field' }],
    [
      { url: 'nonsense' },
      { url: 'expected an absolute URL such as http://host:port/path', host: 'required field missing' },
    ],
    [{ url: 5, host: 'a' }, { url: 'expected a string' }],
    [{ url: 'http://a:99999' }, { port: 'value should be between 0 and 65535' }],
    [
      { url: 'http://user:pass@a/' },
      { url: 'expected an absolute URL such as http://host:port/path', host: 'required field missing' },
    ],
    [
      { host: 'a', tls_verify: true },
      {
        '@entity': ["failed conditional validation given value of field 'protocol'"],
        tls_verify: 'value must be null',
      },
    ],
  ];
  for (const [body, fields] of cases) assert.deepEqual(refuse('services', body), fields, JSON.stringify(body));
});

test('names and tags beyond ASCII are fine', () => {
  create('services', { host: 'a_b-c.d', name: 'größe-1.0_~', tags: ['mit leer', 'ü'] });
});

test('what services do not honour yet is refused by name', () => {
  const fault = refuse('services', { host: 'a', protocol: 'tcp' });
  assert.equal(fault['protocol'], "'tcp' is not supported yet by this version of Sallyport");
});

test('fields of TLS are for https only', () => {
  const tls = {
    client_certificate: { id: otherId },
    ca_certificates: [otherId],
    tls_verify_depth: 2,
    tls_verify: true,
  };
  create('services', { url: 'https://a', ...tls });
  for (const [field, value] of Object.entries(tls)) {
    assert.equal(refuse('services', { url: 'http://a', [field]: value })[field], 'value must be null');
  }
  for (const verify of [true, false, null]) create('services', { url: 'https://a', tls_verify: verify });
});

test('several faults are reported at once, sorted in the message', () => {
  const done = processInsert(recordOf('services'), { port: 'x', bogus: 1 }, 'insert', generators);
  assert.ok(done.kind === 'invalid');
  assert.equal(
    faultMessage(done.faults),
    '3 schema violations (bogus: unknown field; host: required field missing; port: expected an integer)',
  );
});

test('a route is answered with every field, defaults filled', () => {
  assert.deepEqual(create('routes', { paths: ['/a'] }), {
    id: generators.uuid(),
    created_at: 1700000000,
    updated_at: 1700000000,
    name: null,
    protocols: ['http', 'https'],
    https_redirect_status_code: 426,
    strip_path: true,
    preserve_host: false,
    request_buffering: true,
    response_buffering: true,
    tags: null,
    service: null,
    snis: null,
    sources: null,
    destinations: null,
    methods: null,
    hosts: null,
    paths: ['/a'],
    headers: null,
    regex_priority: 0,
    path_handling: 'v0',
  });
});

test("faults of routes have Kong's texts", () => {
  const cases: [object, Record<string, unknown>][] = [
    [{}, { '@entity': ["must set one of 'methods', 'hosts', 'headers', 'paths', 'snis' when 'protocols' is 'https'"] }],
    [
      { protocols: ['http'] },
      { '@entity': ["must set one of 'methods', 'hosts', 'headers', 'paths' when 'protocols' is 'http'"] },
    ],
    [
      { paths: [] },
      { '@entity': ["must set one of 'methods', 'hosts', 'headers', 'paths', 'snis' when 'protocols' is 'https'"] },
    ],
    [{ paths: ['a'] }, { paths: ['should start with: / (fixed path) or ~/ (regex path)'] }],
    [{ paths: ['~a'] }, { paths: ['should start with: / (fixed path) or ~/ (regex path)'] }],
    [{ paths: ['/ok', '/a/../b'] }, { paths: [null, "non-normalized path, consider use '/b' instead"] }],
    [{ paths: ['/%61'] }, { paths: ["non-normalized path, consider use '/a' instead"] }],
    [{ paths: ['/a%2fb'] }, { paths: ["non-normalized path, consider use '/a%2Fb' instead"] }],
    [{ paths: ['/a//b'] }, { paths: ['must not have empty segments'] }],
    [{ paths: ['~/a('] }, { paths: ["invalid regex: '/a(' (PCRE returned: missing closing ): `/a(`)"] }],
    [
      { paths: ['/a b'] },
      { paths: ["invalid path: '/a b' (characters outside of the reserved list of RFC 3986 found)"] },
    ],
    [{ paths: '/a' }, { paths: 'expected an array' }],
    [{ methods: ['get'] }, { methods: ['invalid value: get'] }],
    [{ hosts: ['a*b*'] }, { hosts: ['invalid wildcard: must have at most one wildcard'] }],
    [{ hosts: ['a.*.com'] }, { hosts: ['invalid wildcard: must be placed at leftmost or rightmost label'] }],
    [{ hosts: ['a b'] }, { hosts: ['invalid value: a b'] }],
    [{ hosts: ['a:99999'] }, { hosts: ['invalid value: a:99999'] }],
    [
      { headers: { Host: ['a'] } },
      { headers: { Host: "cannot contain 'host' header, which must be specified in the 'hosts' attribute" } },
    ],
    [
      { headers: { 'x y': ['a'] } },
      { headers: { 'x y': "bad header name 'x y', allowed characters are A-Z, a-z, 0-9, '_', and '-'" } },
    ],
    [{ headers: { a: 'x' } }, { headers: { a: 'expected an array' } }],
    [{ headers: { a: ['~*('] } }, { headers: { a: "invalid regex: '(' (PCRE returned: missing closing ): `(`)" } }],
    [{ paths: ['/'], protocols: [] }, { protocols: 'unknown type: nil' }],
    [{ paths: ['/'], protocols: ['foo'] }, { protocols: 'unknown type: foo' }],
    [
      { paths: ['/'], protocols: ['http', 'tcp'] },
      { protocols: "these sets are mutually exclusive: ('http', 'https'), ('tcp', 'tls', 'udp')" },
    ],
    [
      { paths: ['/'], https_redirect_status_code: 303 },
      { https_redirect_status_code: 'expected one of: 426, 301, 302, 307, 308' },
    ],
    [{ paths: ['/'], service: { id: 'x' } }, { service: { id: 'expected a valid UUID' } }],
    [{ paths: ['/'], service: {} }, { service: { id: 'missing primary key' } }],
    [{ paths: ['/'], service: 'x' }, { service: { id: 'missing primary key' } }],
    [{ paths: ['/'], regex_priority: 1.5 }, { regex_priority: 'expected an integer' }],
  ];
  for (const [body, fields] of cases) assert.deepEqual(refuse('routes', body), fields, JSON.stringify(body));
});

test('routes take hosts with wildcards and ports, patterns, header values and both buffering switches', () => {
  create('routes', {
    hosts: ['a.com', '*.a.com', 'a.*', 'a.com:8443', '*.b.com:80', '[::1]:80', '10.0.0.1'],
    paths: ['/', '/a/', '~/u/(?<id>\\d+)$', '/%C3%BC', '/a%20b'],
    methods: ['GET', 'PROPFIND'],
    headers: { 'x-a': ['1', '2'], 'X-B': ['~*^v[0-9]+$'] },
    request_buffering: false,
    response_buffering: false,
    service: { id: otherId },
  });
});

test('what routes do not honour yet is refused by name', () => {
  const fault = refuse('routes', {
    paths: ['/'],
    sources: [{ ip: '10.0.0.1' }],
    destinations: [{ port: 80 }],
    expression: 'http.path == "/"',
  });
  for (const field of ['sources', 'destinations']) {
    assert.equal(fault[field], `cannot set '${field}' when 'protocols' is 'http' or 'https'`);
  }
  assert.equal(fault['expression'], 'unknown field');
  assert.deepEqual(refuse('routes', { paths: ['/'], protocols: ['grpc'] }), {
    protocols: ["'grpc' is not supported yet by this version of Sallyport"],
  });
});

test('a consumer needs a username or a custom_id', () => {
  const text = "at least one of these fields must be non-empty: 'custom_id', 'username'";
  assert.deepEqual(refuse('consumers', {}), { '@entity': [text] });
  assert.equal(create('consumers', { custom_id: 'c' })['username'], null);
  const stored = create('consumers', { username: 'u' });
  const done = processUpdate(recordOf('consumers'), stored, { username: null }, generators);
  assert.ok(done.kind === 'invalid');
  assert.deepEqual(faultFields(done.faults), { '@entity': [`when updating, ${text}`] });
});

test('a patch changes updated_at and nothing that was not sent', () => {
  const stored = create('services', { url: 'https://a.com/x', retries: 1, tags: ['t'] });
  const later = { ...generators, now: () => 1700000009 };
  const done = processUpdate(recordOf('services'), stored, { port: 8443 }, later);
  assert.ok(done.kind === 'valid');
  assert.deepEqual(done.value, { ...stored, port: 8443, updated_at: 1700000009 });
});

test('ids and timestamps may be sent; updated_at is overwritten', () => {
  const service = create('services', { host: 'a', id: otherId, created_at: 5, updated_at: 6 });
  assert.deepEqual([service['id'], service['created_at'], service['updated_at']], [otherId, 5, 1700000000]);
});

test("the guide's form bodies become entities", () => {
  const service = inferForm(recordOf('services'), [
    ['name', 'my-service'],
    ['url', 'http://httpbin.org/anything'],
  ]);
  assert.equal(create('services', service)['path'], '/anything');
  const route = inferForm(recordOf('routes'), [
    ['name', 'r'],
    ['paths[]', '/a'],
    ['service.id', otherId],
    ['strip_path', 'false'],
  ]);
  assert.deepEqual(create('routes', route)['service'], { id: otherId });
});

test('what was answered may be put back unchanged', () => {
  for (const [kind, body] of [
    ['services', { url: 'http://a/x' }],
    ['routes', { paths: ['~/x'], headers: { a: ['b'] } }],
    ['consumers', { username: 'u' }],
  ] as const) {
    const entity = create(kind, body);
    assert.deepEqual(create(kind, structuredClone(entity)), entity);
  }
});

test('every kind is described for stores and the Admin API', () => {
  const earlier = new Set<string>();
  for (const [kind, definition] of Object.entries(entityDefinitions)) {
    assert.equal(definition.kind, kind);
    const fields = Object.keys(definition.record.fields);
    const named = [
      definition.key ?? 'id',
      ...definition.unique.flat(),
      ...definition.foreign.map((rule) => rule.field),
    ];
    for (const name of named) assert.ok(fields.includes(name), `${kind}.${name}`);
    for (const { to } of definition.foreign) assert.ok(earlier.has(to), `${kind} comes after ${to}`);
    earlier.add(kind);
    assert.equal(definition.tags, fields.includes('tags'));
  }
  assert.equal(isEntityKind('constructor'), false);
});

test('the services document starts as Kong writes it', () => {
  const { fields, entity_checks, shorthand_fields } = kongSchema(recordOf('services'));
  assert.deepEqual(Object.keys(fields[0] ?? {}), ['id']);
  assert.deepEqual(fields.map((field) => Object.keys(field)[0]).slice(3, 7), ['name', 'retries', 'protocol', 'host']);
  assert.equal(entity_checks?.length, 5);
  assert.deepEqual(Object.keys(shorthand_fields?.[0] ?? {}), ['url']);
});

test("keys in messages are printed as Kong's one-line tables", () => {
  assert.equal(keyText({ name: 'a' }), '{name="a"}');
  assert.equal(
    keyText({ name: 'key-auth', consumer: null, route: null, service: { id: 'x' } }),
    '{consumer=null,name="key-auth",route=null,service={id="x"}}',
  );
});
