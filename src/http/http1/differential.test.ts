import assert from 'node:assert/strict';
import { createServer, METHODS } from 'node:http';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import { ChunkScanner } from './chunk-scanner.ts';
import { INCOMPLETE, REFUSED } from './field-lines.ts';
import { RequestHeadParser } from './head-parser.ts';

/** How one reader understood the bytes; undefined when it refused them or waits for more. */
interface Reading {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly string[];
  readonly body: string;
}

/** Our reading, and how many bytes the message took. */
interface OwnReading {
  readonly reading: Reading;
  readonly bytes: number;
}

const limits = { requestLineBytesMax: 2000, headBytesMax: 8000, headerCountMax: 100 };

function readOurs(bytes: Buffer): OwnReading | undefined {
  const parser = new RequestHeadParser(limits);
  const text = bytes.toString('latin1');
  const end = parser.parse(text);
  if (end === REFUSED || end === INCOMPLETE) return undefined;
  const { headers } = parser.fields;
  const fields: string[] = [];
  for (let i = 0; i < headers.length; i += 1) fields.push(headers.names[i] ?? '', headers.values[i] ?? '');
  const base = { method: parser.method, target: parser.target, fields };
  if (!parser.fields.chunked) {
    const length = Math.max(0, parser.fields.contentLength);
    if (text.length - end < length) return undefined;
    return { reading: { ...base, body: text.slice(end, end + length) }, bytes: end + length };
  }
  let body = '';
  const scanner = new ChunkScanner();
  const bodyEnd = scanner.scan(bytes, end, bytes.length, {
    onChunkData: (piece, from, to) => {
      body += piece.toString('latin1', from, to);
    },
  });
  return scanner.done ? { reading: { ...base, body }, bytes: bodyEnd } : undefined;
}

/** A connection that only exists in memory. */
class Wire extends Duplex {
  override _read(): void {
    // The test pushes.
  }
  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }
}

const oracle = createServer({ requireHostHeader: false, maxHeaderSize: 16_384, keepAliveTimeout: 0 });

/** What node:http makes of the first request in the bytes. */
function readOracle(bytes: Buffer): Promise<Reading | undefined> {
  return new Promise((resolve) => {
    const wire = new Wire();
    const settle = (reading: Reading | undefined): void => {
      resolve(reading);
      wire.destroy();
    };
    Object.assign(wire, {
      onReading(request: import('node:http').IncomingMessage) {
        const pieces: Buffer[] = [];
        request.on('data', (piece: Buffer) => pieces.push(piece));
        request.on('error', () => settle(undefined));
        request.on('end', () =>
          settle({
            method: request.method ?? '',
            target: request.url ?? '',
            fields: request.rawHeaders,
            body: Buffer.concat(pieces).toString('latin1'),
          }),
        );
      },
      onRefusal: () => settle(undefined),
    });
    oracle.emit('connection', wire);
    wire.on('close', () => resolve(undefined));
    wire.push(bytes);
    wire.push(null);
  });
}

type Listening = Wire & { onReading(request: unknown): void; onRefusal(): void };
for (const event of ['request', 'checkContinue', 'checkExpectation']) {
  oracle.on(event, (request) => (request.socket as Listening).onReading(request));
}
oracle.on('clientError', (_error, socket) => (socket as unknown as Listening).onRefusal());
oracle.on('upgrade', (_request, socket) => (socket as unknown as Listening).onRefusal());
oracle.on('connect', (_request, socket) => (socket as unknown as Listening).onRefusal());

