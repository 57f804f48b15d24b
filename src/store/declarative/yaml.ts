import type { ScalarTag } from 'yaml';
import { lateModule } from '../../base/late-modules.ts';
import { limits } from '../../base/limits.ts';
import { isObject } from '../../schema/value.ts';

const parser = lateModule((require) => require('yaml') as typeof import('yaml'));

export type Parsed =
  | { readonly kind: 'value'; readonly value: unknown }
  /** Where and what; never more of the text than the parser quotes. */
  | { readonly kind: 'fault'; readonly fault: string };

/**
 * Reads one JSON or YAML document into plain values: objects, arrays, strings, numbers, booleans, null. YAML as
 * Kong reads it: aliases, merge keys, `yes`/`no`/`on`/`off` as booleans. Aliases may not expand beyond the
 * `declarative…` limits. Never throws.
 */
export function parseYaml(text: string): Parsed {
  if (Buffer.byteLength(text) > limits.declarativeFileBytesMax) {
    return { kind: 'fault', fault: `larger than ${limits.declarativeFileBytesMax} bytes` };
  }
  const json = parseJson(text);
  const parsed = json === undefined ? parseDocumentText(text) : json;
  if (parsed.kind === 'fault') return parsed;
  const copy = new PlainCopy();
  try {
    return { kind: 'value', value: copy.of(parsed.value, 0) };
  } catch (error) {
    if (error instanceof TooMuch) return { kind: 'fault', fault: error.message };
    throw error;
  }
}

/** JSON is YAML too, but its own parser is a hundred times faster. */
function parseJson(text: string): Parsed | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return { kind: 'value', value };
  } catch {
    return undefined;
  }
}

const oldBoolean: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  identify: () => false,
  test: /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/,
  resolve: (text) => /^(?:yes|on)$/i.test(text),
};

function parseDocumentText(text: string): Parsed {
  try {
    const document = parser().parseDocument(text, {
      schema: 'core',
      merge: true,
      customTags: (tags) => [...tags, oldBoolean],
      logLevel: 'error',
    });
    const [error] = document.errors;
    if (error !== undefined) return { kind: 'fault', fault: syntaxFault(error.code, error.message) };
    const value: unknown = document.toJS({ maxAliasCount: limits.declarativeAliasesMax });
    return { kind: 'value', value };
  } catch (error) {
    // A document nested thousands of levels deep exhausts the parser's stack; too many aliases end in a ReferenceError.
    const reason = error instanceof Error ? firstLine(error.message) : 'unreadable';
    return { kind: 'fault', fault: error instanceof RangeError ? 'nested too deeply' : reason };
  }
}

function syntaxFault(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'more than one document in the file';
  // The parser reports its own exhausted stack at the place where it gave up.
  if (message.startsWith('Maximum call stack')) return 'nested too deeply';
  return firstLine(message);
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]?.replace(/:$/, '') ?? message;
}

class TooMuch extends Error {}

/** Aliases share one object; the copy unshares them and counts what that costs. */
class PlainCopy {
  #values = 0;
  #chars = 0;

  of(value: unknown, depth: number): unknown {
    this.#values += 1;
    if (this.#values > limits.declarativeValuesMax) throw new TooMuch('too many values');
    if (typeof value === 'string') return this.#text(value);
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
    if (typeof value === 'boolean' || value === null) return value;
    if (value === undefined) return null;
    if (depth >= limits.declarativeDepthMax) throw new TooMuch('nested too deeply');
    if (Array.isArray(value)) return value.map((element) => this.of(element, depth + 1));
    if (!isObject(value)) return this.#text(String(value));
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [this.#text(key), this.of(member, depth + 1)]),
    );
  }

  #text(value: string): string {
    this.#chars += value.length;
    if (this.#chars > limits.declarativeCharsMax) throw new TooMuch('too long when its aliases are expanded');
    return value;
  }
}
