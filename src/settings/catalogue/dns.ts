import { type KnownSetting, setting } from '../setting.ts';

/** Name resolution. */
export const dnsSettings: readonly KnownSetting[] = [
  setting('dns_resolver', 'list', undefined, 'Name servers, ip[:port]; those of resolv.conf when unset'),
  setting('dns_hostsfile', 'path', '/etc/hosts', 'Hosts file that is consulted first'),
  setting('dns_order', 'list', 'LAST,SRV,A,CNAME', 'Record types in the order they are tried'),
  setting('dns_valid_ttl', 'number', undefined, 'Seconds an answer is kept, whatever its own TTL says'),
  setting('dns_stale_ttl', 'number', '3600', 'Seconds stale answers serve while refreshing'),
  setting('dns_cache_size', 'integer', '10000', 'Answers kept'),
  setting('dns_not_found_ttl', 'number', '30', 'Seconds an empty or missing answer is kept'),
  setting('dns_error_ttl', 'number', '1', 'Seconds an error is kept'),
  setting('dns_no_sync', 'boolean', 'off', 'Do not join equal questions into one'),
  setting('new_dns_client', 'boolean', 'off', 'Use the client that the resolver_* settings belong to'),
  setting('resolver_address', 'list', undefined, 'Name servers; those of resolv.conf when unset'),
  setting('resolver_hosts_file', 'path', '/etc/hosts', 'Hosts file that is consulted first'),
  setting('resolver_family', 'list', 'A,SRV', 'Record types asked: A, AAAA, SRV'),
  setting('resolver_valid_ttl', 'number', undefined, 'Seconds an answer is kept, whatever its own TTL says'),
  setting('resolver_error_ttl', 'number', '1', 'Seconds an error is kept'),
  setting('resolver_stale_ttl', 'number', '3600', 'Seconds stale answers serve while refreshing'),
  setting('resolver_lru_cache_size', 'integer', '10000', 'Answers kept per worker'),
  setting('resolver_mem_cache_size', 'text', '5m', 'Size of the cache that workers share'),
];
