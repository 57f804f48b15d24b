import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { selfSignedCertificate } from '../base/certificate.ts';
import type { CaCertificate, Certificate, Sni, Upsert, Upstream } from '../entities/index.ts';
import { compileSnapshot } from './compile.ts';
import { emptySnapshot, type Snapshot } from './snapshot.ts';
import {
  aChange,
  aDefinition,
  anUpstream,
  aPlugin,
  aRoute,
  aService,
  compiled,
  upsertPlugins,
  upsertRoutes,
  upsertServices,
} from './test-support.ts';

interface Pair {
  readonly cert: string;
  readonly key: string;
}

let one: Pair;
let two: Pair;
before(async () => {
  one = await selfSignedCertificate({ commonName: 'one', altNames: ['one.test'] });
  two = await selfSignedCertificate({ commonName: 'two', altNames: ['two.test'] });
});

function certificate(id: string, pair: Pair, more: Partial<Certificate> = {}): Upsert {
  const entity = { id, created_at: 1, updated_at: 1, ...pair, cert_alt: null, key_alt: null, tags: null, ...more };
  return { kind: 'certificates', entity };
}

function sni(id: string, name: string, certificateId: string): Upsert {
  const entity: Sni = { id, name, created_at: 1, updated_at: 1, tags: null, certificate: { id: certificateId } };
  return { kind: 'snis', entity };
}

function authority(id: string, pair: Pair): Upsert {
  const entity: CaCertificate = {
    id,
    created_at: 1,
    updated_at: 1,
    cert: pair.cert,
    cert_digest: id,
    tags: null,
  };
  return { kind: 'ca_certificates', entity };
}

function upstreams(...entities: readonly Upstream[]): Upsert[] {
  return entities.map((entity) => ({ kind: 'upstreams', entity }));
}

async function faultsOf(upserts: readonly Upsert[], previous: Snapshot = emptySnapshot): Promise<string[]> {
  const outcome = await compileSnapshot(previous, aChange(upserts), { plugins: new Map() });
  return outcome.kind === 'ok'
    ? []
    : outcome.faults.map(({ kind, id, name, message }) => `${kind} ${name ?? id}: ${message}`);
}

describe('the certificate for a server name (proxying.md 9)', () => {
  test('exact, then one label of *.parent, then name.*, then *, then the default', async () => {
    const names = ['a.com', '*.a.com', 'x.a.*', '*'];
    const all = names.flatMap((name) => [certificate(`for ${name}`, one), sni(name, name, `for ${name}`)]);
    const snapshot = await compiled(aChange(all));
    const shown = (serverName: string | undefined) => {
      const identity = snapshot.certificates.identityFor(serverName);
      return names.find((name) => snapshot.tlsParts.certificates.get(`for ${name}`)?.identity === identity);
    };
    assert.equal(shown('a.com'), 'a.com');
    assert.equal(shown('A.COM.'), 'a.com');
    assert.equal(shown('b.a.com'), '*.a.com');
    assert.equal(shown('x.a.com'), '*.a.com');
    assert.equal(shown('x.a.org'), 'x.a.*');
    assert.equal(shown('c.b.a.com'), '*');
    assert.equal(shown('com'), '*');
    assert.equal(shown(undefined), '*');
    const without = await compiled(aChange([], [{ kind: 'snis', id: '*' }], 2), snapshot);
    assert.equal(without.certificates.identityFor('c.b.a.com'), undefined);
    assert.equal(without.certificates.identityFor(undefined), undefined);
  });

  test('carries the second pair where there is one', async () => {
    const more = { cert_alt: two.cert, key_alt: two.key };
    const snapshot = await compiled(aChange([certificate('c', one, more), sni('s', 'a.com', 'c')]));
    assert.deepEqual(snapshot.certificates.identityFor('a.com'), { ...one, alternative: two });
  });

  test('is the same object until the certificate changes', async () => {
    const first = await compiled(aChange([certificate('c', one), sni('s', 'a.com', 'c')]));
    const unrelated = await compiled(aChange([certificate('d', two), sni('t', 'b.com', 'd')], [], 2), first);
    assert.equal(unrelated.certificates.identityFor('a.com'), first.certificates.identityFor('a.com'));
    const routes = await compiled(aChange(upsertRoutes(aRoute({ id: 'R', paths: ['/'] })), [], 3), unrelated);
    assert.equal(routes.certificates, unrelated.certificates);
    const renewed = await compiled(aChange([certificate('c', two)], [], 4), routes);
    assert.deepEqual(renewed.certificates.identityFor('a.com'), two);
    assert.equal(renewed.certificates.identityFor('b.com'), routes.certificates.identityFor('b.com'));
  });

  test('follows names that move, swap and go', async () => {
    const first = await compiled(
      aChange([certificate('c', one), certificate('d', two), sni('s', 'a.com', 'c'), sni('t', 'b.com', 'd')]),
    );
    const swapped = await compiled(aChange([sni('s', 'b.com', 'c'), sni('t', 'a.com', 'd')], [], 2), first);
    assert.deepEqual(swapped.certificates.identityFor('a.com'), two);
    assert.deepEqual(swapped.certificates.identityFor('b.com'), one);
    const gone = aChange(
      [],
      [
        { kind: 'snis', id: 't' },
        { kind: 'certificates', id: 'd' },
      ],
      3,
    );
    const left = await compiled(gone, swapped);
    assert.equal(left.certificates.identityFor('a.com'), undefined);
    assert.deepEqual(left.certificates.identityFor('b.com'), one);
  });
});

