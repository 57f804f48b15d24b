import assert from 'node:assert/strict';
import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { before, test } from 'node:test';
import { type TestCertificate, testCertificate } from '../../support/certificates.ts';
import { type Client, field, fresh, row, rows } from '../client.ts';

interface Material {
  readonly ec: TestCertificate;
  readonly other: TestCertificate;
  readonly rsa: TestCertificate;
}

export function certificateCases(client: Client): void {
  let made: Material | undefined;
  before(async () => {
    const [ec, other, rsa] = await Promise.all([
      testCertificate(),
      testCertificate(),
      testCertificate({ keyType: 'rsa' }),
    ]);
    made = { ec, other, rsa };
  });
  const material = (): Material => {
    assert.ok(made !== undefined);
    return made;
  };
  writeCases(client, material);
  nameCases(client, material);
  addressCases(client, material);
  referenceCases(client, material);
  authorityCases(client);
}

const domain = () => `${fresh('h')}.example`;

function writeCases(client: Client, material: () => Material): void {
  test('a certificate is made with its names and answered with them sorted', async () => {
    const [a, b] = [`a.${domain()}`, `b.${domain()}`];
    const made = await client.make('/certificates', { ...material().ec, snis: [b, a] });
    assert.deepEqual(made['snis'], [a, b]);
    assert.equal(made['cert'], material().ec.cert);
    assert.deepEqual((await client.get(`/certificates/${made.id}`)).json, made);
    const sni = row((await client.get(`/snis/${a}`)).json);
    assert.deepEqual(sni['certificate'], { id: made.id });
  });

  test('a form makes a certificate too', async () => {
    const name = domain();
    const { cert, key } = material().ec;
    const form = new URLSearchParams([
      ['cert', cert],
      ['key', key],
      ['snis[]', name],
    ]);
    assert.deepEqual((await client.make('/certificates', form.toString()))['snis'], [name]);
  });

  test('a certificate takes a second pair of the other key type', async () => {
    const { ec, other, rsa } = material();
    await client.make('/certificates', { ...ec, cert_alt: rsa.cert, key_alt: rsa.key });
    const refused = await client.post('/certificates', { ...ec, cert_alt: other.cert, key_alt: other.key });
    assert.equal(refused.status, 400);
    assert.match(String(field(refused.json, 'message')), /different types/);
  });

  test('a key that does not fit is refused, and PATCH of one half of a pair too', async () => {
    const { ec, other } = material();
    const refused = await client.post('/certificates', { cert: ec.cert, key: other.key });
    assert.deepEqual(field(refused.json, 'message'), 'schema violation (certificate does not match key)');
    const made = await client.make('/certificates', ec);
    assert.equal((await client.patch(`/certificates/${made.id}`, { cert: other.cert })).status, 400);
    assert.equal((await client.patch(`/certificates/${made.id}`, other)).status, 200);
  });

  test('what is no certificate is refused by field', async () => {
    const { json } = await client.post('/certificates', { cert: 'x', key: 'y' });
    assert.match(String(field(json, 'fields.cert')), /^invalid certificate: /);
    assert.match(String(field(json, 'fields.key')), /^invalid key: /);
  });
}

