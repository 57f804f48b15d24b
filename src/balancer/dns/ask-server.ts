import { createSocket } from 'node:dgram';
import { connect, isIP } from 'node:net';
import { encodeQuery, type ParsedResponse, parseResponse, type RecordType, type ResourceRecord } from './message.ts';

export interface DnsServer {
  readonly host: string;
  readonly port: number;
}

export type ServerAnswer =
  | { readonly kind: 'response'; readonly code: number; readonly answers: readonly ResourceRecord[] }
  | { readonly kind: 'failed'; readonly detail: string };

export interface AskOptions {
  readonly timeoutMs: number;
  /** A number from 0 to 65535 that nobody can guess. */
  readonly randomId: () => number;
}

/**
 * Puts one question to one name server: over UDP from a port of its own, over TCP when the answer does not fit.
 * Datagrams that do not answer the question are ignored. Never throws.
 */
export async function askServer(
  server: DnsServer,
  name: string,
  type: RecordType,
  options: AskOptions,
): Promise<ServerAnswer> {
  const query = encodeQuery(options.randomId(), name, type);
  if (query === undefined) return { kind: 'failed', detail: 'not a name' };
  const giveUpAt = performance.now() + options.timeoutMs;
  const answer = await overUdp(server, query, options.timeoutMs);
  if (answer.kind === 'failed') return answer;
  if (!answer.truncated) return { kind: 'response', code: answer.code, answers: answer.answers };
  const whole = await overTcp(server, query, Math.max(1, giveUpAt - performance.now()));
  if (whole.kind === 'failed') return whole;
  return { kind: 'response', code: whole.code, answers: whole.answers };
}

type Read = Extract<ParsedResponse, { kind: 'response' }> | { readonly kind: 'failed'; readonly detail: string };

function overUdp(server: DnsServer, query: Buffer, timeoutMs: number): Promise<Read> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(server.host) === 6 ? 'udp6' : 'udp4');
    const finish = (read: Read) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      // A late ICMP error must not become an uncaught one.
      socket.on('error', () => undefined);
      socket.close();
      resolve(read);
    };
    const timer = setTimeout(() => finish({ kind: 'failed', detail: 'no answer in time' }), timeoutMs);
    socket.once('error', (error: NodeJS.ErrnoException) =>
      finish({ kind: 'failed', detail: error.code ?? 'socket error' }),
    );
    socket.on('message', (message) => {
      const parsed = parseResponse(query, message);
      if (parsed.kind === 'response') finish(parsed);
    });
    // A connected socket takes datagrams from this server only.
    socket.connect(server.port, server.host, () => socket.send(query));
  });
}

function overTcp(server: DnsServer, query: Buffer, timeoutMs: number): Promise<Read> {
  return new Promise((resolve) => {
    const socket = connect({ host: server.host, port: server.port });
    let received = Buffer.alloc(0);
    const finish = (read: Read) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(read);
    };
    const timer = setTimeout(() => finish({ kind: 'failed', detail: 'no answer in time' }), timeoutMs);
    socket.on('error', (error: NodeJS.ErrnoException) =>
      finish({ kind: 'failed', detail: error.code ?? 'socket error' }),
    );
    socket.on('close', () => finish({ kind: 'failed', detail: 'closed without an answer' }));
    socket.on('connect', () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
    });
    socket.on('data', (piece: Buffer) => {
      received = Buffer.concat([received, piece]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const parsed = parseResponse(query, received.subarray(2, 2 + received.readUInt16BE(0)));
      finish(parsed.kind === 'response' ? parsed : { kind: 'failed', detail: 'an answer to something else' });
    });
  });
}
