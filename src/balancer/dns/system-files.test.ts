import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHostsFile, parseResolvConf, parseServer } from './system-files.ts';

test('a hosts file gives names their addresses, whatever else stands in it', () => {
  const hosts = parseHostsFile(
    '# comment\n127.0.0.1 localhost Api.Internal # more\n::1\tlocalhost\n10.0.0.1  api.internal\nnonsense here\n10.0.0.2\n',
  );
  assert.deepEqual(hosts.get('localhost'), { ipv4: ['127.0.0.1'], ipv6: ['::1'] });
  assert.deepEqual(hosts.get('api.internal'), { ipv4: ['127.0.0.1', '10.0.0.1'], ipv6: [] });
  assert.equal(hosts.size, 2);
});

test('resolv.conf says whom to ask, and how', () => {
  const conf = parseResolvConf(
    'domain old.example\nsearch a.example b.example.\nnameserver 10.0.0.53 # first\nnameserver fe80::1%eth0\nnameserver x\noptions ndots:5 timeout:1 attempts:3 rotate\n',
  );
  assert.deepEqual(conf, {
    servers: [
      { host: '10.0.0.53', port: 53 },
      { host: 'fe80::1', port: 53 },
    ],
    search: ['a.example', 'b.example'],
    ndots: 5,
    timeoutMs: 1000,
    attempts: 3,
  });
});

test('an empty resolv.conf means this machine and the usual patience', () => {
  assert.deepEqual(parseResolvConf(''), {
    servers: [{ host: '127.0.0.1', port: 53 }],
    search: [],
    ndots: 1,
    timeoutMs: 2000,
    attempts: 2,
  });
});

test('name servers may have a port', () => {
  assert.deepEqual(parseServer('10.0.0.1'), { host: '10.0.0.1', port: 53 });
  assert.deepEqual(parseServer('10.0.0.1:5353'), { host: '10.0.0.1', port: 5353 });
  assert.deepEqual(parseServer('::1'), { host: '::1', port: 53 });
  assert.deepEqual(parseServer('[::1]:5353'), { host: '::1', port: 5353 });
  for (const text of ['dns.example', '10.0.0.1:0', '10.0.0.1:99999', '', '[::1']) {
    assert.equal(parseServer(text), undefined, text);
  }
});