function nameCases(client: Client, material: () => Material): void {
  test('PATCH without snis keeps them, with snis replaces them, with null removes them', async () => {
    const [one, two] = [domain(), domain()];
    const { id } = await client.make('/certificates', { ...material().ec, snis: [one] });
    const after = async (body: object) => row((await client.patch(`/certificates/${id}`, body)).json)['snis'];
    assert.deepEqual(await after({ tags: ['t'] }), [one]);
    assert.deepEqual(await after({ snis: [two] }), [two]);
    assert.equal((await client.get(`/snis/${one}`)).status, 404);
    assert.deepEqual(await after({ snis: null }), []);
    assert.equal((await client.get(`/snis/${two}`)).status, 404);
  });

  test('PUT without snis removes them', async () => {
    const name = domain();
    const { id } = await client.make('/certificates', { ...material().ec, snis: [name] });
    assert.deepEqual(row((await client.put(`/certificates/${id}`, material().ec)).json)['snis'], []);
    assert.equal((await client.get(`/snis/${name}`)).status, 404);
  });

  test('a name that occurs twice, or belongs to another certificate, is refused and nothing is left behind', async () => {
    const [taken, free] = [domain(), domain()];
    const owner = await client.make('/certificates', { ...material().ec, snis: [taken] });
    const twice = await client.post('/certificates', { ...material().ec, snis: [free, free] });
    assert.deepEqual(field(twice.json, 'fields'), { snis: `${free} is duplicated` });
    const id = randomUUID();
    const stolen = await client.post('/certificates', { id, ...material().ec, snis: [free, taken] });
    assert.equal(stolen.status, 400);
    const text = `${taken} already associated with existing certificate '${owner.id}'`;
    assert.deepEqual(field(stolen.json, 'fields'), { snis: text });
    assert.equal((await client.get(`/snis/${free}`)).status, 404);
    assert.equal((await client.get(`/certificates/${id}`)).status, 404);
  });

  test('names are written under /snis and under their certificate too', async () => {
    const { id } = await client.make('/certificates', material().ec);
    const [one, two] = [domain(), `*.${domain()}`];
    await client.make('/snis', { name: one, certificate: { id } });
    await client.make(`/certificates/${id}/snis`, { name: two });
    assert.deepEqual(row((await client.get(`/certificates/${id}`)).json)['snis'], [one, two].sort());
    assert.equal(rows((await client.get(`/certificates/${id}/snis`)).json).length, 2);
    assert.equal((await client.post('/snis', { name: one, certificate: { id } })).status, 409);
    assert.equal((await client.get(`/snis/${one}/certificate`)).status, 404);
    assert.equal((await client.delete(`/snis/${encodeURIComponent(two)}`)).status, 204);
  });

  test('a name needs a certificate that exists', async () => {
    assert.equal((await client.post('/snis', { name: domain() })).status, 400);
    const { json } = await client.post('/snis', { name: domain(), certificate: { id: randomUUID() } });
    assert.equal(field(json, 'code'), 4);
  });
}

function addressCases(client: Client, material: () => Material): void {
  test('a certificate is read, changed and deleted by one of its names', async () => {
    const name = domain();
    const made = await client.make('/certificates', { ...material().ec, snis: [name] });
    assert.deepEqual((await client.get(`/certificates/${name}`)).json, made);
    assert.equal(row((await client.patch(`/certificates/${name}`, { tags: ['x'] })).json).id, made.id);
    assert.deepEqual(rows((await client.get(`/certificates/${name}/snis`)).json).length, 1);
    assert.equal((await client.delete(`/certificates/${name}`)).status, 204);
    assert.equal((await client.get(`/snis/${name}`)).status, 404);
  });

  test('PUT on a name makes certificate and name; again it replaces the certificate and keeps the name', async () => {
    const name = domain();
    const made = row((await client.put(`/certificates/${name}`, material().ec)).json);
    assert.deepEqual(made['snis'], [name]);
    const again = await client.put(`/certificates/${name}`, material().other);
    assert.equal(again.status, 200);
    assert.deepEqual([row(again.json).id, row(again.json)['snis']], [made.id, [name]]);
    assert.equal(row(again.json)['cert'], material().other.cert);
  });

  test('an unknown name is answered as such, an unknown id with code 6', async () => {
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = await client.call(method, `/certificates/${domain()}`, method === 'PATCH' ? {} : undefined);
      assert.deepEqual([answer.status, answer.json], [404, { message: 'SNI not found' }], method);
    }
    const id = randomUUID();
    const { status, json } = await client.get(`/certificates/${id}`);
    assert.equal(status, 404);
    assert.equal(field(json, 'message'), `could not find the entity with primary key '{id="${id}"}'`);
    assert.equal(field((await client.get('/certificates/a%20b')).json, 'code'), 10);
  });
}

