import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { selfSignedCertificate } from '../base/certificate.ts';
import { type LoadInput, loadSettings } from './load-settings.ts';
import type { Settings } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'settings-'));
after(() => rmSync(folder, { recursive: true, force: true }));

type Env = Record<string, string>;

function load(env: Env, extra: Partial<LoadInput> = {}) {
  return loadSettings({ env, mode: 'start', cwd: folder, cores: 4, confFiles: [], ...extra });
}

function settingsOf(env: Env, extra: Partial<LoadInput> = {}): Settings {
  const loaded = load(env, extra);
  assert.equal(loaded.kind, 'ok', JSON.stringify(loaded));
  return loaded.kind === 'ok' ? loaded.settings : assert.fail();
}

function warningsOf(env: Env, extra: Partial<LoadInput> = {}): string[] {
  const loaded = load(env, extra);
  return loaded.kind === 'ok' ? loaded.warnings : assert.fail(loaded.faults.join('\n'));
}

function faultsOf(env: Env, extra: Partial<LoadInput> = {}): string[] {
  const loaded = load(env, extra);
  return loaded.kind === 'faults' ? loaded.faults : assert.fail('was accepted');
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('defaults', () => {
  test('an empty environment gives a gateway on the known ports with the Admin API on loopback', () => {
    const loaded = load({ HOME: '/h' });
    assert.equal(loaded.kind, 'ok');
    if (loaded.kind !== 'ok') return;
    assert.deepEqual(loaded.warnings, []);
    const { settings } = loaded;
    assert.deepEqual(
      settings.proxyListen.map(({ host, port, ssl }) => [host, port, ssl]),
      [
        ['0.0.0.0', 8000, false],
        ['0.0.0.0', 8443, true],
      ],
    );
    assert.deepEqual(
      settings.adminListen.map(({ host, port, ssl }) => [host, port, ssl]),
      [
        ['127.0.0.1', 8001, false],
        ['127.0.0.1', 8444, true],
      ],
    );
    assert.deepEqual(settings.statusListen, []);
    assert.equal(settings.prefix, '/h/.local/state/sallyport');
    assert.equal(settings.database, 'sqlite');
    assert.equal(settings.workers, 4);
    assert.equal(settings.logLevel, 'info');
    assert.equal(settings.processLog, 'stderr');
    assert.equal(settings.proxyAccessLog, '/h/.local/state/sallyport/logs/access.log');
    assert.deepEqual(settings.plugins, ['bundled']);
    assert.equal(settings.shutdownTimeoutMs, 10_000);
    assert.equal(settings.decisionsKept, 2000);
  });

  test('dev listens on loopback only and keeps its state beside the project', () => {
    const settings = settingsOf({}, { mode: 'dev' });
    const listeners = [...settings.proxyListen, ...settings.adminListen];
    assert.deepEqual(
      listeners.map(({ host, port }) => `${host}:${port}`),
      ['127.0.0.1:8000', '127.0.0.1:8001'],
    );
    assert.equal(settings.prefix, join(folder, '.sallyport'));
  });

  test('state follows XDG_STATE_HOME, unless that is a relative path', () => {
    assert.equal(settingsOf({ XDG_STATE_HOME: '/state', HOME: '/h' }).prefix, '/state/sallyport');
    assert.equal(settingsOf({ XDG_STATE_HOME: 'state', HOME: '/h' }).prefix, '/h/.local/state/sallyport');
  });

  test('settings can be sent to another thread', () => {
    const settings = settingsOf({ KONG_TRUSTED_IPS: '10.0.0.0/8' });
    assert.deepEqual(structuredClone(settings), settings);
  });
});

describe('precedence', () => {
  const conf = () => file('precedence.conf', 'log_level = error\nshutdown_delay = 5\n');

  test('SALLYPORT_X wins over KONG_X, which wins over the file', () => {
    assert.equal(settingsOf({}, { confFile: conf() }).logLevel, 'error');
    assert.equal(settingsOf({ KONG_LOG_LEVEL: 'warn' }, { confFile: conf() }).logLevel, 'warn');
    const both = { KONG_LOG_LEVEL: 'warn', SALLYPORT_LOG_LEVEL: 'debug' };
    assert.equal(settingsOf(both, { confFile: conf() }).logLevel, 'debug');
    assert.equal(settingsOf(both, { overrides: { log_level: 'crit' } }).logLevel, 'fatal');
  });

  test('an empty value means unset and lets the weaker source through', () => {
    const env = { SALLYPORT_LOG_LEVEL: '', KONG_LOG_LEVEL: '  ' };
    assert.equal(settingsOf(env, { confFile: conf() }).logLevel, 'error');
  });

  test('a malformed value stays a fault only while no stronger source replaces it', () => {
    assert.equal(faultsOf({ KONG_LOG_LEVEL: 'loud' }).length, 1);
    assert.equal(settingsOf({ KONG_LOG_LEVEL: 'loud', SALLYPORT_LOG_LEVEL: 'warn' }).logLevel, 'warn');
  });

  test('the first default file that exists is read', () => {
    const confFiles = [join(folder, 'absent.conf'), conf()];
    assert.equal(settingsOf({}, { confFiles }).shutdownDelayMs, 5);
  });

  test('a named file that does not exist stops the start', () => {
    assert.match(
      faultsOf({}, { confFile: join(folder, 'absent.conf') }).join(),
      /absent\.conf: cannot be read \(ENOENT\)/,
    );
  });
});

describe('names', () => {
  test('an unknown name in the file or in SALLYPORT_* is a fault, in KONG_* a warning', () => {
    const confFile = file('unknown.conf', '\nproxy_listn = off\n');
    assert.match(
      faultsOf({}, { confFile }).join(),
      /^proxy_listn \(.*unknown\.conf line 2\): no setting has this name$/,
    );
    assert.deepEqual(faultsOf({ SALLYPORT_PROXY_LISTN: 'off' }), ['SALLYPORT_PROXY_LISTN: no setting has this name']);
    assert.match(warningsOf({ KONG_VERSION: '3.9.1' }).join(), /^KONG_VERSION: no setting has this name/);
  });

  test('our own settings do not exist under KONG_*', () => {
    assert.equal(settingsOf({ SALLYPORT_SHUTDOWN_DELAY: '7' }).shutdownDelayMs, 7);
    assert.match(warningsOf({ KONG_SHUTDOWN_DELAY: '7' }).join(), /KONG_SHUTDOWN_DELAY: no setting/);
  });

  test('variables that Kubernetes makes for a service are ignored', () => {
    const links: Env = {};
    for (const prefix of ['KONG', 'KONG_PROXY', 'SALLYPORT', 'SALLYPORT_ADMIN', 'KONG_PG']) {
      links[`${prefix}_SERVICE_HOST`] = '10.0.0.1';
      links[`${prefix}_SERVICE_PORT`] = '80';
      links[`${prefix}_SERVICE_PORT_HTTP`] = '80';
      links[`${prefix}_PORT`] = 'tcp://10.0.0.1:80';
      links[`${prefix}_PORT_80_TCP`] = 'tcp://10.0.0.1:80';
      links[`${prefix}_PORT_80_TCP_ADDR`] = '10.0.0.1';
    }
    assert.deepEqual(warningsOf(links), []);
  });

  test('a known setting that is not honoured warns once, naming it and not its value, unless it has its default', () => {
    const env = { KONG_PG_PASSWORD: 'hunter2', KONG_PG_PORT: '5432', KONG_TRACING_SAMPLING_RATE: '0.5' };
    const warnings = warningsOf(env);
    assert.equal(warnings.length, 2);
    assert.match(warnings.join('\n'), /^pg_password \(KONG_PG_PASSWORD\): .*not honoured/m);
    assert.match(warnings.join('\n'), /^tracing_sampling_rate /m);
    assert.ok(!warnings.join().includes('hunter2'));
  });

  test('any nginx directive is accepted with a warning', () => {
    assert.match(warningsOf({ KONG_NGINX_PROXY_GZIP: 'on' }).join(), /^nginx_proxy_gzip .*does not have/);
    assert.match(faultsOf({ SALLYPORT_NGINX_PRXY_GZIP: 'on' }).join(), /no setting has this name/);
  });

  test('the environment of a usual container starts', () => {
    const warnings = warningsOf({
      KONG_DATABASE: 'off',
      KONG_PROXY_LISTEN: '0.0.0.0:8000 reuseport backlog=16384, 0.0.0.0:8443 http2 ssl reuseport backlog=16384',
      KONG_ADMIN_LISTEN: '0.0.0.0:8001',
      KONG_ADMIN_GUI_LISTEN: '0.0.0.0:8002',
      KONG_PROXY_ACCESS_LOG: '/dev/stdout',
      KONG_PROXY_ERROR_LOG: '/dev/stderr',
      KONG_ADMIN_ACCESS_LOG: '/dev/stdout',
      KONG_ADMIN_ERROR_LOG: '/dev/stderr',
      KONG_PLUGINS: 'bundled,openid-connect',
      KONG_NGINX_DAEMON: 'off',
      KONG_ANONYMOUS_REPORTS: 'on',
      KONG_ROUTER_FLAVOR: 'traditional',
      PATH: '/bin',
    });
    const named = warnings.map((warning) => warning.split(' ')[0]);
    assert.deepEqual(named.sort(), ['admin_access_log', 'admin_gui_listen', 'proxy_listen']);
  });
});

describe('values', () => {
  test('every fault is reported at once, with setting, value and what is accepted', () => {
    const faults = faultsOf({
      KONG_LOG_LEVEL: 'loud',
      KONG_NGINX_WORKER_PROCESSES: '0',
      KONG_TRUSTED_IPS: '10.0.0.0/33',
      KONG_REAL_IP_RECURSIVE: 'maybe',
      SALLYPORT_DECISIONS_KEPT: '-1',
      KONG_ROLE: 'data_plane',
      KONG_ADMIN_GUI_URL: 'manager',
    });
    assert.equal(faults.length, 7);
    const all = faults.join('\n');
    assert.match(all, /log_level \(KONG_LOG_LEVEL\): "loud" is not accepted; accepted: debug, info/);
    assert.match(all, /nginx_worker_processes .*"0".*1 to 64/);
    assert.match(all, /decisions_kept \(SALLYPORT_DECISIONS_KEPT\): "-1" .*from 1 to 100000/);
    assert.match(all, /role .*"data_plane".*accepted: traditional/);
  });

  test('postgres is refused with the databases that exist', () => {
    assert.match(faultsOf({ KONG_DATABASE: 'postgres' }).join(), /postgres is not supported .*sqlite.*off/);
  });

  test('the value of a secret is in no fault', () => {
    const env = { KONG_SSL_CERT: 'nothing', KONG_SSL_CERT_KEY: 'c2VjcmV0' };
    const all = faultsOf(env).join('\n');
    assert.match(all, /ssl_cert_key \(KONG_SSL_CERT_KEY\): neither/);
    assert.ok(!all.includes('c2VjcmV0'));
  });

  test('a vault reference in an honoured setting is refused instead of being taken literally', () => {
    assert.match(
      faultsOf({ KONG_SSL_CERT_KEY: '{vault://env/key}', KONG_SSL_CERT: '{vault://env/cert}' }).join(),
      /vault references/,
    );
    assert.match(warningsOf({ KONG_PG_PORT: '{vault://env/port}' }).join(), /not honoured/);
  });

  test('log_level knows every level of Kong', () => {
    const levels = { debug: 'debug', info: 'info', notice: 'info', warn: 'warn', error: 'error', emerg: 'fatal' };
    for (const [theirs, ours] of Object.entries(levels)) {
      assert.equal(settingsOf({ KONG_LOG_LEVEL: theirs }).logLevel, ours);
    }
  });

  test('workers are one per core up to 64', () => {
    assert.equal(settingsOf({}, { cores: 200 }).workers, 64);
    assert.equal(settingsOf({ KONG_NGINX_WORKER_PROCESSES: '3' }).workers, 3);
  });

  test('trusted networks may be addresses, networks, and Kong’s word for Unix sockets', () => {
    const env = { KONG_TRUSTED_IPS: '10.1.2.3, 0.0.0.0/0,::/0, unix:' };
    assert.deepEqual(settingsOf(env).trustedIps, ['10.1.2.3/32', '0.0.0.0/0', '::/0']);
  });

  test('admin_gui_url becomes origins', () => {
    const env = { KONG_ADMIN_GUI_URL: 'https://manager.example.com/ui, http://localhost:8002' };
    assert.deepEqual(settingsOf(env).adminGuiUrls, ['https://manager.example.com', 'http://localhost:8002']);
  });

  test('relative log paths are below the prefix', () => {
    const env = { KONG_PREFIX: '/gw', KONG_PROXY_ACCESS_LOG: 'a.log basic', KONG_PROXY_ERROR_LOG: 'e.log' };
    const settings = settingsOf(env);
    assert.equal(settings.proxyAccessLog, '/gw/a.log');
    assert.equal(settings.processLog, '/gw/e.log');
    assert.match(warningsOf(env).join(), /format name "basic"/);
    assert.equal(settingsOf({ KONG_PROXY_ACCESS_LOG: 'off' }).proxyAccessLog, 'off');
  });

  test('the process log cannot be switched off', () => {
    assert.match(faultsOf({ KONG_PROXY_ERROR_LOG: 'off' }).join(), /proxy_error_log: "off" is not accepted/);
  });

  test('plugins = off means none', () => {
    assert.deepEqual(settingsOf({ KONG_PLUGINS: 'off' }).plugins, []);
  });
});

describe('declarative configuration', () => {
  test('the file is found from the working folder when database is off', () => {
    file('kong.yml', '_format_version: "3.0"\n');
    const settings = settingsOf({ KONG_DATABASE: 'off', KONG_DECLARATIVE_CONFIG: 'kong.yml' });
    assert.equal(settings.declarativeConfig, join(folder, 'kong.yml'));
  });

  test('a file that cannot be read stops the start', () => {
    const env = { KONG_DATABASE: 'off', KONG_DECLARATIVE_CONFIG: 'absent.yml' };
    assert.match(faultsOf(env).join(), /declarative_config .*absent\.yml cannot be read/);
  });

  test('with a database it has no effect, and that is said', () => {
    const env = { KONG_DECLARATIVE_CONFIG: 'kong.yml' };
    assert.equal(settingsOf(env).declarativeConfig, undefined);
    assert.match(warningsOf(env).join(), /because database is sqlite/);
  });

  test('file and text together are a fault', () => {
    const env = { KONG_DATABASE: 'off', KONG_DECLARATIVE_CONFIG: 'kong.yml', KONG_DECLARATIVE_CONFIG_STRING: '{}' };
    assert.match(faultsOf(env).join(), /accepted: one of them/);
  });
});

describe('certificates', () => {
  test('path, PEM text and base64 of PEM are the same', async () => {
    const made = await selfSignedCertificate({ commonName: 'gw', altNames: ['gw'] });
    file('gw.crt', made.cert);
    file('gw.key', made.key);
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    for (const [cert, key] of [
      ['gw.crt', join(folder, 'gw.key')],
      [made.cert, made.key],
      [base64(made.cert), base64(made.key)],
    ] as const) {
      const { certificates } = settingsOf({ KONG_SSL_CERT: cert, KONG_SSL_CERT_KEY: key });
      assert.equal(certificates.proxy?.cert.trim(), made.cert.trim());
      assert.equal(certificates.proxy?.key.trim(), made.key.trim());
      assert.equal(certificates.admin, undefined);
    }
  });

  test('half a pair, a foreign key and something else than a certificate are faults', async () => {
    const one = await selfSignedCertificate({ commonName: 'one', altNames: [] });
    const two = await selfSignedCertificate({ commonName: 'two', altNames: [] });
    assert.match(faultsOf({ KONG_ADMIN_SSL_CERT: one.cert }).join(), /admin_ssl_cert: set without admin_ssl_cert_key/);
    const foreign = { KONG_SSL_CERT: one.cert, KONG_SSL_CERT_KEY: two.key };
    assert.match(faultsOf(foreign).join(), /ssl_cert_key \(KONG_SSL_CERT_KEY\): not the key of ssl_cert/);
    const swapped = { KONG_SSL_CERT: one.key, KONG_SSL_CERT_KEY: one.key };
    assert.match(faultsOf(swapped).join(), /ssl_cert \(KONG_SSL_CERT\): not a certificate/);
  });
});

describe('what GET / shows', () => {
  test('secrets are asterisks and unset settings are absent', () => {
    const { resolved } = settingsOf({ KONG_PG_PASSWORD: 'hunter2', KONG_PLUGINS: 'bundled, openid-connect' });
    assert.equal(resolved['pg_password'], '******');
    assert.ok(!JSON.stringify(resolved).includes('hunter2'));
    assert.ok(!('cluster_cert' in resolved));
    assert.deepEqual(resolved['plugins'], ['bundled', 'openid-connect']);
    assert.equal(resolved['real_ip_recursive'], false);
    assert.equal(resolved['anonymous_reports'], false);
  });

  test('listeners appear as objects beside their texts', () => {
    const { resolved } = settingsOf({ KONG_PROXY_LISTEN: '0.0.0.0:9443 ssl backlog=5' });
    assert.deepEqual(resolved['proxy_listen'], ['0.0.0.0:9443 ssl backlog=5']);
    assert.deepEqual(resolved['proxy_listeners'], [
      {
        ip: '0.0.0.0',
        port: 9443,
        ssl: true,
        http2: false,
        proxy_protocol: false,
        reuseport: false,
        deferred: false,
        bind: false,
        'backlog=5': true,
        listener: '0.0.0.0:9443 ssl backlog=5',
      },
    ]);
  });
});
