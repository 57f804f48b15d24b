/**
 * Memory while bodies stream: 1 GB down and 1 GB up through the gateway, with a length and in chunks, each with a
 * receiver that stalls for two seconds first. Prints by how much resident memory grew; the target is below 50 MB.
 *
 *   bin/node bench/streaming.ts [megabytes] [--sources]     (the compiled build unless --sources)
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Children } from './children.ts';
import { startGateway } from './gateway.ts';
import { residentBytesOf } from './process-usage.ts';

const bodyBytes = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 1000) * 1_000_000;
const piece = Buffer.alloc(50_000, 'x');
const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
const pieces = bodyBytes / piece.length;
const stallMs = 2000;

const folder = mkdtempSync(join(tmpdir(), 'sallyport-streaming-'));
const children = new Children();
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** `GET /down/length` and `/down/chunks` are answered with the body, `POST /up` when it has come. */
const upstream = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', (head) => {
    const text = head.toString('latin1');
    if (text.startsWith('GET')) {
      const chunked = text.startsWith('GET /down/chunks');
      const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bodyBytes}`;
      socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\n${framing}\r\n\r\n`);
      void pour(socket, chunked);
    } else {
      swallow(socket, head.length, () =>
        socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'),
      );
    }
  });
});
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
const address = upstream.address();
const upstreamPort = address !== null && typeof address === 'object' ? address.port : 0;
const declarative = join(folder, 'kong.yaml');
writeFileSync(
  declarative,
  `_format_version: "3.0"\nservices:\n- name: s\n  url: http://127.0.0.1:${upstreamPort}\n  routes:\n  - name: r\n    paths: [/]\n    strip_path: false\n`,
);
const gateway = await startGateway(children, {
  name: 'streaming',
  folder,
  declarative,
  workers: 1,
  cores: undefined,
  sources: process.argv.includes('--sources'),
});

await transfer('GET', '/down/length');
let worst = 0;
for (const [method, path] of [
  ['GET', '/down/length'],
  ['GET', '/down/chunks'],
  ['POST', '/up/length'],
  ['POST', '/up/chunks'],
] as const) {
  const before = residentBytesOf(gateway.processIds);
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, residentBytesOf(gateway.processIds));
  }, 50);
  const began = performance.now();
  await transfer(method, path);
  clearInterval(watch);
  const grown = (peak - before) / 1_000_000;
  worst = Math.max(worst, grown);
  const seconds = (performance.now() - began - stallMs) / 1000;
  process.stdout.write(
    `${method} ${path}: ${bodyBytes / 1_000_000} MB in ${seconds.toFixed(1)} s, resident memory +${grown.toFixed(1)} MB\n`,
  );
}
process.stdout.write(`most: +${worst.toFixed(1)} MB; target: below 50\n`);
await gateway.child.stop();
process.exit(worst < 50 ? 0 : 1);

/** One request of a client that, when it downloads, does not read at first. */
function transfer(method: 'GET' | 'POST', path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: gateway.port });
    socket.on('error', reject);
    if (method === 'GET') {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`);
      swallow(socket, 0, () => {
        socket.destroy();
        resolve();
      });
      return;
    }
    const chunked = path.endsWith('chunks');
    const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bodyBytes}`;
    socket.write(`POST ${path} HTTP/1.1\r\nHost: a.example\r\n${framing}\r\n\r\n`);
    socket.once('data', () => {
      socket.destroy();
      resolve();
    });
    void pour(socket, chunked);
  });
}

/** Stalls, reads at least a body's bytes, then says so. */
function swallow(socket: Socket, had: number, then: () => void): void {
  let received = had;
  socket.pause();
  setTimeout(() => socket.resume(), stallMs);
  socket.on('data', (bytes) => {
    const complete = received >= bodyBytes;
    received += bytes.length;
    if (!complete && received >= bodyBytes) setTimeout(then, 200);
  });
}

async function pour(socket: Socket, chunked: boolean): Promise<void> {
  for (let sent = 0; sent < pieces && !socket.destroyed; sent += 1) {
    if (!socket.write(chunked ? chunk : piece)) await new Promise((resolve) => socket.once('drain', resolve));
  }
  if (chunked) socket.write('0\r\n\r\n');
}
