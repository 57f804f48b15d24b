import { isDeepStrictEqual } from 'node:util';
import { findSetting } from './known-settings.ts';
import type { Settings } from './settings.ts';

/** Settings as they were read, with the texts that tell one reading from another. */
export interface ReadSettings {
  readonly settings: Settings;
  readonly texts: ReadonlyMap<string, string>;
}

export interface Reloaded extends ReadSettings {
  /** Names of settings that changed and can be taken into use now. */
  readonly live: readonly string[];
  /** Names of settings that changed and need a restart; `settings` has their running values. */
  readonly restart: readonly string[];
}

/** What a running process makes of settings that were read anew: the new values of all that can change while it runs. */
export function reloadedSettings(running: ReadSettings, fresh: ReadSettings): Reloaded {
  const [before, after] = [running.settings, fresh.settings];
  const changed = [...new Set([...running.texts.keys(), ...fresh.texts.keys()])]
    .filter((name) => running.texts.get(name) !== fresh.texts.get(name))
    .concat(changedFiles(before, after))
    // What is not honoured has no effect before a restart and none after it.
    .filter((name) => findSetting(name)?.honoured === true)
    .sort();
  const canChange = (name: string) => {
    if (name === 'nginx_worker_processes') return after.workers >= before.workers;
    // Another store cannot be taken into use, and with a store of its own the file is nothing.
    if (name.startsWith('declarative_config')) return before.database === 'off' && after.database === 'off';
    return findSetting(name)?.live === true;
  };
  const live = [...new Set(changed.filter(canChange))];
  const restart = [...new Set(changed.filter((name) => !canChange(name)))];
  const settings: Settings = {
    ...before,
    logLevel: after.logLevel,
    request: after.request,
    trustedIps: after.trustedIps,
    proxyAccessLog: after.proxyAccessLog,
    clientLimits: after.clientLimits,
    upstreamKeepalive: after.upstreamKeepalive,
    certificates: after.certificates,
    trustedAuthorities: after.trustedAuthorities,
    metricsPerConsumer: after.metricsPerConsumer,
    shutdownDelayMs: after.shutdownDelayMs,
    shutdownTimeoutMs: after.shutdownTimeoutMs,
    workers: Math.max(before.workers, after.workers),
    ...(restart.includes('database')
      ? {}
      : {
          declarativeConfig: after.declarativeConfig,
          declarativeConfigString: after.declarativeConfigString,
        }),
    resolved: { ...after.resolved, ...runningValues(before, restart) },
  };
  const texts = new Map(fresh.texts);
  for (const name of restart) {
    const text = running.texts.get(name);
    // It is told again at the next reading, until the restart.
    if (text === undefined) texts.delete(name);
    else texts.set(name, text);
  }
  return { settings, texts, live, restart };
}

/** Settings whose file has other contents than before, under the same path. */
function changedFiles(before: Settings, after: Settings): string[] {
  const contents: Readonly<Record<string, (settings: Settings) => unknown>> = {
    ssl_cert: ({ certificates }) => certificates.proxy,
    admin_ssl_cert: ({ certificates }) => certificates.admin,
    status_ssl_cert: ({ certificates }) => certificates.status,
    client_ssl_cert: ({ upstreamTls }) => upstreamTls.clientCertificate,
    lua_ssl_trusted_certificate: ({ trustedAuthorities }) => trustedAuthorities,
    error_template_html: ({ request }) => request.errorTemplates.html,
    error_template_json: ({ request }) => request.errorTemplates.json,
    error_template_xml: ({ request }) => request.errorTemplates.xml,
    error_template_plain: ({ request }) => request.errorTemplates.plain,
  };
  return Object.entries(contents)
    .filter(([, of]) => !isDeepStrictEqual(of(before), of(after)))
    .map(([name]) => name);
}

function runningValues({ resolved }: Settings, names: readonly string[]): Record<string, unknown> {
  const shown = names.concat(names.map((name) => name.replace(/_listen$/, '_listeners')));
  return Object.fromEntries(shown.map((name) => [name, resolved[name]]));
}
