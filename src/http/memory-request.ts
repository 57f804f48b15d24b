import { RequestHeadParser } from './http1/head-parser.ts';
import { ParsedRequest } from './http1/inbound-request.ts';
import type { ConnectionInfo, InboundRequest, PeekOutcome, RequestBody } from './types.ts';

export interface MemoryRequestInput {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: string | Buffer;
  readonly secure?: boolean;
  readonly serverName?: string;
  readonly peerAddress?: string;
}

const parser = new RequestHeadParser({
  requestLineBytesMax: 64 * 1024,
  headBytesMax: 256 * 1024,
  headerCountMax: 1000,
});

/**
 * A request that never was on a wire, read by the same parser as one that was. A missing Host
 * becomes `localhost`, a body gets its Content-Length.
 *
 * @throws Error naming the rule when the parser refuses it
 */
export function memoryRequest(input: MemoryRequestInput): InboundRequest {
  const body = input.body === undefined ? undefined : Buffer.from(input.body);
  const has = (lower: string): boolean => input.headers.some(([name]) => name.toLowerCase() === lower);
  let head = `${input.method} ${input.target} HTTP/1.1\r\n`;
  if (!has('host')) head += 'Host: localhost\r\n';
  for (const [name, value] of input.headers) head += `${name}: ${value}\r\n`;
  if (body !== undefined && !has('content-length') && !has('transfer-encoding'))
    head += `Content-Length: ${body.length}\r\n`;
  const text = `${head}\r\n`;
  const end = parser.parse(text);
  if (end !== text.length) throw new Error(`not a well-formed request: ${end < 0 ? parser.rule : 'head.early_end'}`);
  return new ParsedRequest(parser, new MemoryBody(body), connection(input), performance.now());
}

class MemoryBody implements RequestBody {
  readonly kind: 'none' | 'length';
  readonly length: number | undefined;
  #bytes: Buffer;

  constructor(bytes: Buffer | undefined) {
    this.kind = bytes === undefined ? 'none' : 'length';
    this.length = bytes?.length;
    this.#bytes = bytes ?? Buffer.alloc(0);
  }

  peek(bytesMax: number, _timeoutMs: number): Promise<PeekOutcome> {
    const fits = this.#bytes.length <= bytesMax;
    return Promise.resolve(fits ? { kind: 'whole', bytes: this.#bytes } : { kind: 'too_large' });
  }

  replace(bytes: Buffer): void {
    this.#bytes = bytes;
  }
}

function connection(input: MemoryRequestInput): ConnectionInfo {
  const secure = input.secure ?? false;
  return {
    peerAddress: input.peerAddress ?? '127.0.0.1',
    peerPort: 0,
    localAddress: '127.0.0.1',
    localPort: secure ? 443 : 80,
    secure,
    serverName: input.serverName,
    tlsVersion: secure ? 'TLSv1.3' : undefined,
    clientCertificate: () => undefined,
  };
}
