import { limits } from '../base/limits.ts';
import { parseNetwork } from './addresses.ts';
import { listenerForm, parseListeners } from './listeners.ts';
import type { KnownSetting } from './setting.ts';
import { parseSize, parseTime } from './units.ts';

export type ParsedValue =
  | { readonly kind: 'value'; readonly value: unknown }
  /** `accepted` completes the sentence "accepted: …". */
  | { readonly kind: 'malformed'; readonly accepted: string };

const value = (parsed: unknown): ParsedValue => ({ kind: 'value', value: parsed });
const malformed = (accepted: string): ParsedValue => ({ kind: 'malformed', accepted });

/** Reads the text of a setting according to its kind. Files are not opened and nothing is looked up. */
export function parseValue(setting: KnownSetting, text: string): ParsedValue {
  switch (setting.kind) {
    case 'boolean':
      return parseBoolean(text);
    case 'integer':
      return /^\d{1,15}$/.test(text) && within(setting, Number(text))
        ? value(Number(text))
        : malformed(`a whole number${bounds(setting)}`);
    case 'number':
      return /^\d{1,15}(\.\d{1,15})?$/.test(text) && within(setting, Number(text))
        ? value(Number(text))
        : malformed(`a number${bounds(setting)}`);
    case 'size': {
      const bytes = parseSize(text);
      return bytes !== undefined && within(setting, bytes)
        ? value(text)
        : malformed(`a number of bytes, with k, m or g for larger units${sizeBounds(setting)}`);
    }
    case 'time': {
      const ms = parseTime(text);
      return ms !== undefined && within(setting, ms)
        ? value(text)
        : malformed(`a time such as 500ms, 60s, 5m or 1d${timeBounds(setting)}`);
    }
    case 'choice':
      return setting.choices.includes(text) ? value(text) : malformed(setting.choices.join(', '));
    case 'list':
      return value(listOf(text));
    case 'addresses':
      return parseAddresses(text);
    case 'workers':
      return parseWorkers(text);
    case 'listeners':
      return parseListenerTexts(setting, text);
    case 'log':
    case 'path':
    case 'certificate':
    case 'text':
      return text.includes('\0') ? malformed('text without NUL') : value(text);
  }
}

/** Items of a comma-separated list without blanks around them and without empty ones. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function parseBoolean(text: string): ParsedValue {
  const lower = text.toLowerCase();
  if (lower === 'on' || lower === 'true') return value(true);
  if (lower === 'off' || lower === 'false') return value(false);
  return malformed('on, off, true, false');
}

function within(setting: KnownSetting, number: number): boolean {
  return number >= setting.min && number <= setting.max;
}

function bounds(setting: KnownSetting): string {
  if (setting.max !== Number.MAX_SAFE_INTEGER) return ` from ${setting.min} to ${setting.max}`;
  return ` from ${setting.min} on`;
}

function sizeBounds({ min, max }: KnownSetting): string {
  return max === Number.MAX_SAFE_INTEGER ? '' : `, from ${min} to ${max} bytes`;
}

function timeBounds({ min, max }: KnownSetting): string {
  return max === Number.MAX_SAFE_INTEGER ? '' : `, from ${min} ms to ${max} ms`;
}

function parseAddresses(text: string): ParsedValue {
  const networks: string[] = [];
  for (const item of listOf(text)) {
    // Kong's word for "connections over a Unix socket"; there is no such listener here, so it trusts nobody.
    if (item === 'unix:') continue;
    const network = parseNetwork(item);
    if (network === undefined) return malformed('IP addresses and networks (10.0.0.0/8, ::1), separated by commas');
    networks.push(network);
  }
  return value(networks);
}

function parseWorkers(text: string): ParsedValue {
  if (text === 'auto') return value('auto');
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= limits.workersMax
    ? value(count)
    : malformed(`auto, or a whole number from 1 to ${limits.workersMax}`);
}

function parseListenerTexts(setting: KnownSetting, text: string): ParsedValue {
  // Listeners of parts that do not exist yet may carry flags that only those parts know.
  if (setting.honoured && parseListeners(text).faults.length > 0) return malformed(listenerForm);
  const entries = listOf(text).map((entry) => entry.replace(/\s+/g, ' '));
  return value(entries.length === 1 && entries[0]?.toLowerCase() === 'off' ? ['off'] : entries);
}
