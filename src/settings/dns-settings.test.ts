import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faultsFor, readFor, settingsFor } from './testing.ts';

describe('name resolution', () => {
  test('the defaults are those of kong.conf', () => {
    assert.deepEqual(settingsFor({}).dns, {
      nameServers: [],
      hostsFile: '/etc/hosts',
      order: ['LAST', 'SRV', 'A', 'CNAME'],
      validTtlSeconds: undefined,
      staleTtlSeconds: 3600,
      notFoundTtlSeconds: 30,
      errorTtlSeconds: 1,
      cacheEntriesMax: 10_000,
    });
  });

  test('every dns_* setting has its place', () => {
    const { dns } = settingsFor({
      KONG_DNS_RESOLVER: '10.0.0.2, 10.0.0.3:5353, [::1]:53',
      KONG_DNS_HOSTSFILE: '/own/hosts',
      KONG_DNS_ORDER: 'a,aaaa',
      KONG_DNS_VALID_TTL: '7',
      KONG_DNS_STALE_TTL: '8',
      KONG_DNS_NOT_FOUND_TTL: '9',
      KONG_DNS_ERROR_TTL: '0.5',
      KONG_DNS_CACHE_SIZE: '11',
    });
    assert.deepEqual(dns, {
      nameServers: ['10.0.0.2', '10.0.0.3:5353', '[::1]:53'],
      hostsFile: '/own/hosts',
      order: ['A', 'AAAA'],
      validTtlSeconds: 7,
      staleTtlSeconds: 8,
      notFoundTtlSeconds: 9,
      errorTtlSeconds: 0.5,
      cacheEntriesMax: 11,
    });
  });

  test('new_dns_client takes the resolver_* settings, and the others are told apart', () => {
    const env = {
      KONG_NEW_DNS_CLIENT: 'on',
      KONG_RESOLVER_ADDRESS: '10.0.0.9',
      KONG_RESOLVER_HOSTS_FILE: '/other/hosts',
      KONG_RESOLVER_FAMILY: 'A,AAAA',
      KONG_RESOLVER_VALID_TTL: '1',
      KONG_RESOLVER_ERROR_TTL: '2',
      KONG_RESOLVER_STALE_TTL: '3',
      KONG_RESOLVER_LRU_CACHE_SIZE: '4',
    };
    assert.deepEqual(settingsFor(env).dns, {
      nameServers: ['10.0.0.9'],
      hostsFile: '/other/hosts',
      order: ['A', 'AAAA'],
      validTtlSeconds: 1,
      staleTtlSeconds: 3,
      notFoundTtlSeconds: 2,
      errorTtlSeconds: 2,
      cacheEntriesMax: 4,
    });
    assert.match(readFor({ ...env, KONG_DNS_ORDER: 'A' }).warnings.join(), /dns_order: has no effect while/);
    assert.match(readFor({ KONG_RESOLVER_ADDRESS: '10.0.0.9' }).warnings.join(), /resolver_address: has no effect/);
  });

  test('what is no name server and no record type is refused', () => {
    assert.match(faultsFor({ KONG_DNS_RESOLVER: 'ns.example.com' }), /^dns_resolver: "ns\.example\.com"/);
    assert.match(faultsFor({ KONG_DNS_RESOLVER: '10.0.0.2:0' }), /^dns_resolver/);
    assert.match(faultsFor({ KONG_DNS_ORDER: 'A,MX' }), /^dns_order: .*accepted: LAST, SRV, A, AAAA, CNAME/);
    assert.match(faultsFor({ KONG_DNS_ORDER: 'LAST' }), /^dns_order/);
  });
});
