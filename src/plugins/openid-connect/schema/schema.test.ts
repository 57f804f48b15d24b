import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { pluginRecord, pluginSchemaDocument } from '../../../entities/index.ts';
import {
  type AnyField,
  defaultOf,
  expandShorthands,
  faultFields,
  type Generators,
  inferForm,
  isObject,
  jsonSchema,
  markdownTable,
  processInsert,
  processUpdate,
  type RecordField,
  validate,
} from '../../../schema/index.ts';
import { openidConnectConfig } from './index.ts';

const generators: Generators = {
  uuid: () => '11111111-1111-4111-8111-111111111111',
  now: () => 1700000000,
  secret: () => 's'.repeat(32),
};
const shape = { name: 'openid-connect', consumerScope: false, config: openidConnectConfig };
const least = { issuer: 'https://op.example.com/', auth_methods: ['client_credentials', 'bearer'] };

function configOf(config: object): Record<string, unknown> {
  const done = processInsert(pluginRecord(shape), { name: shape.name, config }, 'insert', generators);
  assert.ok(done.kind === 'valid', done.kind === 'invalid' ? JSON.stringify(faultFields(done.faults)) : '');
  return Object(done.value['config']);
}

function faultsOf(config: object): unknown {
  const done = processInsert(pluginRecord(shape), { name: shape.name, config }, 'insert', generators);
  assert.ok(done.kind === 'invalid', `refused: ${JSON.stringify(config)}`);
  return faultFields(done.faults)['config'];
}

interface Row {
  readonly name: string;
  readonly type: string;
}

function goldenRows(): Row[] {
  const file = new URL('../../../../test/golden/openid-connect-fields.tsv', import.meta.url);
  const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => ({ name: line.split('\t')[0] ?? '', type: line.split('\t')[1] ?? '' }));
}

/** The field or shorthand at a name of the field table, through members of records and of lists of records. */
function declared(record: RecordField, name: string): AnyField | undefined {
  const [first = '', ...rest] = name.split(/(?:\[\])?\./);
  const own = Object.hasOwn(record.fields, first) ? record.fields[first] : undefined;
  const field = own ?? record.shorthands.find((shorthand) => shorthand.name === first)?.field;
  if (rest.length === 0 || field === undefined) return field;
  const inner = field.kind === 'array' || field.kind === 'set' ? field.elements : field;
  return inner.kind === 'record' ? declared(inner, rest.join('.')) : undefined;
}

test('every row of the field table is a field or an accepted old name, of the same type', () => {
  const rows = goldenRows();
  assert.equal(rows.length, 417);
  for (const { name, type } of rows) {
    const field = declared(openidConnectConfig, name);
    assert.ok(field, `${name} is declared`);
    assert.equal(field.kind, /^[a-z]+/.exec(type)?.[0], name);
    const choices = /\{([^}]*)\}/.exec(type)?.[1]?.split('|');
    const scalar = field.kind === 'array' || field.kind === 'set' ? field.elements : field;
    if (choices !== undefined) assert.deepEqual(scalar.attributes.one_of, choices, name);
    if (/\[required/.test(type)) assert.equal(field.attributes.required, true, name);
    if (/referenceable/.test(type)) assert.equal(scalar.attributes.referenceable, true, name);
    if (/encrypted/.test(type)) assert.equal(scalar.attributes.encrypted, true, name);
    const range = /(\d+)\.\.(\d+)/.exec(type);
    if (range !== null) assert.deepEqual(field.attributes.between, [Number(range[1]), Number(range[2])], name);
    const length = /min (?:items|length) (\d+)/.exec(type);
    if (length !== null) assert.equal(field.attributes.len_min, Number(length[1]), name);
  }
});

test('there is no field beyond the table but our own record, which comes last', () => {
  const names = new Set(goldenRows().map((row) => row.name));
  const own = Object.keys(openidConnectConfig.fields).filter((name) => !names.has(name));
  assert.deepEqual(own, ['sallyport']);
  assert.equal(Object.keys(openidConnectConfig.fields).at(-1), 'sallyport');
  const order = [...names].filter((name) => Object.hasOwn(openidConnectConfig.fields, name));
  assert.deepEqual(Object.keys(openidConnectConfig.fields).slice(0, 20), order.slice(0, 20));
});