function referenceCases(client: Client, material: () => Material): void {
  test('PUT on the client certificate of a service makes one and links it; then it is read there', async () => {
    const service = await client.make('/services', { url: 'https://h' });
    const path = `/services/${service.id}/client_certificate`;
    assert.equal((await client.get(path)).status, 404);
    const made = row((await client.put(path, { ...material().ec, snis: [domain()] })).json);
    assert.deepEqual((await client.get(path)).json, made);
    assert.deepEqual(row((await client.get(`/services/${service.id}`)).json)['client_certificate'], { id: made.id });
    assert.equal((await client.delete(path)).status, 405);
    assert.deepEqual(
      rows((await client.get(`/certificates/${made.id}/services`)).json).map(({ id }) => id),
      [service.id],
    );
  });

  test('a certificate that a service or an upstream uses is not deleted', async () => {
    const { id } = await client.make('/certificates', material().ec);
    const users = [
      ['/services', { url: 'https://h', client_certificate: { id } }],
      ['/upstreams', { name: fresh('u'), client_certificate: { id } }],
    ] as const;
    for (const [path, body] of users) {
      const user = await client.make(path, body);
      const refused = await client.delete(`/certificates/${id}`);
      assert.equal(field(refused.json, 'code'), 4);
      assert.deepEqual(field(refused.json, 'fields'), { '@referenced_by': path.slice(1) });
      assert.equal((await client.delete(`${path}/${user.id}`)).status, 204);
    }
    assert.equal((await client.delete(`/certificates/${id}`)).status, 204);
  });

  test('a client certificate is for https only', async () => {
    const { id } = await client.make('/certificates', material().ec);
    const { json } = await client.post('/services', { url: 'http://h', client_certificate: { id } });
    assert.equal(field(json, 'fields.client_certificate'), 'value must be null');
  });
}

function authorityCases(client: Client): void {
  test('an authority is kept with its digest, once', async () => {
    const { cert } = await testCertificate({ authority: true });
    const made = await client.make('/ca_certificates', { cert });
    assert.equal(made['cert_digest'], createHash('sha256').update(new X509Certificate(cert).raw).digest('hex'));
    const again = await client.post('/ca_certificates', { cert: `${cert}\n` });
    assert.equal(again.status, 409);
    assert.deepEqual((await client.get(`/ca_certificates/${made.id}`)).json, made);
    const byName = await client.get('/ca_certificates/name');
    assert.equal(byName.status, 400);
    assert.deepEqual(byName.json, {
      code: 1,
      name: 'invalid primary key',
      message: `invalid primary key: '{id="expected a valid UUID"}'`,
      fields: { id: 'expected a valid UUID' },
    });
  });

  test('what is no valid authority is refused', async () => {
    const leaf = await testCertificate();
    const expired = await testCertificate({ authority: true, notAfter: new Date(Date.now() - 3_600_000) });
    for (const cert of [leaf.cert, expired.cert, 'x']) {
      assert.equal((await client.post('/ca_certificates', { cert })).status, 400);
    }
  });

  test('an authority that a service trusts is not deleted, and a service cannot trust an unknown one', async () => {
    const { cert } = await testCertificate({ authority: true });
    const { id } = await client.make('/ca_certificates', { cert });
    const unknown = await client.post('/services', { url: 'https://h', ca_certificates: [id, randomUUID()] });
    assert.equal(field(unknown.json, 'code'), 4);
    const service = await client.make('/services', {
      url: 'https://h',
      tls_verify: true,
      tls_verify_depth: 2,
      ca_certificates: [id.toUpperCase()],
    });
    assert.deepEqual(service['ca_certificates'], [id]);
    const refused = await client.delete(`/ca_certificates/${id}`);
    assert.equal(refused.status, 400);
    assert.deepEqual(refused.json, {
      code: 19,
      name: 'referenced by others',
      message: `ca certificate ${id} is still referenced by services (id = ${service.id})`,
      fields: { '@referenced_by': 'services' },
    });
    await client.patch(`/services/${service.id}`, { ca_certificates: null });
    assert.equal((await client.delete(`/ca_certificates/${id}`)).status, 204);
    for (const path of [`/ca_certificates/${id}/services`, `/services/${service.id}/ca_certificates`]) {
      assert.equal((await client.get(path)).status, 404);
    }
  });
}
