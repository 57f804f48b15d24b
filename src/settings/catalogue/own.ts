import { type KnownSetting, setting } from '../setting.ts';

/** Settings that only Sallyport has: read from `SALLYPORT_*` and the file, never from `KONG_*`. */
export const ownSettings: readonly KnownSetting[] = [
  setting(
    'admin_allowed_hosts',
    'list',
    undefined,
    'Host names by which the Admin API may be called, besides loopback names, IP addresses and names without a dot',
    { honoured: true, own: true },
  ),
  setting(
    'shutdown_delay',
    'integer',
    '0',
    'Milliseconds after SIGTERM in which requests are still accepted while readiness already answers 503',
    { honoured: true, live: true, own: true, max: 3_600_000 },
  ),
  setting(
    'shutdown_timeout',
    'integer',
    '10000',
    'Milliseconds that running requests get to end once listeners are closed',
    { honoured: true, live: true, own: true, max: 3_600_000 },
  ),
  setting(
    'proxy_access_log_fields',
    'list',
    undefined,
    'Fields of an access log line, in this order; docs/reference/access-log.md lists them and the usual ones',
    { honoured: true, live: true, own: true },
  ),
  setting(
    'metrics_per_consumer',
    'boolean',
    'off',
    'Metrics tell requests and bytes apart by consumer, which makes many more series',
    { honoured: true, live: true, own: true },
  ),
  setting(
    'decisions_kept',
    'integer',
    '2000',
    'Decisions kept by each worker for GET /decisions; refusals are kept apart, as many again',
    { honoured: true, own: true, min: 1, max: 100_000 },
  ),
];