test('every field has a description', () => {
  for (const [name, field] of Object.entries(openidConnectConfig.fields)) {
    assert.ok((field.attributes.description ?? '').length > 10, name);
  }
});

test('the least configuration is valid, and what it is answered with may be put back', () => {
  const config = configOf(least);
  assert.deepEqual(config['scopes'], ['openid']);
  assert.equal(config['hide_credentials'], true);
  assert.equal(config['ssl_verify'], true);
  assert.equal(config['cache_tokens_salt'], 's'.repeat(32));
  assert.equal(config['upstream_access_token_header'], 'authorization:bearer');
  assert.equal(config['leeway'], 0);
  assert.equal(Object.hasOwn(config, 'sallyport'), false);
  assert.deepEqual(configOf(structuredClone(config)), config);
});

test('every default is itself valid, but for auth_methods, which must be sent', () => {
  const defaults = Object.fromEntries(
    Object.entries(openidConnectConfig.fields).map(([name, field]) => [name, defaultOf(field)]),
  );
  const faults = faultFields(validate(openidConnectConfig, { ...defaults, issuer: least.issuer }, 'insert'));
  assert.deepEqual(faults, {
    auth_methods: 'send client_credentials, bearer or both; the other methods are not supported yet',
  });
});

test('auth_methods left out, null, empty or naming another method says what to send', () => {
  const text = 'send client_credentials, bearer or both; the other methods are not supported yet';
  for (const auth_methods of [undefined, null, [], ['bearer', 'password'], ['session']]) {
    assert.deepEqual(faultsOf({ issuer: least.issuer, auth_methods }), { auth_methods: text });
  }
  assert.deepEqual(faultsOf({ ...least, auth_methods: ['basic'] }), {
    auth_methods: [
      'expected one of: password, client_credentials, authorization_code, bearer, introspection, userinfo, kong_oauth2, refresh_token, session',
    ],
  });
  assert.deepEqual(faultsOf({ auth_methods: ['bearer'] }), { issuer: 'required field missing' });
});

test('a field that is not honoured is refused by name unless it holds its default', () => {
  configOf({ ...least, login_methods: ['authorization_code'], session_storage: 'cookie', http_version: 1.1 });
  configOf({ ...least, login_tokens: null, redis: { host: '127.0.0.1', port: 6379 }, client_jwk: null });
  const faults = faultsOf({
    ...least,
    session_storage: 'redis',
    redis: { host: 'r', ssl: true },
    introspection_endpoint: 'https://op/introspect',
    http_version: 1,
    enable_hs_signatures: true,
    client_jwk: [{ kty: 'RSA' }],
    sallyport: { keep_session_after_logout: true },
  });
  const usual = (value: string) =>
    `not supported yet by this version of Sallyport; leave it out or send its default (${value})`;
  assert.deepEqual(faults, {
    session_storage: usual('"cookie"'),
    redis: { host: usual('"127.0.0.1"'), ssl: usual('false') },
    introspection_endpoint: usual('null'),
    http_version: usual('1.1'),
    enable_hs_signatures: usual('false'),
    client_jwk: usual('null'),
    sallyport: { keep_session_after_logout: usual('false') },
  });
});

test('a value that is not honoured among others that are is refused by name', () => {
  assert.deepEqual(faultsOf({ ...least, client_auth: ['client_secret_post', 'private_key_jwt'] }), {
    client_auth: [null, "'private_key_jwt' is not supported yet by this version of Sallyport"],
  });
  assert.deepEqual(faultsOf({ ...least, token_endpoint_auth_method: 'none' }), {
    token_endpoint_auth_method: "'none' is not supported yet by this version of Sallyport",
  });
  assert.deepEqual(faultsOf({ ...least, ignore_signature: ['client_credentials', 'userinfo'] }), {
    ignore_signature: [null, "'userinfo' is not supported yet by this version of Sallyport"],
  });
});

