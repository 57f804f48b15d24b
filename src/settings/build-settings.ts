import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { limits } from '../base/limits.ts';
import type { LogLevel } from '../base/log.ts';
import { parseNetwork } from './addresses.ts';
import { loadCertificatePair } from './certificates.ts';
import { dnsSettings } from './dns-settings.ts';
import { isOn, type SettingsInput } from './input.ts';
import { listenerClashes, parseListeners } from './listeners.ts';
import { requestSettings } from './request-settings.ts';
import { describeSettings } from './resolved.ts';
import type { CertificatePair, Listener, Settings } from './settings.ts';
import type { Assignment } from './sources.ts';
import { tlsSettings } from './tls-settings.ts';
import { trafficSettings } from './traffic-settings.ts';
import { listOf } from './values.ts';

export interface BuildInput {
  readonly assignments: ReadonlyMap<string, Assignment>;
  readonly defaults: ReadonlyMap<string, string>;
  readonly cwd: string;
  readonly cores: number;
  /** False when some value is malformed: then only faults between settings are looked for. */
  readonly readable: boolean;
}

export interface BuildOutcome {
  readonly settings: Settings | undefined;
  readonly faults: string[];
  readonly warnings: string[];
}

/** Kong's levels in ours: nothing here lies between info and warn, and nothing above error is told apart. */
const logLevels: Readonly<Record<string, LogLevel>> = {
  debug: 'debug',
  info: 'info',
  notice: 'info',
  warn: 'warn',
  error: 'error',
  crit: 'fatal',
  alert: 'fatal',
  emerg: 'fatal',
};

/** Names that a directive of nginx has beside the setting's own, which wins. */
const aliases: Readonly<Record<string, string>> = {
  real_ip_header: 'nginx_proxy_real_ip_header',
  real_ip_recursive: 'nginx_proxy_real_ip_recursive',
};

/** Joins values that were each found well-formed into `Settings`, and finds what does not fit together. */
export function buildSettings(input: BuildInput): BuildOutcome {
  const faults: string[] = [];
  const warnings: string[] = [];
  const given = (name: string) => input.assignments.get(name)?.text;
  const text = (name: string) => given(name) ?? given(aliases[name] ?? '') ?? input.defaults.get(name);
  const list = (name: string) => listOf(text(name) ?? '');
  const listeners = {
    proxy: listenersOf(text('proxy_listen')),
    admin: listenersOf(text('admin_listen')),
    status: listenersOf(text('status_listen')),
  };
  faults.push(...clashesOf(listeners));
  const certificates = certificatesOf(input, faults, warnings);
  const declarative = declarativeOf(input, text('database') ?? '', faults, warnings);
  if (text('proxy_error_log') === 'off') {
    faults.push('proxy_error_log: "off" is not accepted; accepted: a path, /dev/stderr, /dev/stdout');
  }
  const adminGuiUrls = originsOf(list('admin_gui_url'), faults);
  const adminAllowedHosts = hostsOf(list('admin_allowed_hosts'), faults);
  const part: SettingsInput = {
    text,
    given: (name) => given(name) !== undefined,
    cwd: input.cwd,
    faults,
    warnings,
  };
  const request = requestSettings(part);
  const { client: clientCertificate, ...listenerCertificates } = certificates;
  const traffic = trafficSettings(part, clientCertificate);
  const tls = tlsSettings(part);
  const dns = dnsSettings(part);
  const nodeId = nodeIdOf(text('node_id'), faults);
  if (!input.readable || faults.length > 0) return { settings: undefined, faults, warnings };
  const prefix = resolve(input.cwd, text('prefix') ?? '');
  const accessLog = accessLogOf(text('proxy_access_log') ?? 'off', prefix, warnings);
  const workers = text('nginx_worker_processes') ?? 'auto';
  const settings: Settings = {
    prefix,
    database: text('database') === 'off' ? 'off' : 'sqlite',
    ...declarative,
    proxyListen: listeners.proxy,
    adminListen: listeners.admin,
    statusListen: listeners.status,
    trustedIps: list('trusted_ips').flatMap((item) => parseNetwork(item) ?? []),
    request,
    tls,
    ...traffic,
    dns,
    metricsPerConsumer: isOn(text('metrics_per_consumer')),
    nodeId,
    workers: workers === 'auto' ? Math.min(limits.workersMax, Math.max(1, input.cores)) : Number(workers),
    logLevel: logLevels[text('log_level') ?? ''] ?? 'info',
    processLog: processLogOf(text('proxy_error_log') ?? '/dev/stderr', prefix),
    proxyAccessLog: accessLog,
    adminGuiUrls,
    adminAllowedHosts,
    shutdownDelayMs: Number(text('shutdown_delay')),
    shutdownTimeoutMs: Number(text('shutdown_timeout')),
    decisionsKept: Number(text('decisions_kept')),
    plugins: list('plugins').join() === 'off' ? [] : list('plugins'),
    certificates: listenerCertificates,
    resolved: describeSettings({ text, prefix, listeners }),
  };
  return { settings, faults, warnings };
}

