import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testCertificate } from '../support/certificates.ts';
import { config } from './cases/plugins.ts';
import { Client, fresh } from './client.ts';

/** A small generator of equally distributed numbers, so that a seed names a run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const oddTexts = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '../..',
  '%',
  '%00',
  '~/(((((',
  '~/(a+)+$',
  '{vault://env/x}',
  'x'.repeat(70_000),
  '😀',
  '-1',
  "'--",
  '__proto__',
  '*',
] as const;
const oddValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53 + 2,
  [],
  {},
  [null],
  [[]],
  [{}],
  { id: null },
  { id: {} },
  { id: 'x' },
  { name: [] },
  { name: 'x', id: 1 },
  ...oddTexts,
];

type Base = readonly [path: string, body: Readonly<Record<string, unknown>>];

const plainBases: readonly Base[] = [
  ['/services', { name: 'n', host: 'h', url: 'http://h/p', retries: 1, path: '/p', tags: ['a'] }],
  [
    '/routes',
    {
      name: 'n',
      paths: ['/a'],
      hosts: ['a.b'],
      methods: ['GET'],
      headers: { a: ['1'] },
      service: { name: 'x' },
      protocols: ['http'],
    },
  ],
  ['/consumers', { username: 'u', custom_id: 'c', tags: ['a'] }],
  [
    '/plugins',
    {
      name: 'openid-connect',
      instance_name: 'i',
      config,
      protocols: ['http'],
      service: null,
      route: null,
      consumer: null,
    },
  ],
  [
    '/upstreams',
    {
      name: 'u',
      algorithm: 'round-robin',
      hash_on: 'none',
      hash_fallback: 'none',
      hash_on_header: 'x',
      hash_on_cookie: 'c',
      hash_on_cookie_path: '/',
      slots: 100,
      host_header: 'a.b:80',
      client_certificate: null,
      healthchecks: { active: { healthy: { interval: 0 } }, passive: { type: 'http' }, threshold: 0 },
    },
  ],
];

/** Bodies of every kind; parents and certificates of some are made first. */
async function makeBases(client: Client): Promise<readonly Base[]> {
  const upstream = await client.make('/upstreams', { name: fresh('fuzz') });
  const consumer = await client.make('/consumers', { username: fresh('fuzz') });
  const pair = await testCertificate();
  const certificate = await client.make('/certificates', pair);
  const { cert } = await testCertificate({ authority: true });
  return [
    ...plainBases,
    [`/upstreams/${upstream.id}/targets`, { target: 'a.b:80', weight: 1, tags: ['a'] }],
    ['/certificates', { ...pair, cert_alt: null, key_alt: null, snis: ['fuzz.example'], tags: null }],
    ['/snis', { name: 'fuzz.example', certificate: { id: certificate.id } }],
    [`/certificates/${certificate.id}/snis`, { name: 'fuzz.example' }],
    ['/ca_certificates', { cert, cert_digest: 'x', tags: ['a'] }],
    [`/consumers/${consumer.id}/key-auth`, { key: 'k', ttl: 5, tags: ['a'] }],
    ['/key-auths', { key: 'k', ttl: 5, consumer: { id: consumer.id } }],
    [`/consumers/${consumer.id}/acls`, { group: 'g', tags: ['a'] }],
    ['/acls', { group: 'g', consumer: { username: consumer['username'] } }],
  ];
}

