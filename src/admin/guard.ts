import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { type AdminAnswer, message } from './answer.ts';

export interface GuardSettings {
  /** Lower-case names, besides loopback, addresses and names without a dot, under which the API may be reached. */
  readonly allowedHosts: readonly string[];
  /** Origins or URLs whose pages may call the API. */
  readonly adminGuiUrls: readonly string[];
}

export interface GuardedRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Every Host line as sent: two of them are two readings of one message. */
  readonly hosts: readonly string[];
  readonly secure: boolean;
}

export type GuardVerdict =
  /** `origin` is set when the page that asks may read the answer. */
  | { readonly kind: 'admitted'; readonly origin: string | undefined }
  | { readonly kind: 'refused'; readonly answer: AdminAnswer };

/**
 * Keeps web pages out. A page can make a browser send requests to loopback, also under a name that its
 * owner resolves to 127.0.0.1; it can forge neither Host nor Origin nor Sec-Fetch-Site.
 */
export function createGuard(settings: GuardSettings): (request: GuardedRequest) => GuardVerdict {
  const allowedHosts = new Set(settings.allowedHosts.map((host) => host.toLowerCase()));
  const allowedOrigins = new Set(settings.adminGuiUrls.flatMap((url) => originOf(url) ?? []));
  return ({ method, headers, hosts, secure }) => {
    const [host] = hosts;
    if (host === undefined || hosts.length > 1) return refuse('exactly one Host header is required');
    const name = hostName(host);
    if (name === undefined || !(isPlainName(name) || allowedHosts.has(name))) {
      return refuse('this host name is not one of the Admin API; add it to admin_allowed_hosts if it is meant to be');
    }
    const { origin } = headers;
    if (origin === undefined) {
      return comesFromElsewhere(method, headers)
        ? refuse('requests of other web pages are refused')
        : { kind: 'admitted', origin: undefined };
    }
    const own = originOf(`${secure ? 'https' : 'http'}://${host}`);
    const sent = originOf(origin);
    if (sent === undefined || sent !== origin || !(sent === own || allowedOrigins.has(sent))) {
      return refuse('pages of this origin may not call the Admin API; see admin_gui_url');
    }
    return { kind: 'admitted', origin };
  };
}

function refuse(text: string): GuardVerdict {
  return { kind: 'refused', answer: message(403, text) };
}

/** Scheme, host and port in the form browsers send, default ports left out; undefined for what has no origin. */
function originOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin } = new URL(text);
  return protocol === 'http:' || protocol === 'https:' ? origin : undefined;
}

/** The lower-case host of a Host header (RFC 9110 §7.2); undefined when it is malformed. */
function hostName(host: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(host);
  return match?.[1]?.toLowerCase();
}

/** Names that no stranger can make point here: addresses, loopback names and names that public DNS does not have. */
function isPlainName(name: string): boolean {
  if (name.startsWith('[')) return isIP(name.slice(1, -1)) === 6;
  if (isIP(name) === 4) return true;
  return !name.includes('.') || name === 'localhost.localdomain' || name.endsWith('.localhost');
}

/** Browsers leave Origin out of plain GETs for images, scripts and frames, but say where those come from. */
function comesFromElsewhere(method: string, headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return false;
  const followedLink = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return !(followedLink && (method === 'GET' || method === 'HEAD'));
}