test('every field outside the two methods refuses a value that is not its default', () => {
  const example: Record<AnyField['kind'], unknown> = {
    string: 'other',
    integer: 12345,
    number: 12345,
    boolean: undefined,
    array: ['other'],
    set: ['other'],
    map: { a: 'b' },
    record: {},
    foreign: {},
    any: {},
  };
  let seen = 0;
  for (const [name, field] of Object.entries(openidConnectConfig.fields)) {
    if (field.attributes.unsupported !== true || field.kind === 'record') continue;
    const value = field.kind === 'boolean' ? defaultOf(field) !== true : example[field.kind];
    assert.match(String(Object(faultsOf({ ...least, [name]: value }))[name]), /^not supported yet/, name);
    seen += 1;
  }
  assert.ok(seen > 100, `${seen} fields`);
});

test('an export of 3.0 with every default spelled out under its old name is accepted', () => {
  const config = configOf({
    ...least,
    authorization_cookie_lifetime: 600,
    authorization_cookie_samesite: 'off',
    session_cookie_lifetime: 3600,
    session_cookie_idletime: null,
    session_cookie_renew: 600,
    session_cookie_samesite: 'Lax',
    session_cookie_maxsize: 4000,
    session_strategy: 'default',
    session_memcache_prefix: 'sessions',
    session_redis_prefix: 'sessions',
    session_redis_host: '127.0.0.1',
    session_redis_ssl_verify: false,
    session_redis_cluster_nodes: null,
    consumer_claim: null,
  });
  assert.equal(config['session_idling_timeout'], 900);
  assert.equal(config['redis'], null);
});

test('old names are read as the new ones, and refused where the new ones are', () => {
  assert.deepEqual(configOf({ ...least, consumer_claim: ['realm', 'name'] })['consumer_claims'], [['realm', 'name']]);
  assert.deepEqual(Object.keys(Object(faultsOf({ ...least, session_cookie_lifetime: 60 }))), [
    'session_rolling_timeout',
  ]);
  assert.deepEqual(Object.keys(Object(faultsOf({ ...least, session_redis_host: 'r' }))), ['redis']);
  assert.deepEqual(faultsOf({ ...least, consumer_claim: ['a'], consumer_claims: [['b']] }), {
    consumer_claim:
      'both deprecated and new field are used but their values mismatch: consumer_claim = ["a"] vs consumer_claims = [["b"]]',
  });
});

test('old address lists of redis become nodes', () => {
  const { input } = expandShorthands(openidConnectConfig, { redis: { sentinel_addresses: ['a:1', 'b'] } });
  assert.deepEqual(input, { redis: { sentinel_nodes: [{ host: 'a', port: 1 }, { host: 'b' }] } });
});

test('rules between fields name the field to change', () => {
  const cases: [object, object][] = [
    [
      { token_post_args_names: ['audience'] },
      { token_post_args_values: 'must have as many entries as token_post_args_names (1), not 0' },
    ],
    [
      { token_headers_values: ['x'] },
      { token_headers_values: 'must have as many entries as token_headers_names (0), not 1' },
    ],
    [
      { bearer_token_param_type: ['cookie'] },
      { bearer_token_cookie_name: 'required when bearer_token_param_type has cookie' },
    ],
    [{ cache_ttl_min: 10, cache_ttl_max: 5 }, { cache_ttl_max: 'must not be less than cache_ttl_min (10)' }],
    [
      { using_pseudo_issuer: true },
      { token_endpoint: 'required for client_credentials when using_pseudo_issuer is true' },
    ],
  ];
  for (const [extra, faults] of cases) assert.deepEqual(faultsOf({ ...least, ...extra }), faults);
  configOf({ ...least, using_pseudo_issuer: true, issuer: 'any name', token_endpoint: 'https://op/token' });
});

