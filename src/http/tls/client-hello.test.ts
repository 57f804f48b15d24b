import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { connect } from 'node:tls';
import { helloBytesMax, readClientHello } from './client-hello.ts';

/** What a real client sends first. */
async function recordedHello(serverName: string | undefined, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<Buffer> {
  const received = Promise.withResolvers<Buffer>();
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => {
      received.resolve(bytes);
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const client = connect({
    port,
    host: '127.0.0.1',
    maxVersion,
    ALPNProtocols: ['h2', 'http/1.1'],
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
  client.on('error', () => undefined);
  const bytes = await received.promise;
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
  return bytes;
}

/** The same handshake bytes in records of `size`. */
function recut(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(records);
}

const hellos = [
  { name: 'a.example', bytes: await recordedHello('a.example', 'TLSv1.3') },
  { name: 'b.wild.example', bytes: await recordedHello('b.wild.example', 'TLSv1.2') },
  { name: undefined, bytes: await recordedHello(undefined, 'TLSv1.3') },
];

describe('the hello of a TLS client', () => {
  for (const { name, bytes } of hellos) {
    it(`names ${name ?? 'no server'}, in one record or many`, () => {
      assert.deepEqual(readClientHello(bytes), { kind: 'hello', serverName: name });
      for (const size of [1, 7, 100])
        assert.deepEqual(readClientHello(recut(bytes, size)), { kind: 'hello', serverName: name });
      for (const after of [randomBytes(50), Buffer.from([22]), Buffer.from([22, 9]), Buffer.from([22, 3, 3, 0, 0])]) {
        assert.deepEqual(readClientHello(Buffer.concat([bytes, after])), { kind: 'hello', serverName: name });
      }
    });

    it(`is incomplete wherever it is cut (${name ?? 'no server'})`, () => {
      for (let end = 0; end < bytes.length; end += 1) {
        assert.equal(readClientHello(bytes.subarray(0, end)).kind, 'incomplete', `${end} bytes`);
      }
    });
  }

  it('is not in what is something else', () => {
    for (const text of ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', '\x80\x2e\x01', '\x16\x02\x00', '\x16\x03\x01\x00\x00']) {
      assert.equal(readClientHello(Buffer.from(text, 'latin1')).kind, 'invalid', JSON.stringify(text));
    }
    const otherMessage = Buffer.from(hellos[0]?.bytes ?? []);
    otherMessage[5] = 2;
    assert.equal(readClientHello(otherMessage).kind, 'invalid');
  });

  it('is refused when it announces more than a hello can have', () => {
    const long = Buffer.from([22, 3, 1, 0x40, 0, 1, 0x01, 0, 0]);
    assert.equal(readClientHello(long).kind, 'invalid');
    const dripping = Buffer.concat([Buffer.from([22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xff]), Buffer.alloc(helloBytesMax)]);
    assert.notEqual(readClientHello(dripping).kind, 'incomplete');
  });

  it('never throws and never reads a name that is not one, whatever is changed in it', () => {
    const rounds = 20_000;
    for (let round = 0; round < rounds; round += 1) {
      const source = hellos[round % hellos.length]?.bytes ?? Buffer.alloc(0);
      let bytes: Buffer = Buffer.from(source);
      const changes = randomInt(1, 6);
      for (let i = 0; i < changes; i += 1) bytes[randomInt(bytes.length)] = randomInt(256);
      if (round % 4 === 0) bytes = bytes.subarray(0, randomInt(bytes.length));
      if (round % 7 === 0) bytes = recut(bytes, randomInt(1, 300));
      const reading = readClientHello(bytes);
      if (reading.kind === 'hello' && reading.serverName !== undefined) {
        assert.match(reading.serverName, /^[\x21-\x7e]{1,255}$/);
      }
    }
    for (let round = 0; round < 2000; round += 1) readClientHello(randomBytes(randomInt(400)));
  });
});
