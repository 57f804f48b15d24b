import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ensureCertificate, selfSignedCertificate } from './certificate.ts';

const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a certificate names the host names and addresses it was made for', async () => {
  const made = await selfSignedCertificate({ commonName: 'gw', altNames: ['gw.example', '127.0.0.1', '::1'] });
  const certificate = new X509Certificate(made.cert);
  assert.equal(certificate.subject, 'CN=gw');
  assert.equal(certificate.checkHost('gw.example'), 'gw.example');
  assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
  assert.equal(certificate.checkIP('::1'), '::1');
  assert.ok(certificate.checkPrivateKey(createPrivateKey(made.key)));
});

test('the same certificate is there after a restart, its key for the owner alone', async () => {
  const dir = join(folder, 'kept');
  const first = await ensureCertificate(dir, 'proxy');
  assert.deepEqual(await ensureCertificate(dir, 'proxy'), first);
  assert.equal(statSync(join(dir, 'proxy.key')).mode & 0o777, 0o600);
  assert.notDeepEqual(await ensureCertificate(dir, 'admin'), first);
});

test('one that is damaged or about to expire is replaced', async () => {
  const dir = join(folder, 'replaced');
  const first = await ensureCertificate(dir, 'proxy');
  const nearEnd = new Date(Date.parse(new X509Certificate(first.cert).validTo) - 1000);
  const second = await ensureCertificate(dir, 'proxy', nearEnd);
  assert.notEqual(second.cert, first.cert);
  writeFileSync(join(dir, 'proxy.key'), 'cut off');
  const third = await ensureCertificate(dir, 'proxy', nearEnd);
  assert.notEqual(third.cert, second.cert);
});
