import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { limits } from '../base/limits.ts';
import { isAccessLogField } from './access-log-fields.ts';
import type { RequestSettings } from './settings.ts';
import { listOf } from './values.ts';

/** Where the texts of settings come from, and where faults go. */
export interface RequestSettingsInput {
  text(name: string): string | undefined;
  readonly cwd: string;
  readonly faults: string[];
}

/** What settings say about how single requests are read, answered and logged. */
export function requestSettings(input: RequestSettingsInput): RequestSettings {
  const { text, faults } = input;
  return {
    responseHeaders: responseHeadersOf(listOf(text('headers') ?? ''), faults),
    upstreamRequestId: upstreamRequestIdOf(listOf(text('headers_upstream') ?? ''), faults),
    realIpHeader: realIpHeaderOf(text('real_ip_header') ?? 'X-Real-IP', faults),
    realIpRecursive: isOn(text('real_ip_recursive')),
    errorDefaultType: text('error_default_type') ?? 'text/plain',
    errorTemplates: {
      html: templateOf('error_template_html', input),
      json: templateOf('error_template_json', input),
      xml: templateOf('error_template_xml', input),
      plain: templateOf('error_template_plain', input),
    },
    allowDebugHeader: isOn(text('allow_debug_header')),
    portMaps: portMapsOf(listOf(text('port_maps') ?? ''), faults),
    accessLogFields: accessLogFieldsOf(listOf(text('proxy_access_log_fields') ?? ''), faults),
  };
}

const latencies = ['x-kong-upstream-latency', 'x-kong-proxy-latency', 'x-kong-response-latency'];
/** Words of `headers` and what each stands for; X-Kong-Admin-Latency is one of the Admin API. */
const headerWords: ReadonlyMap<string, readonly string[]> = new Map([
  ['server_tokens', ['server', 'via']],
  ['latency_tokens', [...latencies, 'x-kong-admin-latency']],
  ...['server', 'via', 'x-kong-upstream-status', 'x-kong-admin-latency', 'x-kong-request-id', ...latencies].map(
    (name): [string, string[]] => [name, [name]],
  ),
]);

function responseHeadersOf(words: readonly string[], faults: string[]): string[] {
  if (words.length === 1 && words[0]?.toLowerCase() === 'off') return [];
  const chosen = new Set<string>();
  for (const word of words) {
    const names = headerWords.get(word.toLowerCase());
    if (names === undefined) {
      const accepted = 'off alone, or server_tokens, latency_tokens, Server, Via, X-Kong-Upstream-Status, ';
      const single = 'X-Kong-Upstream-Latency, X-Kong-Proxy-Latency, X-Kong-Response-Latency, ';
      faults.push(
        `headers: ${JSON.stringify(word)} is not accepted; accepted: ${accepted}${single}X-Kong-Admin-Latency, X-Kong-Request-Id`,
      );
    }
    for (const name of names ?? []) chosen.add(name);
  }
  return [...chosen];
}

function upstreamRequestIdOf(words: readonly string[], faults: string[]): boolean {
  const lower = words.map((word) => word.toLowerCase());
  if (lower.length === 1 && lower[0] === 'off') return false;
  if (lower.some((word) => word !== 'x-kong-request-id')) {
    faults.push(
      `headers_upstream: ${JSON.stringify(words.join(', '))} is not accepted; accepted: X-Kong-Request-Id, off`,
    );
  }
  return lower.length > 0;
}

function realIpHeaderOf(text: string, faults: string[]): string {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)) {
    faults.push(`real_ip_header: ${JSON.stringify(text)} is not accepted; accepted: a header name`);
  }
  if (text === 'proxy_protocol') {
    faults.push('real_ip_header: proxy_protocol is not supported by this version; accepted: a header name');
  }
  return text.toLowerCase();
}

function isOn(text: string | undefined): boolean {
  return text?.toLowerCase() === 'on' || text?.toLowerCase() === 'true';
}

function portMapsOf(pairs: readonly string[], faults: string[]): [number, number][] {
  return pairs.flatMap((pair): [number, number][] => {
    const [, published, local] = /^(\d{1,5}):(\d{1,5})$/.exec(pair) ?? [];
    if (isPort(Number(published)) && isPort(Number(local))) return [[Number(local), Number(published)]];
    faults.push(
      `port_maps: ${JSON.stringify(pair)} is not accepted; accepted: published:local pairs of ports (80:8000), separated by commas`,
    );
    return [];
  });
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}

/** Text of a template file, with at most two places (`%s`) for message and request id. */
function templateOf(name: string, { text, cwd, faults }: RequestSettingsInput): string | undefined {
  const given = text(name);
  if (given === undefined) return undefined;
  const path = resolve(cwd, given);
  try {
    if (statSync(path).size > limits.errorTemplateBytesMax) {
      faults.push(`${name}: the file ${path} is larger than ${limits.errorTemplateBytesMax} bytes`);
      return undefined;
    }
    const template = readFileSync(path, 'utf8');
    const marks = template.match(/%[\s\S]?/g) ?? [];
    if (marks.some((mark) => mark !== '%s' && mark !== '%%') || marks.filter((mark) => mark === '%s').length > 2) {
      faults.push(
        `${name}: the file ${path} may hold %s twice at most, and every other percent sign must be written %%`,
      );
    }
    return template;
  } catch {
    faults.push(`${name}: the file ${path} cannot be read`);
    return undefined;
  }
}

function accessLogFieldsOf(names: readonly string[], faults: string[]): string[] {
  for (const name of names) {
    if (isAccessLogField(name)) continue;
    faults.push(
      `proxy_access_log_fields: ${JSON.stringify(name)} is not a field; docs/reference/access-log.md lists them`,
    );
  }
  return [...new Set(names)];
}
