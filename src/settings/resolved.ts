import { knownSettings } from './known-settings.ts';
import type { Listener } from './settings.ts';
import { parseValue } from './values.ts';

/**
 * Every setting that has a value, by its wire name, as `GET /` shows it: lists as arrays, switches
 * as booleans, secrets as asterisks, and the listeners once more as objects in Kong's form.
 */
export function describeSettings(input: {
  text: (name: string) => string | undefined;
  prefix: string;
  listeners: { proxy: readonly Listener[]; admin: readonly Listener[]; status: readonly Listener[] };
}): Record<string, unknown> {
  const described: Record<string, unknown> = {};
  for (const setting of knownSettings) {
    const text = input.text(setting.name);
    if (text === undefined) continue;
    const parsed = parseValue(setting, text);
    if (setting.secret) described[setting.name] = '******';
    else described[setting.name] = parsed.kind === 'value' ? parsed.value : text;
  }
  described['prefix'] = input.prefix;
  // Accepted, and never true: nothing is reported to anyone.
  described['anonymous_reports'] = false;
  described['proxy_listeners'] = input.listeners.proxy.map(describeListener);
  described['admin_listeners'] = input.listeners.admin.map(describeListener);
  described['status_listeners'] = input.listeners.status.map(describeListener);
  return described;
}

function describeListener(listener: Listener): Record<string, unknown> {
  return {
    ip: listener.host,
    port: listener.port,
    ssl: listener.ssl,
    http2: false,
    proxy_protocol: false,
    reuseport: listener.reuseport,
    deferred: false,
    bind: false,
    ...(listener.backlog === undefined ? {} : { [`backlog=${listener.backlog}`]: true }),
    listener: listener.listener,
  };
}
