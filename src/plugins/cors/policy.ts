import { compileUserRegex, type UserRegex } from '../../base/regex.ts';
import type { CorsConfig } from './schema.ts';

/** One configuration, worked out once. */
export interface Policy {
  readonly config: CorsConfig;
  readonly origins: Origins;
  /** undefined repeats what a preflight asks for. */
  readonly allowHeaders: string | undefined;
  readonly allowMethods: string;
  readonly exposeHeaders: string | undefined;
}

export type Origins =
  | { readonly kind: 'any' }
  /** Told whatever the request says. */
  | { readonly kind: 'fixed'; readonly origin: string }
  | { readonly kind: 'some'; readonly rules: readonly Rule[] };

interface Rule {
  readonly subject: 'origin' | 'host';
  readonly exact: string | undefined;
  readonly regex: UserRegex | undefined;
}

/** Letters of an entry that is no regex; its dots are dots. */
const plain = /^[A-Za-z0-9.:/-]+$/;

export function prepareCors(config: CorsConfig): Policy {
  return {
    config,
    origins: originsOf(config.origins ?? []),
    allowHeaders: listOf(config.headers),
    allowMethods: config.methods.join(','),
    exposeHeaders: listOf(config.exposed_headers),
  };
}

/** Whether an `Origin` is let in by one of the rules; never the value `null` unless an entry says so. */
export function matchesOrigin(rules: readonly Rule[], origin: string): boolean {
  const url = parseOrigin(origin);
  const whole = url === undefined ? origin.toLowerCase() : url.origin;
  for (const rule of rules) {
    const subject = rule.subject === 'origin' ? whole : (url?.hostname ?? (origin === 'null' ? 'null' : undefined));
    if (subject === undefined) continue;
    // `null` stands for pages without an origin of their own; only an entry that names it can mean it.
    if (rule.exact === undefined ? url !== undefined && rule.regex?.search(subject) : rule.exact === subject)
      return true;
  }
  return false;
}

function originsOf(entries: readonly string[]): Origins {
  if (entries.length === 0 || entries.includes('*')) return { kind: 'any' };
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && plain.test(only)) return { kind: 'fixed', origin: only };
  return { kind: 'some', rules: entries.map(ruleOf) };
}

function ruleOf(entry: string): Rule {
  const subject = entry.includes(':') ? 'origin' : 'host';
  if (plain.test(entry)) {
    const exact = subject === 'origin' ? (parseOrigin(entry)?.origin ?? entry.toLowerCase()) : entry.toLowerCase();
    return { subject, exact, regex: undefined };
  }
  const compiled = compileUserRegex(`^(?:${entry})$`);
  if (compiled.kind === 'bad') throw new Error(`config.origins: '${entry}' is not a valid regex: ${compiled.reason}`);
  return { subject, exact: undefined, regex: compiled.regex };
}

/** Scheme and host in lower case, the scheme's own port left out. */
function parseOrigin(text: string): { readonly origin: string; readonly hostname: string } | undefined {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[^/?#@:\s]+)(?::(\d{1,5}))?$/i.exec(text);
  if (match === null) return undefined;
  const [, scheme = '', host = '', port] = match;
  const lowerScheme = scheme.toLowerCase();
  const hostname = host.toLowerCase();
  const usual = { http: '80', https: '443' }[lowerScheme];
  const ending = port === undefined || port === usual ? '' : `:${port}`;
  return { origin: `${lowerScheme}://${hostname}${ending}`, hostname };
}

function listOf(values: readonly string[] | null): string | undefined {
  return values === null || values.length === 0 ? undefined : values.join(',');
}
