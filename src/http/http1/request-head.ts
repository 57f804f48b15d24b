import type { HeaderBlock, InboundRequest } from '../types.ts';

const keepAlive = 'Connection: keep-alive\r\n\r\n';

/** Request line and end-to-end fields for an upstream. */
export function requestStart(method: string, path: string, headers: HeaderBlock): string {
  return `${method} ${safeTarget(path)} HTTP/1.1\r\n${headers}`;
}

/** `Connection`, every field it has to name (RFC 9110 §7.6.1), and the end of the head. */
export function requestEnd(trailersWanted: boolean, upgrade: string | undefined): string {
  if (!trailersWanted && upgrade === undefined) return keepAlive;
  let lines = '';
  let names = 'keep-alive';
  if (upgrade !== undefined) {
    lines += `Upgrade: ${upgrade}\r\n`;
    names += ', Upgrade';
  }
  if (trailersWanted) {
    lines += 'TE: trailers\r\n';
    names += ', TE';
  }
  return `${lines}Connection: ${names}\r\n\r\n`;
}

/** An upgrade is never taken from HTTP/1.0 (RFC 9110 §7.8), nor with a body, which would have to end before it. */
export function mayUpgrade(request: InboundRequest): boolean {
  return request.versionMinor === 1 && request.body.kind !== 'chunked' && (request.body.length ?? 0) === 0;
}

/**
 * The protocol a client asks to switch to, where the gateway can follow: `websocket`, by a GET with what RFC 6455
 * §4.2.1 requires of an opening handshake. Everything else is an ordinary request.
 */
export function requestedUpgrade(request: InboundRequest): 'websocket' | undefined {
  const { headers } = request;
  const upgrade = headers.get('upgrade');
  if (upgrade === undefined || upgrade.toLowerCase() !== 'websocket' || request.method !== 'GET') return undefined;
  if (headers.count('upgrade') !== 1 || !mayUpgrade(request) || !headers.get('sec-websocket-key')) return undefined;
  const isNamed = headers.all('connection').some((value) => /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i.test(value));
  return isNamed ? 'websocket' : undefined;
}

/** A path comes from our parser or from configuration; a blank or control character must not reach the request line. */
function safeTarget(path: string): string {
  if (!/[^\x21-\x7e]/.test(path)) return path;
  return path.replace(/[^\x21-\x7e]/gu, (character) => {
    let escaped = '';
    for (const byte of Buffer.from(character, 'utf8'))
      escaped += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    return escaped;
  });
}