const host = 'Host: a.example\r\n';
const corpus = [
  `GET / HTTP/1.1\r\n${host}\r\n`,
  `GET /a/b?c=d&e HTTP/1.1\r\n${host}Accept: */*\r\nX-Empty:\r\nX-Blank: \t \r\n\r\n`,
  `HEAD /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`,
  `POST /x HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`,
  `POST /x HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`,
  `POST /x HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  `PUT /x HTTP/1.1\r\n${host}Transfer-Encoding: Chunked\r\n\r\n5;ext=1\r\nhello\r\n00A\r\n0123456789\r\n0\r\nT: v\r\n\r\n`,
  `DELETE /x%20y HTTP/1.1\r\n${host}X: a\u00e9\u00ff\r\nConnection: close, X\r\n\r\n`,
  `OPTIONS * HTTP/1.1\r\n${host}\r\n`,
  `\r\nGET / HTTP/1.1\r\n${host}\r\n`,
  `PATCH /x HTTP/1.1\r\n${host}Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabcGET / HTTP/1.1\r\n\r\n`,
];

/** Pieces known to make readers disagree. */
const splices = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '\x0b',
  '\x0c',
  '\x7f',
  '\u0080',
  '\u00a0',
  '\u00ff',
  '#',
  '%',
  '\\',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'Transfer-Encoding : chunked\r\n',
  'Content-Length: 3\r\n',
  'Content-Length: +3\r\n',
  'Content-Length: 3, 3\r\n',
  'content-length:\r\n',
  ' folded\r\n',
  'Transfer-Encoding:\x0bchunked\r\n',
  'Transfer-Encoding: chunked, identity\r\n',
  'X: y\rZ: w\r\n',
  '0\r\n\r\n',
  'HTTP/1.1',
  'HTTP/1.0',
  '1;a\n',
  '0x',
  '-1',
  'ffffffffffffffff',
];

/** Small seeded generator (mulberry32), so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function mutate(text: string, next: () => number): string {
  let out = text;
  const times = 1 + Math.floor(next() * 3);
  for (let i = 0; i < times; i += 1) {
    const at = Math.floor(next() * (out.length + 1));
    const kind = next();
    if (kind < 0.5) out = out.slice(0, at) + (splices[Math.floor(next() * splices.length)] ?? '') + out.slice(at);
    else if (kind < 0.7) out = out.slice(0, at) + out.slice(at + 1 + Math.floor(next() * 3));
    else if (kind < 0.85) out = out.slice(0, at) + String.fromCharCode(Math.floor(next() * 256)) + out.slice(at + 1);
    else {
      const lines = out.split('\r\n');
      const line = lines[Math.floor(next() * lines.length)] ?? '';
      lines.splice(Math.floor(next() * lines.length), 0, line);
      out = lines.join('\r\n');
    }
  }
  return out;
}

/** node:http takes only methods it knows and gives the absolute form as received; neither is laxness of ours. */
function comparable(reading: Reading, text: string): boolean {
  return METHODS.includes(reading.method) && !/^(\r\n)?[A-Z-]+ https?:/i.test(text);
}

/** Reads the first message of the bytes here and, when it is accepted, those very bytes with node:http. */
async function judge(text: string, name: string): Promise<'same' | 'refused' | 'skipped'> {
  const bytes = Buffer.from(text, 'latin1');
  const ours = readOurs(bytes);
  if (ours === undefined) return 'refused';
  if (!comparable(ours.reading, text)) return 'skipped';
  assert.deepEqual(ours.reading, await readOracle(bytes.subarray(0, ours.bytes)), `${name}: ${JSON.stringify(text)}`);
  return 'same';
}

describe('compared with node:http', () => {
  it('the corpus is read the same', async () => {
    for (const text of corpus) assert.equal(await judge(text, 'corpus'), 'same');
  });

  it('a mutated request is read the same or refused, never accepted alone', async () => {
    const counts = { same: 0, refused: 0, skipped: 0 };
    const until = performance.now() + 1500;
    let seed = 1;
    for (; seed < 400 || performance.now() < until; seed += 1) {
      const next = random(seed);
      const text = mutate(corpus[seed % corpus.length] ?? '', next);
      counts[await judge(text, `seed ${seed}`)] += 1;
    }
    assert.ok(counts.same > 100 && counts.refused > 100, JSON.stringify(counts));
  });

  it('every cut of a mutated request ends in the same reading', () => {
    const until = performance.now() + 700;
    for (let seed = 1_000_001; seed < 1_000_100 || performance.now() < until; seed += 1) {
      const text = mutate(corpus[seed % corpus.length] ?? '', random(seed));
      const parser = new RequestHeadParser(limits);
      const whole = parser.parse(text);
      const rule = whole === REFUSED ? parser.rule : '';
      for (let cut = 0; cut < text.length; cut += 1) {
        let end = parser.parse(text.slice(0, cut));
        if (end === INCOMPLETE) end = parser.parse(text);
        assert.equal(end, whole, `seed ${seed} cut ${cut}`);
        if (end === REFUSED) assert.equal(parser.rule, rule, `seed ${seed} cut ${cut}`);
      }
    }
  });

  it('chunked bodies are followed the same however they are cut', () => {
    const seeds = ['5\r\nhello\r\n0\r\n\r\n', 'a;x=y\r\n0123456789\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n', '0\r\n\r\n'];
    const until = performance.now() + 500;
    for (let seed = 2_000_001; seed < 2_000_100 || performance.now() < until; seed += 1) {
      const bytes = Buffer.from(mutate(seeds[seed % seeds.length] ?? '', random(seed)), 'latin1');
      const whole = new ChunkScanner();
      const end = whole.scan(bytes, 0, bytes.length);
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        const parts = new ChunkScanner();
        let at = parts.scan(bytes, 0, cut);
        if (at >= 0 && !parts.done) at = parts.scan(bytes, cut, bytes.length);
        assert.deepEqual(
          [at, parts.rule, parts.done, parts.dataBytes],
          [end, whole.rule, whole.done, whole.dataBytes],
          `seed ${seed} cut ${cut}`,
        );
      }
    }
  });
});