function listenersOf(text: string | undefined): Listener[] {
  return parseListeners(text ?? 'off').listeners;
}

function clashesOf(listeners: { proxy: Listener[]; admin: Listener[]; status: Listener[] }): string[] {
  return listenerClashes([
    { name: 'proxy_listen', listeners: listeners.proxy },
    { name: 'admin_listen', listeners: listeners.admin },
    { name: 'status_listen', listeners: listeners.status },
  ]);
}

type Certificates = Settings['certificates'] & { readonly client: CertificatePair | undefined };

function certificatesOf(input: BuildInput, faults: string[], warnings: string[]): Certificates {
  const load = (prefix: '' | 'admin_' | 'status_' | 'client_'): CertificatePair | undefined => {
    const names = { cert: `${prefix}ssl_cert`, key: `${prefix}ssl_cert_key` };
    const [cert, key] = [input.assignments.get(names.cert), input.assignments.get(names.key)];
    // Vault references were refused already; reading them as paths would add a second, wrong reason.
    if ([cert, key].some((assignment) => assignment?.text.startsWith('{vault://'))) return undefined;
    const loaded = loadCertificatePair(cert, key, { ...names, cwd: input.cwd });
    faults.push(...loaded.faults);
    warnings.push(...loaded.warnings);
    return loaded.pair;
  };
  return { proxy: load(''), admin: load('admin_'), status: load('status_'), client: load('client_') };
}

function declarativeOf(
  input: BuildInput,
  database: string,
  faults: string[],
  warnings: string[],
): Pick<Settings, 'declarativeConfig' | 'declarativeConfigString'> {
  const file = input.assignments.get('declarative_config');
  const inline = input.assignments.get('declarative_config_string');
  if (file !== undefined && inline !== undefined) {
    faults.push('declarative_config and declarative_config_string are both set; accepted: one of them');
  }
  if (database !== 'off') {
    for (const assignment of [file, inline]) {
      if (assignment === undefined) continue;
      warnings.push(
        `${assignment.setting.name} (${assignment.source}): has no effect, because database is ${database} and not off`,
      );
    }
    return { declarativeConfig: undefined, declarativeConfigString: undefined };
  }
  const path = file === undefined ? undefined : resolve(input.cwd, file.text);
  if (file !== undefined && path !== undefined && !isReadable(path)) {
    faults.push(`declarative_config (${file.source}): the file ${path} cannot be read`);
  }
  return { declarativeConfig: path, declarativeConfigString: inline?.text };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function nodeIdOf(text: string | undefined, faults: string[]): string | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)) {
    faults.push(`node_id: ${JSON.stringify(text)} is not accepted; accepted: a UUID`);
  }
  return text.toLowerCase();
}

function originsOf(urls: readonly string[], faults: string[]): string[] {
  const origins = new Set<string>();
  for (const url of urls) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed !== undefined && /^https?:$/.test(parsed.protocol)) origins.add(parsed.origin);
    else
      faults.push(
        `admin_gui_url: ${JSON.stringify(url)} is not accepted; accepted: http and https URLs, separated by commas`,
      );
  }
  return [...origins];
}

function hostsOf(names: readonly string[], faults: string[]): string[] {
  for (const name of names) {
    if (/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(name)) continue;
    faults.push(
      `admin_allowed_hosts: ${JSON.stringify(name)} is not accepted; accepted: host names without port, separated by commas`,
    );
  }
  return names.map((name) => name.toLowerCase());
}

function accessLogOf(text: string, prefix: string, warnings: string[]): string {
  const [path = 'off', ...format] = text.split(/\s+/);
  if (format.length > 0) {
    warnings.push(
      `proxy_access_log: the format name ${JSON.stringify(format.join(' '))} has no effect; lines have one form`,
    );
  }
  return path === 'off' || path.startsWith('/dev/') ? path : resolve(prefix, path);
}

function processLogOf(text: string, prefix: string): string {
  const path = text.split(/\s+/)[0] ?? '';
  if (path === '/dev/stderr') return 'stderr';
  if (path === '/dev/stdout') return 'stdout';
  return resolve(prefix, path);
}
