import { nodeHttp } from '../../base/late-modules.ts';
import type { HeaderBlock } from '../types.ts';

const reasonPhrases = nodeHttp.STATUS_CODES;
const statusLines = new Map<string, string>();
const statusLinesMax = 256;

/** `HTTP/1.1 404 Not Found\r\n`; an answer always carries our version (RFC 9110 §6.2). */
export function statusLine(status: number, reason: string | undefined): string {
  if (status === 200 && (reason === undefined || reason === 'OK')) return 'HTTP/1.1 200 OK\r\n';
  const text = `${status} ${reason ?? reasonPhrases[status] ?? ''}`;
  let line = statusLines.get(text);
  if (line === undefined) {
    line = `HTTP/1.1 ${text}\r\n`;
    if (statusLines.size < statusLinesMax) statusLines.set(text, line);
  }
  return line;
}

let dateSecond = 0;
let dateText = '';

/** `Date: …\r\n`, made anew once a second. */
export function dateField(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = `Date: ${new Date(second * 1000).toUTCString()}\r\n`;
  }
  return dateText;
}

/** Head and body of a small answer as what `socket.write` takes with the least copying. */
export function joinMessage(head: string, body: string | Buffer): string | Buffer {
  if (typeof body === 'string') {
    if (body === '') return head;
    const bytes = Buffer.byteLength(body);
    if (bytes === body.length) return head + body;
    const joined = Buffer.allocUnsafe(head.length + bytes);
    joined.write(head, 0, 'latin1');
    joined.write(body, head.length);
    return joined;
  }
  if (body.length === 0) return head;
  const joined = Buffer.allocUnsafe(head.length + body.length);
  joined.write(head, 0, 'latin1');
  body.copy(joined, head.length);
  return joined;
}

/** No body follows, whatever the fields say (RFC 9112 §6.3). */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 304 || status < 200;
}

/** `Connection` as the client needs to hear it: HTTP/1.1 stays open and HTTP/1.0 closes unless told otherwise. */
export function connectionField(close: boolean, versionMinor: 0 | 1): string {
  if (close) return 'Connection: close\r\n';
  return versionMinor === 1 ? '' : 'Connection: keep-alive\r\n';
}

/** The fields of a block and everything the connection adds. */
export function finishHead(
  line: string,
  block: HeaderBlock,
  framing: string,
  connection: string,
  date: string,
): string {
  return `${line}${block}${date}${framing}${connection}\r\n`;
}