describe('TLS towards a service', () => {
  test('holds verification, depth, authorities and the client certificate', async () => {
    const service = aService({
      id: 'S',
      protocol: 'https',
      tls_verify: true,
      tls_verify_depth: 2,
      ca_certificates: ['ca1', 'ca2'],
      client_certificate: { id: 'c' },
    });
    const parts = [authority('ca1', one), authority('ca2', two), certificate('c', one)];
    const snapshot = await compiled(aChange([...upsertServices(service), ...parts]));
    assert.deepEqual(snapshot.services.get('S')?.tls, {
      verify: true,
      verifyDepth: 2,
      ca: [one.cert, two.cert],
      clientCertificate: one,
    });
  });

  test('follows a changed certificate and a changed authority, and no other service is built again', async () => {
    const first = await compiled(
      aChange([
        certificate('c', one),
        authority('ca', one),
        ...upsertServices(
          aService({ id: 'shows', client_certificate: { id: 'c' } }),
          aService({ id: 'trusts', ca_certificates: ['ca'] }),
          aService({ id: 'plain' }),
        ),
        ...upsertRoutes(aRoute({ id: 'R', paths: ['/'], service: { id: 'shows' } })),
      ]),
    );
    const second = await compiled(aChange([certificate('c', two)], [], 2), first);
    assert.deepEqual(second.routes.get('R')?.service?.tls.clientCertificate, two);
    assert.equal(second.services.get('trusts'), first.services.get('trusts'));
    assert.equal(second.services.get('plain'), first.services.get('plain'));
    const third = await compiled(aChange([authority('ca', two)], [], 3), second);
    assert.deepEqual(third.services.get('trusts')?.tls.ca, [two.cert]);
    assert.equal(third.services.get('shows'), second.services.get('shows'));
  });
});

describe('upstreams', () => {
  test('are found by their name, with their client certificate', async () => {
    const entity = anUpstream({ id: 'U', name: 'u.test', client_certificate: { id: 'c' } });
    const snapshot = await compiled(aChange([...upstreams(entity), certificate('c', one)]));
    const found = snapshot.upstreams.byName('u.test');
    assert.deepEqual([found?.id, found?.clientCertificate, found?.entity], ['U', one, entity]);
    assert.equal(snapshot.upstreams.byName('other.test'), undefined);
    const renewed = await compiled(aChange([certificate('c', two)], [], 2), snapshot);
    assert.deepEqual(renewed.upstreams.byName('u.test')?.clientCertificate, two);
  });

  test('are renamed, swapped and taken out', async () => {
    const first = await compiled(
      aChange(upstreams(anUpstream({ id: 'U', name: 'u' }), anUpstream({ id: 'V', name: 'v' }))),
    );
    const swapped = await compiled(
      aChange(upstreams(anUpstream({ id: 'U', name: 'v' }), anUpstream({ id: 'V', name: 'u' })), [], 2),
      first,
    );
    assert.deepEqual([swapped.upstreams.byName('u')?.id, swapped.upstreams.byName('v')?.id], ['V', 'U']);
    const left = await compiled(aChange([], [{ kind: 'upstreams', id: 'U' }], 3), swapped);
    assert.deepEqual([left.upstreams.byName('u')?.id, left.upstreams.byName('v')?.id], ['V', undefined]);
    assert.equal(first.upstreams.byName('u')?.id, 'U');
    const unrelated = await compiled(aChange(upsertServices(aService({ id: 'S' })), [], 4), left);
    assert.equal(unrelated.upstreams, left.upstreams);
  });
});

