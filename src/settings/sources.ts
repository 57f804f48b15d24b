import { readFileSync, statSync } from 'node:fs';
import { limits } from '../base/limits.ts';
import { parseConfFile } from './conf-file.ts';
import { findSetting } from './known-settings.ts';
import type { KnownSetting } from './setting.ts';

/** A setting's text and where it came from, for messages. */
export interface Assignment {
  readonly setting: KnownSetting;
  readonly text: string;
  /** `SALLYPORT_LOG_LEVEL`, `kong.conf line 3`, `--log-level`. */
  readonly source: string;
}

export interface Sources {
  readonly assignments: Map<string, Assignment>;
  readonly faults: string[];
  readonly warnings: string[];
}

/** Files that are read when none is named, in this order; the first that exists is the one. */
export const defaultConfFiles: readonly string[] = [
  '/etc/sallyport/sallyport.conf',
  '/etc/kong/kong.conf',
  '/etc/kong.conf',
];

/**
 * Joins file, environment and command line into one assignment per setting. Later ones win:
 * file, `KONG_*`, `SALLYPORT_*`, overrides. An empty value counts as unset everywhere.
 */
export function collectSources(input: {
  env: Readonly<Record<string, string | undefined>>;
  confFile: string | undefined;
  overrides: Readonly<Record<string, string>>;
}): Sources {
  const sources: Sources = { assignments: new Map(), faults: [], warnings: [] };
  if (input.confFile !== undefined) readFile(input.confFile, sources);
  readEnvironment(input.env, 'KONG_', sources);
  readEnvironment(input.env, 'SALLYPORT_', sources);
  for (const [name, text] of Object.entries(input.overrides)) {
    const known = findSetting(name);
    if (known === undefined) sources.faults.push(`${name}: no setting has this name`);
    else assign(sources, known, text, name);
  }
  return sources;
}

function readFile(path: string, sources: Sources): void {
  let text: string;
  try {
    if (statSync(path).size > limits.settingsFileBytesMax) {
      sources.faults.push(`${path}: larger than ${limits.settingsFileBytesMax} bytes, which no settings file is`);
      return;
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    sources.faults.push(`${path}: cannot be read (${codeOf(error)})`);
    return;
  }
  const { entries, faults } = parseConfFile(text);
  for (const fault of faults) sources.faults.push(`${path} ${fault}`);
  const lines = new Map<string, number>();
  for (const entry of entries) {
    const source = `${path} line ${entry.line}`;
    const known = findSetting(entry.name);
    if (known === undefined) {
      sources.faults.push(`${entry.name} (${source}): no setting has this name`);
      continue;
    }
    const earlier = lines.get(entry.name);
    if (earlier !== undefined)
      sources.warnings.push(`${entry.name} (${source}): replaces the value of line ${earlier}`);
    lines.set(entry.name, entry.line);
    assign(sources, known, entry.value, source);
  }
}

function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  prefix: 'KONG_' | 'SALLYPORT_',
  sources: Sources,
): void {
  for (const variable of Object.keys(env).sort()) {
    const text = env[variable];
    if (!variable.startsWith(prefix) || text === undefined) continue;
    const rest = variable.slice(prefix.length);
    const known = rest === rest.toUpperCase() ? findSetting(rest.toLowerCase()) : undefined;
    if (isServiceLink(rest, text, known)) continue;
    if (known !== undefined && !(known.own && prefix === 'KONG_')) {
      assign(sources, known, text, variable);
    } else if (text.trim() !== '') {
      if (prefix === 'SALLYPORT_') sources.faults.push(`${variable}: no setting has this name`);
      else sources.warnings.push(`${variable}: no setting has this name; the variable is ignored`);
    }
  }
}

function assign(sources: Sources, known: KnownSetting, text: string, source: string): void {
  const trimmed = text.trim();
  if (trimmed !== '') sources.assignments.set(known.name, { setting: known, text: trimmed, source });
}

/**
 * Kubernetes tells every pod about every service of its namespace: a service named `kong` or
 * `kong-proxy` turns into `KONG_SERVICE_HOST`, `KONG_PROXY_PORT_80_TCP_ADDR` and so on. One named
 * `kong-pg` even meets a real setting, `KONG_PG_PORT`, with a value (`tcp://…`) no port has.
 */
function isServiceLink(rest: string, text: string, known: KnownSetting | undefined): boolean {
  if (/(^|_)PORT$/.test(rest) && /^(tcp|udp|sctp):\/\//.test(text)) return true;
  if (known !== undefined) return false;
  return /(^|_)(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_\d+_\w+)$/.test(rest);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown fault';
}
