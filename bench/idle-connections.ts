/**
 * Memory of idle keep-alive client connections: the whole gateway process before and after 10,000 clients have made
 * one request each and stay connected. Prints bytes per connection; the target is below 15 KB.
 *
 *   bin/node bench/idle-connections.ts [connections] [--sources]     (the compiled build unless --sources)
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Children } from './children.ts';
import { startGateway } from './gateway.ts';
import { residentBytesOf } from './process-usage.ts';

const count = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 10_000);
const batch = 100;
/** Long enough for the garbage of the requests to be collected, short of the idle time-out. */
const settleMs = 8000;

const folder = mkdtempSync(join(tmpdir(), 'sallyport-idle-'));
const children = new Children();
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const upstream = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
});
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
const address = upstream.address();
const upstreamPort = address !== null && typeof address === 'object' ? address.port : 0;
const declarative = join(folder, 'kong.yaml');
writeFileSync(
  declarative,
  `_format_version: "3.0"\nservices:\n- name: s\n  url: http://127.0.0.1:${upstreamPort}\n  routes:\n  - name: r\n    paths: [/]\n`,
);
const gateway = await startGateway(children, {
  name: 'idle',
  folder,
  declarative,
  workers: 1,
  cores: undefined,
  sources: process.argv.includes('--sources'),
});

for (const socket of await open(1000)) socket.destroy();
await delay(settleMs);
const before = residentBytesOf(gateway.processIds);
const sockets = await open(count);
await delay(settleMs);
const after = residentBytesOf(gateway.processIds);
const perConnection = (after - before) / count;
process.stdout.write(
  `${count} idle connections: ${Math.round(perConnection)} bytes each ` +
    `(resident memory ${megabytes(before)} MB before, ${megabytes(after)} MB after); target: below 15,000\n`,
);
for (const socket of sockets) socket.destroy();
await gateway.child.stop();
process.exit(perConnection < 15_000 ? 0 : 1);

async function open(total: number): Promise<Socket[]> {
  const opened: Socket[] = [];
  for (let at = 0; at < total; at += batch) {
    opened.push(...(await Promise.all(Array.from({ length: Math.min(batch, total - at) }, visit))));
  }
  return opened;
}

/** One request with what a browser sends, answered; the connection stays open. */
function visit(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: gateway.port });
    socket.on('error', reject);
    socket.once('data', () => resolve(socket));
    socket.write(
      'GET / HTTP/1.1\r\nHost: a.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n' +
        'Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\nCookie: a=b; c=d\r\n\r\n',
    );
  });
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