/** Sends mutated bodies, forms, paths and queries; whatever a client sends, the answer is a success or its own fault. */
export function adminFuzz(getBaseUrl: () => string, rounds: number, seed: number): void {
  const client = new Client(getBaseUrl);
  const random = seeded(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const mutations: readonly ((bases: readonly Base[]) => Promise<{ status: number; what: string }>)[] = [
    (bases) => jsonMutation(client, bases, pick, random),
    (bases) => bytesMutation(client, bases, pick, random),
    (bases) => formMutation(client, bases, pick),
    () => pathMutation(client, pick, random),
    () => queryMutation(client, pick),
  ];
  test(`${rounds} mutations of requests (seed ${seed}) never give a server error`, async () => {
    const bases = await makeBases(client);
    const counts = new Map<number, number>();
    for (let round = 0; round < rounds; round++) {
      const { status, what } = await pick(mutations)(bases);
      const fine = (status >= 200 && status < 300) || (status >= 400 && status < 500);
      assert.ok(fine, `round ${round}: ${status} for ${what.slice(0, 500)}`);
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    assert.ok((counts.get(400) ?? 0) > rounds / 10, 'most mutations are refused');
    assert.ok(
      [...counts].some(([status]) => status < 300),
      'some mutations are harmless',
    );
    assert.equal((await client.get('/services?size=1')).status, 200, 'the API still answers');
  });
}

type Pick = <T>(from: readonly T[]) => T;

async function jsonMutation(client: Client, bases: readonly Base[], pick: Pick, random: () => number) {
  const [path, base] = pick(bases);
  const body: Record<string, unknown> = { ...base, ...uniqueNames(base) };
  const inConfig = path === '/plugins' && random() < 0.6;
  if (inConfig)
    body['config'] = {
      ...config,
      [pick(['issuer', 'auth_methods', 'scopes', 'leeway', 'cache_ttl', 'session_secret', 'x'])]: pick(oddValues),
    };
  else if (path === '/upstreams' && random() < 0.5) body['healthchecks'] = oddHealthchecks(pick);
  else body[pick([...Object.keys(base), 'id', 'created_at', 'zzz'])] = pick(oddValues);
  const method = pick(['POST', 'PUT', 'PATCH'] as const);
  const target = method === 'POST' ? path : `${path}/${fresh('fuzz')}`;
  const answer = await client.call(method, target, body);
  return { status: answer.status, what: `${method} ${target} ${JSON.stringify(body)}` };
}

function oddHealthchecks(pick: Pick): object {
  const field = pick(['interval', 'http_statuses', 'successes', 'timeouts', 'type', 'headers', 'http_path', 'x']);
  const odd = { [field]: pick([...oddValues, [200, 99], { a: ['b'] }, { a: 'b' }]) };
  return pick([
    { active: odd },
    { active: { healthy: odd } },
    { passive: { unhealthy: odd } },
    { threshold: pick(oddValues) },
    { [field]: odd },
  ]);
}

function uniqueNames(base: Readonly<Record<string, unknown>>): Record<string, string> {
  const names = ['username', 'custom_id', 'instance_name', ...('host' in base || 'paths' in base ? ['name'] : [])];
  return Object.fromEntries(names.filter((name) => name in base).map((name) => [name, fresh('fuzz')]));
}

async function bytesMutation(client: Client, bases: readonly Base[], pick: Pick, random: () => number) {
  const [path, base] = pick(bases);
  const bytes = Buffer.from(JSON.stringify(base));
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--)
    bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
  const cut = random() < 0.3 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
  const type = pick([
    'application/json',
    'application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'multipart/form-data; boundary=x',
    'text/plain',
  ]);
  const answer = await client.raw('POST', path, cut, { 'content-type': type });
  return { status: answer.status, what: `POST ${path} ${type} ${cut.toString('latin1')}` };
}

async function formMutation(client: Client, bases: readonly Base[], pick: Pick) {
  const [path] = pick(bases);
  const names = [
    'name',
    'tags',
    'tags[]',
    'tags[1]',
    'tags[99999999]',
    'tags[0]',
    'a.b.c',
    '.a',
    'a.',
    'a..b',
    '[',
    ']',
    'a[',
    'a]b',
    'config.x[1].y',
    'headers[a][]',
    'headers.a.b',
    'service.id',
    'service[name]',
    'host',
    'snis',
    'snis[1]',
    'target',
    'key',
    'ttl',
    'healthchecks.active.healthy.interval',
    'healthchecks.active.headers[a][]',
    'certificate.id',
    'paths',
    '__proto__.x',
    'constructor.prototype',
    'paths[1][2][3]',
    '%',
    '%ff',
    '&',
  ];
  const values = ['', 'x', '1', 'true', '%00', '%ff', '%', '%zz', '+', 'null', '[]', '{}', '1e999', '-0'];
  const pairs = [0, 1, 2, 3].map(() => `${pick(names)}${pick(['=', '=', '=', ''])}${pick(values)}`);
  if (path === '/plugins') pairs.push('name=openid-connect', `config.${pick(names)}=${pick(values)}`);
  const form = pairs.join('&');
  const answer = await client.post(path, form);
  return { status: answer.status, what: `POST ${path} ${form}` };
}

async function pathMutation(client: Client, pick: Pick, random: () => number) {
  const words = [
    'services',
    'routes',
    'upstreams',
    'targets',
    'all',
    'health',
    'healthy',
    'certificates',
    'snis',
    'ca_certificates',
    'key-auths',
    'key-auth',
    'acls',
    'client_certificate',
    'consumers',
    'plugins',
    'schemas',
    'tags',
    'decisions',
    'status',
    'config',
    'validate',
    'kong-admin',
    'enabled',
    'schema',
    'openid-connect',
    '%00',
    '%2F',
    '%2e%2e',
    '..',
    '.',
    '%ff',
    '%',
    'é',
    'x'.repeat(3000),
    '__proto__',
    'constructor',
    '00000000-0000-0000-0000-000000000000',
    ' '.trim(),
    "'",
    '{x}',
    '*',
  ];
  const segments = Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(words));
  const path = encodeURI(`/${segments.join('/')}`).replaceAll('%25', '%');
  const method = pick(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']);
  const writes = method === 'POST' || method === 'PUT' || method === 'PATCH';
  const answer = await client.call(method, path, writes ? pick([{}, { name: 'x' }, 'a=b', undefined]) : undefined);
  return { status: answer.status, what: `${method} ${path}` };
}

async function queryMutation(client: Client, pick: Pick) {
  const names = ['size', 'offset', 'tags', 'custom_id', 'verdict', 'unit', 'scale', '', 'x[]', '%ff'];
  const values = [
    '',
    '0',
    '-1',
    '1e3',
    '0x10',
    'NaN',
    'Infinity',
    '1000',
    'a,b',
    'a/b',
    ',',
    '/',
    '%00',
    '%ff',
    'AAAA',
    'c2VydmljZXMgeCAx',
    'x'.repeat(5000),
  ];
  const query = [0, 1].map(() => `${pick(names)}=${pick(values)}`).join('&');
  const path = pick([
    '/services',
    '/routes',
    '/consumers',
    '/plugins',
    '/upstreams',
    '/certificates',
    '/key-auths',
    '/tags',
    '/tags/a',
    '/decisions',
    '/status',
    '/',
    '/endpoints',
  ]);
  const answer = await client.get(`${path}?${query}`);
  return { status: answer.status, what: `GET ${path}?${query}` };
}
