import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import { createGuard } from './guard.ts';

const guard = createGuard({
  allowedHosts: ['Admin.Example.com'],
  adminGuiUrls: ['https://manager.example:8445/console', 'not a url', 'ftp://x'],
});

function verdict(host: string | readonly string[], headers: IncomingHttpHeaders = {}, secure = false) {
  const hosts = typeof host === 'string' ? [host] : host;
  return guard({ method: 'GET', headers, hosts, secure });
}

test('addresses, loopback names, names without a dot and configured names are hosts of the API', () => {
  for (const host of [
    '127.0.0.1',
    '10.0.0.1:8001',
    '[::1]',
    '[fd00::1]:8444',
    'localhost',
    'x.localhost',
    'kong',
    'admin.example.com',
  ]) {
    assert.equal(verdict(host).kind, 'admitted', host);
  }
});

test('names with a dot, malformed ones, several and none are refused', () => {
  const refused = [
    'a.b',
    'localhost.',
    'kong.',
    '[::1',
    '[127.0.0.1]',
    '::1',
    'a:b',
    'localhost:123456',
    'a b',
    '',
    'admin.example.com.evil',
  ];
  for (const host of [...refused.map((one) => [one]), [], ['localhost', 'localhost']]) {
    const { kind } = verdict(host);
    assert.equal(kind, 'refused', String(host));
  }
});

test('an Origin must be byte for byte that of the API or of a configured page', () => {
  const admitted = (origin: string, secure = false) =>
    verdict('localhost:8001', { origin }, secure).kind === 'admitted';
  assert.ok(admitted('http://localhost:8001'));
  assert.ok(admitted('https://localhost:8001', true));
  assert.ok(admitted('https://manager.example:8445'));
  for (const origin of [
    'https://localhost:8001',
    'http://localhost',
    'http://localhost:8001/',
    'HTTP://localhost:8001',
    'null',
    '',
    'ftp://x',
  ]) {
    assert.ok(!admitted(origin), origin);
  }
});

test('the default port of the scheme may be left out of Origin and Host', () => {
  assert.equal(verdict('localhost', { origin: 'http://localhost' }).kind, 'admitted');
  assert.equal(verdict('localhost:80', { origin: 'http://localhost' }).kind, 'admitted');
  assert.equal(verdict('localhost:443', { origin: 'https://localhost' }, true).kind, 'admitted');
});

test('only an admitted origin is handed on for CORS', () => {
  assert.deepEqual(verdict('localhost'), { kind: 'admitted', origin: undefined });
  const origin = 'https://manager.example:8445';
  assert.deepEqual(verdict('localhost', { origin }), { kind: 'admitted', origin });
});