describe('what cannot run is a fault with its name', () => {
  test('unreadable certificates, keys that do not fit, unreadable authorities', async () => {
    const faults = await faultsOf([
      certificate('text', { cert: 'nonsense', key: one.key }),
      certificate('mixed', { cert: one.cert, key: two.key }),
      certificate('keyless', { cert: one.cert, key: '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----' }),
      authority('ca', { cert: 'nonsense', key: '' }),
    ]);
    assert.equal(faults.length, 4);
    assert.match(faults[0] ?? '', /^certificates text: invalid certificate: /);
    assert.equal(faults[1], 'certificates mixed: certificate does not match key');
    assert.equal(faults[2], 'certificates keyless: invalid key');
    assert.match(faults[3] ?? '', /^ca_certificates ca: invalid certificate: /);
    assert.ok(!faults.some((fault) => fault.includes(one.key.slice(40, 80))));
  });

  test('references to what is not there', async () => {
    const faults = await faultsOf([
      ...upsertServices(
        aService({ id: 'S', name: 'api', client_certificate: { id: 'none' }, ca_certificates: ['gone'] }),
      ),
      ...upstreams(anUpstream({ id: 'U', name: 'u', client_certificate: { id: 'none' } })),
      sni('s', 'a.com', 'none'),
    ]);
    assert.deepEqual(faults.sort(), [
      'services api: ca_certificates: there is no CA certificate gone',
      'services api: client_certificate: there is no certificate none',
      'snis a.com: certificate: there is no certificate none',
      'upstreams u: client_certificate: there is no certificate none',
    ]);
  });

  test('a certificate taken away from those who use it', async () => {
    const first = await compiled(
      aChange([certificate('c', one), ...upsertServices(aService({ id: 'S', client_certificate: { id: 'c' } }))]),
    );
    const outcome = await compileSnapshot(first, aChange([], [{ kind: 'certificates', id: 'c' }], 2), {
      plugins: new Map(),
    });
    assert.equal(outcome.kind, 'faults');
  });
});

describe('names for which clients are asked for a certificate', () => {
  const mutual = aDefinition({ name: 'mutual', requestsClientCertificate: true });
  const asked = (snapshot: Snapshot) => {
    const names = snapshot.clientCertificateNames;
    return [names.includes('a.com'), names.includes('b.com'), names.includes(undefined)];
  };
  const secure = aRoute({ id: 'R', snis: ['a.com'], paths: ['/'], service: { id: 'S' } });
  const world = [...upsertServices(aService({ id: 'S' })), ...upsertRoutes(secure)];

  test('are those of routes with such a plugin, by route, by service or by all', async () => {
    for (const scope of [{ route: { id: 'R' } }, { service: { id: 'S' } }, {}]) {
      const plugins = upsertPlugins(aPlugin({ id: 'p', name: 'mutual', ...scope }));
      const snapshot = await compiled(aChange([...world, ...plugins]), undefined, [mutual]);
      assert.deepEqual(asked(snapshot), [true, false, false], JSON.stringify(scope));
      assert.ok(snapshot.clientCertificateNames.includes('A.com.'));
      const without = await compiled(aChange([], [{ kind: 'plugins', id: 'p' }], 2), snapshot, [mutual]);
      assert.deepEqual(asked(without), [false, false, false]);
    }
  });

  test('are all of them when such a route names none', async () => {
    const plugins = upsertPlugins(aPlugin({ id: 'p', name: 'mutual' }));
    const first = await compiled(aChange([...world, ...plugins]), undefined, [mutual]);
    const open = upsertRoutes(aRoute({ id: 'open', paths: ['/o'] }));
    const second = await compiled(aChange(open, [], 2), first, [mutual]);
    assert.deepEqual(asked(second), [true, true, true]);
    const third = await compiled(aChange([], [{ kind: 'routes', id: 'open' }], 3), second, [mutual]);
    assert.deepEqual(asked(third), [true, false, false]);
  });

  test('are none for other plugins, disabled entries and routes out of the router', async () => {
    const disabled = aPlugin({ id: 'p', name: 'mutual', enabled: false });
    const usual = aPlugin({ id: 'q', name: 'usual' });
    const definitions = [mutual, aDefinition({ name: 'usual' })];
    const snapshot = await compiled(aChange([...world, ...upsertPlugins(disabled, usual)]), undefined, definitions);
    assert.deepEqual(asked(snapshot), [false, false, false]);
    const enabled = upsertPlugins({ ...disabled, enabled: true });
    const off = upsertServices(aService({ id: 'S', enabled: false }));
    assert.deepEqual(asked(await compiled(aChange([...enabled, ...off], [], 2), snapshot, definitions)), [
      false,
      false,
      false,
    ]);
  });
});