test('addresses that the gateway calls are plain absolute URLs', () => {
  const text = 'expected an absolute http or https URL without user information or fragment';
  for (const issuer of [
    'op.example.com',
    'ftp://op/',
    'https://u:p@op/',
    'https://op/#x',
    'https://op/ x',
    '/x',
    'https://',
  ]) {
    assert.deepEqual(faultsOf({ ...least, issuer }), { issuer: text }, issuer);
  }
  assert.deepEqual(faultsOf({ ...least, token_endpoint: 'op/token' }), { token_endpoint: text });
  assert.deepEqual(faultsOf({ ...least, extra_jwks_uris: ['https://op/jwks', 'x'] }), {
    extra_jwks_uris: [null, text],
  });
  configOf({ ...least, issuer: 'http://127.0.0.1:9000/.well-known/openid-configuration' });
});

test('headers that frame or split a message cannot be configured', () => {
  const text = /must not be one of: connection, content-length/;
  const refused = (extra: object, name: string) => String(Object(faultsOf({ ...least, ...extra }))[name]);
  assert.match(refused({ upstream_access_token_header: 'content_length' }, 'upstream_access_token_header'), text);
  assert.match(
    refused({ upstream_headers_names: ['Host'], upstream_headers_claims: ['sub'] }, 'upstream_headers_names'),
    text,
  );
  assert.match(
    refused({ token_headers_names: ['a b'], token_headers_values: ['x'] }, 'token_headers_names'),
    /invalid header name 'a b'/,
  );
  assert.match(
    refused({ token_headers_names: ['a'], token_headers_values: ['x\r\ny: z'] }, 'token_headers_values'),
    /control characters/,
  );
  configOf({ ...least, upstream_access_token_header: null, downstream_access_token_header: 'x-token:bearer' });
});

test('our own options are kept when set, and leave the answer when cleared', () => {
  const schema = pluginRecord(shape);
  const created = processInsert(
    schema,
    { name: shape.name, config: { ...least, sallyport: { allow_missing_exp: true } } },
    'insert',
    generators,
  );
  assert.ok(created.kind === 'valid');
  assert.deepEqual(Object(created.value['config']).sallyport, {
    allow_missing_exp: true,
    allow_issuer_mismatch: false,
    keep_session_after_logout: false,
  });
  const cleared = processUpdate(schema, created.value, { config: { sallyport: null } }, generators);
  assert.ok(cleared.kind === 'valid');
  assert.equal(Object.hasOwn(Object(cleared.value['config']), 'sallyport'), false);
});

test("the guide's form creates the configuration it shows", () => {
  const body = inferForm(pluginRecord(shape), [
    ['name', 'openid-connect'],
    ['config.issuer', 'https://tenant.auth0.com'],
    ['config.auth_methods', 'client_credentials'],
    ['config.cache_ttl', '10'],
    ['config.token_post_args_names', 'audience'],
    ['config.token_post_args_values', 'https://example.com/'],
    ['config.hide_credentials', 'false'],
    ['config.scopes', ''],
  ]);
  const done = processInsert(pluginRecord(shape), body, 'insert', generators);
  assert.ok(done.kind === 'valid');
  const config = Object(done.value['config']);
  assert.deepEqual(config.auth_methods, ['client_credentials']);
  assert.deepEqual(config.token_post_args_values, ['https://example.com/']);
  assert.deepEqual([config.cache_ttl, config.hide_credentials, config.scopes], [10, false, null]);
});

test('the documents of the whole plugin are plain JSON with every field and old name', () => {
  const document = pluginSchemaDocument(shape);
  assert.deepEqual(JSON.parse(JSON.stringify(document)), document);
  const config = Object(document['fields']).at(-1).config;
  assert.equal(config.fields.length, Object.keys(openidConnectConfig.fields).length);
  assert.equal(Object.keys(config.fields.at(-1))[0], 'sallyport');
  assert.equal(config.shorthand_fields.length, openidConnectConfig.shorthands.length);
  assert.ok(isObject(jsonSchema(openidConnectConfig)['properties']));
  const table = markdownTable(openidConnectConfig);
  for (const { name } of goldenRows())
    assert.ok(table.includes(`| \`${name}\` |`) || name.startsWith('session_redis_cluster_nodes['), name);
});
