import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { selfSignedCertificate } from '../base/certificate.ts';
import { limits } from '../base/limits.ts';
import { faultsFor, settingsFor } from './testing.ts';
import { parseSize, parseTime } from './units.ts';

const folder = mkdtempSync(join(tmpdir(), 'traffic-settings-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describe('bounds on clients', () => {
  test('the defaults are the bounds that hold without any setting', () => {
    const { bodyBytesMax, ...bounds } = settingsFor({}).clientLimits;
    const { requestLineBytesMax, headBytesMax, headerCountMax } = limits;
    const { headTimeoutMs, idleTimeoutMs, bodyTimeoutMs, requestsPerConnectionMax } = limits;
    assert.deepEqual(bounds, {
      requestLineBytesMax,
      headBytesMax,
      headerCountMax,
      headTimeoutMs,
      idleTimeoutMs,
      bodyTimeoutMs,
      requestsPerConnectionMax,
    });
    assert.equal(bodyBytesMax, 0);
  });

  test('each has the name that nginx and Kong give it', () => {
    const { clientLimits } = settingsFor({
      KONG_NGINX_HTTP_LARGE_CLIENT_HEADER_BUFFERS: '2 4k',
      KONG_LUA_MAX_REQ_HEADERS: '20',
      KONG_NGINX_HTTP_CLIENT_HEADER_TIMEOUT: '3s',
      KONG_NGINX_HTTP_KEEPALIVE_TIMEOUT: '1m 5s',
      KONG_NGINX_HTTP_CLIENT_BODY_TIMEOUT: '500ms',
      KONG_NGINX_HTTP_KEEPALIVE_REQUESTS: '7',
      KONG_NGINX_HTTP_CLIENT_MAX_BODY_SIZE: '2m',
    });
    assert.deepEqual(clientLimits, {
      requestLineBytesMax: 4096,
      headBytesMax: 8192,
      headerCountMax: 20,
      headTimeoutMs: 3000,
      idleTimeoutMs: 65_000,
      bodyTimeoutMs: 500,
      requestsPerConnectionMax: 7,
      bodyBytesMax: 2 * 1024 ** 2,
    });
  });

  test('nonsense is refused with what is accepted', () => {
    for (const buffers of ['8k', '4', '0 8k', '4 100', '1000 8k', '4 8x']) {
      assert.match(faultsFor({ KONG_NGINX_HTTP_LARGE_CLIENT_HEADER_BUFFERS: buffers }), /together 1k to 1m/, buffers);
    }
    assert.match(faultsFor({ KONG_NGINX_HTTP_CLIENT_MAX_BODY_SIZE: '10mb' }), /with k, m or g/);
    assert.match(faultsFor({ KONG_NGINX_HTTP_KEEPALIVE_TIMEOUT: 'soon' }), /a time such as/);
    assert.match(faultsFor({ KONG_LUA_MAX_REQ_HEADERS: '1001' }), /from 1 to 1000/);
  });

  test('the largest body of the Admin API has its own bound', () => {
    assert.equal(settingsFor({}).adminBodyBytesMax, limits.adminBodyBytesMax);
    assert.equal(settingsFor({ KONG_NGINX_ADMIN_CLIENT_MAX_BODY_SIZE: '64k' }).adminBodyBytesMax, 65_536);
  });
});

