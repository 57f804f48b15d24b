import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenerClashes, parseListeners } from './listeners.ts';

const listen = (text: string) => parseListeners(text);

test('several addresses with flags are read in order', () => {
  const { listeners, faults } = listen(
    '0.0.0.0:8000 reuseport backlog=16384, [::1]:8443  ssl ipv6only=off,Gateway.local:0',
  );
  assert.deepEqual(faults, []);
  assert.deepEqual(listeners, [
    {
      host: '0.0.0.0',
      port: 8000,
      ssl: false,
      reuseport: true,
      backlog: 16384,
      ipv6Only: false,
      listener: '0.0.0.0:8000 reuseport backlog=16384',
    },
    {
      host: '::1',
      port: 8443,
      ssl: true,
      reuseport: false,
      backlog: undefined,
      ipv6Only: false,
      listener: '[::1]:8443 ssl ipv6only=off',
    },
    {
      host: 'gateway.local',
      port: 0,
      ssl: false,
      reuseport: false,
      backlog: undefined,
      ipv6Only: false,
      listener: 'Gateway.local:0',
    },
  ]);
});

test('off is no listener', () => {
  assert.deepEqual(listen('off').listeners, []);
});

test('socket options of nginx are accepted', () => {
  assert.deepEqual(listen('127.0.0.1:1 deferred bind so_keepalive=30m::10').faults, []);
});

test('http2 is accepted with a warning', () => {
  const { listeners, warnings, faults } = listen('0.0.0.0:8443 http2 ssl');
  assert.equal(listeners.length, 1);
  assert.deepEqual(faults, []);
  assert.match(warnings.join(), /HTTP\/2 comes later/);
});

test('flags that change the meaning of bytes are refused', () => {
  assert.match(listen('0.0.0.0:80 proxy_protocol').faults.join(), /proxy_protocol is not supported/);
  assert.match(listen('0.0.0.0:80 udp').faults.join(), /udp is not supported/);
});

test('what is not an address, a port or a flag is refused', () => {
  for (const text of [
    '8000',
    ':8000',
    '0.0.0.0',
    '0.0.0.0:70000',
    '1.2.3:80',
    '1.2.3.400:80',
    '[::1:80',
    '[1.2.3.4]:80',
    'a b:80',
    '0.0.0.0:80 tls',
    '0.0.0.0:80 backlog=x',
    '0.0.0.0:80,',
    '-a:80',
    'http://a:80',
  ]) {
    assert.notDeepEqual(listen(text).faults, [], text);
  }
});

function clashes(proxy: string, admin: string): string[] {
  return listenerClashes([
    { name: 'proxy_listen', listeners: listen(proxy).listeners },
    { name: 'admin_listen', listeners: listen(admin).listeners },
  ]);
}

test('a port is taken by a wildcard on every address of its family', () => {
  assert.match(clashes('0.0.0.0:8000', '127.0.0.1:8000').join(), /port 8000 is taken by proxy_listen and admin_listen/);
  assert.equal(clashes('[::]:8000', '[::1]:8000').length, 1);
  assert.equal(clashes('[::]:8000 ipv6only=off', '127.0.0.1:8000').length, 1);
  assert.match(clashes('127.0.0.1:1, 127.0.0.1:1', 'off').join(), /proxy_listen twice/);
});

test('different addresses, families and chosen ports do not clash', () => {
  assert.deepEqual(clashes('127.0.0.1:8000', '127.0.0.2:8000'), []);
  assert.deepEqual(clashes('0.0.0.0:8000, [::]:8000', 'off'), []);
  assert.deepEqual(clashes('127.0.0.1:0', '127.0.0.1:0'), []);
});
