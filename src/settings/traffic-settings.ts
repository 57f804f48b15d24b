import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isOn, type SettingsInput } from './input.ts';
import type { CertificatePair, ClientLimits, Settings } from './settings.ts';
import { parseSize, parseTime } from './units.ts';
import { listOf } from './values.ts';

/** What clients may send, how connections to upstreams are kept, whom outgoing TLS trusts. */
export function trafficSettings(
  input: SettingsInput,
  clientCertificate: CertificatePair | undefined,
): Pick<Settings, 'clientLimits' | 'upstreamKeepalive' | 'upstreamTls' | 'trustedAuthorities' | 'adminBodyBytesMax'> {
  const { text, given, faults } = input;
  const clientSsl = isOn(text('client_ssl'));
  if (clientSsl && !given('client_ssl_cert')) {
    faults.push('client_ssl: on without client_ssl_cert and client_ssl_cert_key');
  }
  return {
    clientLimits: clientLimitsOf(input),
    upstreamKeepalive: {
      poolSizeMax: Number(text('upstream_keepalive_pool_size')),
      requestsPerConnectionMax: Number(text('upstream_keepalive_max_requests')),
      idleTimeoutMs: Math.round(Number(text('upstream_keepalive_idle_timeout')) * 1000),
    },
    upstreamTls: {
      verify: isOn(text('nginx_proxy_proxy_ssl_verify')),
      clientCertificate: clientSsl ? clientCertificate : undefined,
    },
    trustedAuthorities: given('lua_ssl_trusted_certificate') ? authoritiesOf(input) : undefined,
    adminBodyBytesMax: parseSize(text('nginx_admin_client_max_body_size') ?? '') ?? 0,
  };
}

function clientLimitsOf({ text, faults }: SettingsInput): ClientLimits {
  const buffers = text('nginx_http_large_client_header_buffers') ?? '';
  const [, count, size] = /^(\d{1,4})\s+(\S+)$/.exec(buffers) ?? [];
  const bytes = parseSize(size ?? '') ?? 0;
  const headBytesMax = Number(count) * bytes;
  // Anything less would refuse ordinary browsers; more could keep the memory of a worker busy with heads alone.
  if (!(bytes >= 512 && headBytesMax >= 1024 && headBytesMax <= 1024 ** 2)) {
    faults.push(
      `nginx_http_large_client_header_buffers: ${JSON.stringify(buffers)} is not accepted; accepted: a number and a size of at least 512 bytes (4 8k), together 1k to 1m`,
    );
  }
  const ms = (name: string) => parseTime(text(name) ?? '') ?? 0;
  return {
    requestLineBytesMax: bytes,
    headBytesMax,
    headerCountMax: Number(text('lua_max_req_headers')),
    headTimeoutMs: ms('nginx_http_client_header_timeout'),
    idleTimeoutMs: ms('nginx_http_keepalive_timeout'),
    bodyTimeoutMs: ms('nginx_http_client_body_timeout'),
    requestsPerConnectionMax: Number(text('nginx_http_keepalive_requests')),
    bodyBytesMax: parseSize(text('nginx_http_client_max_body_size') ?? '') ?? 0,
  };
}

function authoritiesOf({ text, cwd, faults }: SettingsInput): string[] {
  return listOf(text('lua_ssl_trusted_certificate') ?? '').flatMap((item) => {
    if (item === 'system') return [item];
    const path = resolve(cwd, item);
    try {
      const found = readFileSync(path, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
      if (found === null) throw new TypeError('no certificate in it');
      // Reading one here names the file that holds rubbish; TLS would only fail later, and for somebody else.
      for (const pem of found) new X509Certificate(pem);
      return found;
    } catch {
      faults.push(
        `lua_ssl_trusted_certificate: the file ${path} cannot be read as PEM certificates; accepted: system, and paths of PEM files, separated by commas`,
      );
      return [];
    }
  });
}
