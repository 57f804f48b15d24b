import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type TestCertificate, testCertificate } from '../../../test/support/certificates.ts';
import type { Entity, EntityKind } from '../../entities/index.ts';
import { openDeclarativeStore } from './open-declarative-store.ts';
import { parseDeclarative } from './parse.ts';

const now = () => 1_700_000_000_500;
const caId = '11111111-1111-4111-8111-111111111111';

let leaf: TestCertificate;
let authority: TestCertificate;
before(async () => {
  [leaf, authority] = await Promise.all([testCertificate(), testCertificate({ authority: true })]);
});

function parse(document: object) {
  return parseDeclarative({
    text: JSON.stringify({ _format_version: '3.0', ...document }),
    plugins: new Map(),
    now,
  });
}

function entities(document: object): (kind: EntityKind) => Entity[] {
  const parsed = parse(document);
  if (parsed.kind === 'faults') throw new Error(parsed.text);
  return (kind) => parsed.upserts.filter((upsert) => upsert.kind === kind).map(({ entity }) => entity);
}

function faults(document: object): unknown {
  const parsed = parse(document);
  assert.ok(parsed.kind === 'faults');
  return parsed.fields;
}

describe('a declarative configuration with upstreams, certificates and credentials', () => {
  const nested = () => ({
    upstreams: [{ name: 'u', targets: [{ target: 'a.example', weight: 5 }, { target: '10.0.0.1:80' }] }],
    certificates: [
      {
        ...leaf,
        id: '22222222-2222-4222-8222-222222222222',
        snis: [{ name: 'a.example' }],
        services: [{ name: 's', url: 'https://u' }],
      },
    ],
    consumers: [{ username: 'alice', keyauth_credentials: [{ key: 'k', ttl: 60 }], acls: [{ group: 'staff' }] }],
    ca_certificates: [{ id: caId, cert: authority.cert }],
  });
  const flat = () => ({
    acls: [{ consumer: 'alice', group: 'staff' }],
    keyauth_credentials: [{ consumer: 'alice', key: 'k', ttl: 60 }],
    targets: [
      { upstream: 'u', target: 'a.example:8000', weight: 5 },
      { upstream: { name: 'u' }, target: '10.0.0.1:80' },
    ],
    snis: [{ name: 'a.example', certificate: { id: '22222222-2222-4222-8222-222222222222' } }],
    services: [{ name: 's', url: 'https://u', client_certificate: '22222222-2222-4222-8222-222222222222' }],
    upstreams: [{ name: 'u' }],
    consumers: [{ username: 'alice' }],
    certificates: [{ ...leaf, id: '22222222-2222-4222-8222-222222222222' }],
    ca_certificates: [{ id: caId, cert: authority.cert }],
  });
  const kinds = ['ca_certificates', 'certificates', 'snis', 'services', 'upstreams', 'targets', 'acls'] as const;

  it('reads nested and flat forms into the same entities', () => {
    const [one, two] = [entities(nested()), entities(flat())];
    for (const kind of [...kinds, 'keyauth_credentials', 'consumers'] as const) {
      assert.deepEqual(two(kind), one(kind), kind);
      assert.ok(one(kind).length > 0, kind);
    }
  });

  it('keeps targets with their port, keys with their end, authorities with their digest', () => {
    const found = entities(nested());
    assert.partialDeepStrictEqual(found('targets')[0], { target: 'a.example:8000', created_at: 1_700_000_000.5 });
    assert.partialDeepStrictEqual(found('keyauth_credentials')[0], { key: 'k', expires_at: 1_700_000_060 });
    assert.match(String(Reflect.get(found('ca_certificates')[0] ?? {}, 'cert_digest')), /^[0-9a-f]{64}$/);
    assert.equal('snis' in (found('certificates')[0] ?? {}), false);
  });

  it('becomes a store', async () => {
    const text = JSON.stringify({ _format_version: '3.0', ...nested() });
    const opened = await openDeclarativeStore({ text, plugins: new Map(), now });
    assert.ok(opened.kind === 'ok');
    assert.equal((await opened.store.list('targets', { size: 9 })).rows.length, 2);
    await opened.store.close();
  });

  it("takes Kong's sugar and decK's defaults", () => {
    const found = entities({
      _info: { defaults: { upstream: { slots: 100 }, target: { weight: 7 } } },
      upstreams: [{ name: 'u', hash_on: 'ip', targets: [{ target: 'a' }] }],
    });
    assert.partialDeepStrictEqual(found('upstreams')[0], { algorithm: 'consistent-hashing', slots: 100 });
    assert.partialDeepStrictEqual(found('targets')[0], { weight: 7 });
  });

  it('keeps ids when it is read again', () => {
    const ids = (document: object) => kinds.flatMap((kind) => entities(document)(kind).map(({ id }) => id));
    assert.deepEqual(ids(nested()), ids(structuredClone(nested())));
  });

  it('refuses what occurs twice', () => {
    const target = { target: 'a' };
    assert.match(
      JSON.stringify(faults({ upstreams: [{ name: 'u', targets: [target, { target: 'a:8000' }] }] })),
      /uniq/,
    );
    assert.match(
      JSON.stringify(faults({ ca_certificates: [{ cert: authority.cert }, { cert: `${authority.cert}\n` }] })),
      /uniqueness violation: 'ca_certificates' entity with cert_digest set to/,
    );
    const member = { username: 'a', acls: [{ group: 'g' }, { group: 'g' }] };
    assert.match(JSON.stringify(faults({ consumers: [member] })), /uniqueness violation: 'acls'/);
  });

  it('refuses a list of authorities that the file does not have', () => {
    const service = { name: 's', url: 'https://a', ca_certificates: [caId] };
    assert.deepEqual(faults({ services: [service] }), {
      services: [[`invalid reference 'ca_certificates: ${caId}' (no such entry in 'ca_certificates')`]],
    });
    entities({ services: [service], ca_certificates: [{ id: caId, cert: authority.cert }] });
  });

  it('nests nothing by a list of references, and no names as texts', () => {
    const service = { name: 's', url: 'https://a' };
    assert.deepEqual(faults({ ca_certificates: [{ cert: authority.cert, services: [service] }] }), {
      ca_certificates: [{ services: 'unknown field' }],
    });
    assert.deepEqual(faults({ certificates: [{ ...leaf, snis: ['a.example'] }] }), {
      certificates: [{ snis: ['expected a record'] }],
    });
  });
});
