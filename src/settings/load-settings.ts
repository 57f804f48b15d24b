import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { buildSettings } from './build-settings.ts';
import { knownSettings } from './known-settings.ts';
import { parseListeners } from './listeners.ts';
import type { KnownSetting } from './setting.ts';
import type { Settings } from './settings.ts';
import { type Assignment, collectSources, defaultConfFiles } from './sources.ts';
import { defaultPrefix } from './state-folder.ts';
import { parseValue } from './values.ts';

export interface LoadInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** File named on the command line; it must exist. */
  readonly confFile?: string;
  /** `dev` differs in defaults only: loopback without TLS, state beside the project, no file from /etc. */
  readonly mode: 'start' | 'dev';
  /** Setting names to texts, stronger than every other source. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** For tests; default the process's own. */
  readonly cwd?: string;
  readonly cores?: number;
  readonly confFiles?: readonly string[];
}

export type LoadedSettings =
  | {
      readonly kind: 'ok';
      readonly settings: Settings;
      readonly warnings: string[];
      /** What was set, by name, secrets included: for telling what another reading changed. */
      readonly texts: ReadonlyMap<string, string>;
    }
  | { readonly kind: 'faults'; readonly faults: string[] };

const devDefaults: Readonly<Record<string, string>> = {
  proxy_listen: '127.0.0.1:8000 reuseport backlog=16384',
  admin_listen: '127.0.0.1:8001 reuseport backlog=16384',
};

/**
 * Settings of the process from file, environment and command line, or every fault found in them at
 * once. Each fault names the setting, where it was set, its value (never a secret's) and what is
 * accepted. Reads files (settings, certificates) and writes nothing: `prepareStateFolder` does.
 */
export function loadSettings(input: LoadInput): LoadedSettings {
  const cwd = input.cwd ?? process.cwd();
  const candidates = input.mode === 'dev' ? [] : (input.confFiles ?? defaultConfFiles);
  const confFile = input.confFile ?? candidates.find((path) => existsSync(path));
  const sources = collectSources({ env: input.env, confFile, overrides: input.overrides ?? {} });
  const faults = [...sources.faults];
  const warnings = [...sources.warnings];
  for (const assignment of sources.assignments.values()) faults.push(...faultsOf(assignment));
  const defaults = new Map<string, string>();
  for (const known of knownSettings) {
    const text = (input.mode === 'dev' ? devDefaults[known.name] : undefined) ?? known.default;
    if (text !== undefined) defaults.set(known.name, text);
  }
  defaults.set('prefix', defaultPrefix(input.mode, input.env, cwd));
  const built = buildSettings({
    assignments: sources.assignments,
    defaults,
    cwd,
    cores: input.cores ?? availableParallelism(),
    readable: faults.length === 0,
  });
  faults.push(...built.faults);
  if (faults.length > 0 || built.settings === undefined) return { kind: 'faults', faults };
  for (const assignment of sources.assignments.values()) warnings.push(...warningsOf(assignment));
  warnings.push(...built.warnings);
  const texts = new Map([...sources.assignments].map(([name, { text }]) => [name, text]));
  return { kind: 'ok', settings: built.settings, warnings, texts };
}

function faultsOf({ setting, text, source }: Assignment): string[] {
  const place = `${setting.name} (${source})`;
  if (text.startsWith('{vault://')) {
    // Where the setting is not honoured anyway, its usual warning says enough.
    return setting.honoured ? [`${place}: vault references are not supported by this version; write the value`] : [];
  }
  if (setting.name === 'database' && text === 'postgres') {
    return [`${place}: postgres is not supported by this version yet; accepted: sqlite (a file under prefix), off`];
  }
  if (setting.kind === 'listeners' && setting.honoured) {
    return parseListeners(text).faults.map((fault) => `${place}: ${fault}`);
  }
  const parsed = parseValue(setting, text);
  if (parsed.kind === 'value') return [];
  return [`${place}: ${quoted(setting, text)} is not accepted; accepted: ${parsed.accepted}`];
}

function warningsOf({ setting, text, source }: Assignment): string[] {
  const place = `${setting.name} (${source})`;
  if (setting.kind === 'listeners' && setting.honoured) {
    return parseListeners(text).warnings.map((warning) => `${place}: ${warning}`);
  }
  if (setting.honoured || isHarmless(setting, text)) return [];
  const reason = setting.withoutMeaning
    ? 'belongs to a part that Sallyport does not have'
    : 'is known but not honoured by this version yet';
  return [`${place}: ${reason}; the value has no effect`];
}

function isHarmless(setting: KnownSetting, text: string): boolean {
  const sameAs = (other: string) =>
    JSON.stringify(parseValue(setting, other)) === JSON.stringify(parseValue(setting, text));
  return (setting.default !== undefined && sameAs(setting.default)) || setting.harmless.some(sameAs);
}

function quoted(setting: KnownSetting, text: string): string {
  if (setting.secret) return 'the value';
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
