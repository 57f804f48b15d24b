import { type KnownSetting, setting } from '../setting.ts';

const honoured = { honoured: true } as const;
const seconds = { honoured: true, max: 1_000_000_000 } as const;

/** Name resolution. */
export const dnsSettings: readonly KnownSetting[] = [
  setting('dns_resolver', 'list', undefined, 'Name servers, ip[:port]; those of resolv.conf when unset', honoured),
  setting('dns_hostsfile', 'path', '/etc/hosts', 'Hosts file that is consulted first', honoured),
  setting(
    'dns_order',
    'list',
    'LAST,SRV,A,CNAME',
    'Record types in the order they are tried; AAAA is one too',
    honoured,
  ),
  setting('dns_valid_ttl', 'number', undefined, 'Seconds an answer is kept, whatever its own TTL says', seconds),
  setting('dns_stale_ttl', 'number', '3600', 'Seconds stale answers serve while refreshing', seconds),
  setting('dns_cache_size', 'integer', '10000', 'Answers kept', { honoured: true, min: 1, max: 1_000_000 }),
  setting('dns_not_found_ttl', 'number', '30', 'Seconds an empty or missing answer is kept', seconds),
  setting('dns_error_ttl', 'number', '1', 'Seconds an error is kept', seconds),
  setting('dns_no_sync', 'boolean', 'off', 'Do not join equal questions into one; they always are', {
    harmless: ['off'],
  }),
  setting('new_dns_client', 'boolean', 'off', 'Take the resolver_* settings in place of the dns_* ones', honoured),
  setting('resolver_address', 'list', undefined, 'Name servers; those of resolv.conf when unset', honoured),
  setting('resolver_hosts_file', 'path', '/etc/hosts', 'Hosts file that is consulted first', honoured),
  setting('resolver_family', 'list', 'A,SRV', 'Record types asked: A, AAAA, SRV', honoured),
  setting('resolver_valid_ttl', 'number', undefined, 'Seconds an answer is kept, whatever its own TTL says', seconds),
  setting('resolver_error_ttl', 'number', '1', 'Seconds an error is kept', seconds),
  setting('resolver_stale_ttl', 'number', '3600', 'Seconds stale answers serve while refreshing', seconds),
  setting('resolver_lru_cache_size', 'integer', '10000', 'Answers kept', { honoured: true, min: 1, max: 1_000_000 }),
  setting('resolver_mem_cache_size', 'text', '5m', 'Size of the cache that workers share; one cache serves all', {
    withoutMeaning: true,
  }),
];