describe('connections to upstreams', () => {
  test('pool size, requests and idle time can be set', () => {
    assert.deepEqual(settingsFor({}).upstreamKeepalive, {
      poolSizeMax: 512,
      requestsPerConnectionMax: 10_000,
      idleTimeoutMs: 60_000,
    });
    const { upstreamKeepalive } = settingsFor({
      KONG_UPSTREAM_KEEPALIVE_POOL_SIZE: '3',
      KONG_UPSTREAM_KEEPALIVE_MAX_REQUESTS: '4',
      KONG_UPSTREAM_KEEPALIVE_IDLE_TIMEOUT: '1.5',
    });
    assert.deepEqual(upstreamKeepalive, { poolSizeMax: 3, requestsPerConnectionMax: 4, idleTimeoutMs: 1500 });
  });

  test('the certificate shown to upstreams needs client_ssl, and client_ssl needs the certificate', async () => {
    const { cert, key } = await selfSignedCertificate({ commonName: 'gateway', altNames: [] });
    const pair = { KONG_CLIENT_SSL_CERT: cert, KONG_CLIENT_SSL_CERT_KEY: key };
    const shown = settingsFor({ ...pair, KONG_CLIENT_SSL: 'on' }).upstreamTls.clientCertificate;
    assert.equal(shown?.cert.trim(), cert.trim());
    assert.equal(settingsFor(pair).upstreamTls.clientCertificate, undefined);
    assert.match(faultsFor({ KONG_CLIENT_SSL: 'on' }), /^client_ssl: on without client_ssl_cert/);
  });

  test('nginx_proxy_proxy_ssl_verify is the verdict where a service says nothing', () => {
    assert.equal(settingsFor({}).upstreamTls.verify, false);
    assert.equal(settingsFor({ KONG_NGINX_PROXY_PROXY_SSL_VERIFY: 'on' }).upstreamTls.verify, true);
  });

  test('trusted authorities are the runtime’s own, those of files, and those of the machine by name', async () => {
    assert.equal(settingsFor({}).trustedAuthorities, undefined);
    const one = await selfSignedCertificate({ commonName: 'one', altNames: [] });
    const two = await selfSignedCertificate({ commonName: 'two', altNames: [] });
    writeFileSync(join(folder, 'bundle.pem'), `${one.cert}\n${two.cert}`);
    const env = { KONG_LUA_SSL_TRUSTED_CERTIFICATE: 'system, bundle.pem' };
    const { trustedAuthorities } = settingsFor(env, { cwd: folder });
    assert.deepEqual(trustedAuthorities, ['system', one.cert.trim(), two.cert.trim()]);
    writeFileSync(join(folder, 'broken.pem'), '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----');
    for (const path of ['broken.pem', 'absent.pem']) {
      const faults = faultsFor({ KONG_LUA_SSL_TRUSTED_CERTIFICATE: path }, { cwd: folder });
      assert.match(faults, /^lua_ssl_trusted_certificate: the file .*cannot be read as PEM/);
    }
  });
});

describe('names beside the setting’s own', () => {
  test('nginx_proxy_real_ip_header and _recursive count while the own names are unset', () => {
    const env = { KONG_NGINX_PROXY_REAL_IP_HEADER: 'X-Client', KONG_NGINX_PROXY_REAL_IP_RECURSIVE: 'on' };
    assert.deepEqual(
      [settingsFor(env).request.realIpHeader, settingsFor(env).request.realIpRecursive],
      ['x-client', true],
    );
    assert.equal(settingsFor({ ...env, KONG_REAL_IP_HEADER: 'X-Other' }).request.realIpHeader, 'x-other');
  });

  test('node_id is a UUID', () => {
    const id = '6ccd2e3f-1a2b-4c3d-8e4f-0123456789ab';
    assert.equal(settingsFor({ KONG_NODE_ID: id.toUpperCase() }).nodeId, id);
    assert.match(faultsFor({ KONG_NODE_ID: 'one' }), /^node_id: "one" .*accepted: a UUID/);
  });

  test('metrics_per_consumer is ours alone', () => {
    assert.equal(settingsFor({}).metricsPerConsumer, false);
    assert.equal(settingsFor({ SALLYPORT_METRICS_PER_CONSUMER: 'on' }).metricsPerConsumer, true);
  });
});

test('sizes and times are read as nginx does', () => {
  assert.deepEqual(['0', '8k', '2M', '1g', '1.5k', 'k', '-1'].map(parseSize), [
    0,
    8192,
    2_097_152,
    1_073_741_824,
    undefined,
    undefined,
    undefined,
  ]);
  assert.deepEqual(['60', '500ms', '1m 30s', '1d', '1y', '', '5 x'].map(parseTime), [
    60_000,
    500,
    90_000,
    86_400_000,
    undefined,
    undefined,
    undefined,
  ]);
});
