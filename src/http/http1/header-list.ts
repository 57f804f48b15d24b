import type { HeaderList } from '../types.ts';

/** Header fields in wire order. Filled by a head parser; nobody changes it afterwards. */
export class ParsedHeaders implements HeaderList {
  length = 0;
  readonly names: string[] = [];
  readonly lowers: string[] = [];
  readonly values: string[] = [];

  add(name: string, lower: string, value: string): void {
    this.names.push(name);
    this.lowers.push(lower);
    this.values.push(value);
    this.length += 1;
  }

  /** Puts another value in place of the one at `index` (the Host of an absolute-form target). */
  replaceValue(index: number, value: string): void {
    this.values[index] = value;
  }

  get(lower: string): string | undefined {
    const lowers = this.lowers;
    for (let i = 0; i < lowers.length; i += 1) {
      if (lowers[i] === lower) return this.values[i];
    }
    return undefined;
  }

  all(lower: string): string[] {
    const found: string[] = [];
    for (let i = 0; i < this.lowers.length; i += 1) {
      const value = this.values[i];
      if (this.lowers[i] === lower && value !== undefined) found.push(value);
    }
    return found;
  }

  count(lower: string): number {
    let found = 0;
    for (const candidate of this.lowers) {
      if (candidate === lower) found += 1;
    }
    return found;
  }
}

/** Names that decide how a message is read; everything else is `other`. */
export const nameCode = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  expect: 5,
  keepAlive: 6,
} as const;

export interface KnownName {
  readonly lower: string;
  readonly code: number;
}

const codes = new Map<string, number>([
  ['host', nameCode.host],
  ['content-length', nameCode.contentLength],
  ['transfer-encoding', nameCode.transferEncoding],
  ['connection', nameCode.connection],
  ['expect', nameCode.expect],
  ['keep-alive', nameCode.keepAlive],
]);

const usualNames = `Host Connection Content-Length Transfer-Encoding Expect Accept Accept-Charset Accept-Encoding
Accept-Language Accept-Ranges Age Allow Authorization Cache-Control Content-Disposition Content-Encoding
Content-Language Content-Location Content-Range Content-Security-Policy Content-Type Cookie Date DNT ETag Expires
Forwarded From If-Match If-Modified-Since If-None-Match If-Range If-Unmodified-Since Keep-Alive Last-Modified Link
Location Max-Forwards Origin Pragma Proxy-Authorization Proxy-Connection Range Referer Retry-After Sec-Fetch-Dest
Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-User Server Set-Cookie Strict-Transport-Security TE Trailer Upgrade
Upgrade-Insecure-Requests User-Agent Vary Via Warning WWW-Authenticate X-Content-Type-Options X-Forwarded-For
X-Forwarded-Host X-Forwarded-Port X-Forwarded-Proto X-Frame-Options X-Powered-By X-Real-IP X-Request-Id
X-Requested-With Access-Control-Allow-Origin Access-Control-Request-Headers Access-Control-Request-Method`;

/** Spellings kept beyond the usual ones; strangers choose names, so the table must not grow with them. */
const learnedMax = 2048;
const learnedNameLengthMax = 64;

const table = new Map<string, KnownName>();
for (const name of usualNames.split(/\s+/)) {
  const lower = name.toLowerCase();
  const known: KnownName = { lower, code: codes.get(lower) ?? nameCode.other };
  table.set(name, known);
  table.set(lower, known);
}
const tableMax = table.size + learnedMax;

/** Lower-case form and meaning of a field name; one map look-up for every spelling seen before. */
export function knownName(name: string): KnownName {
  return table.get(name) ?? learnName(name);
}

function learnName(name: string): KnownName {
  const lower = name.toLowerCase();
  const known: KnownName = table.get(lower) ?? { lower, code: codes.get(lower) ?? nameCode.other };
  // A slice would keep the whole head it was cut from alive, so the key is rebuilt.
  if (name.length <= learnedNameLengthMax && table.size < tableMax)
    table.set(Buffer.from(name).toString('latin1'), known);
  return known;
}
