import assert from 'node:assert/strict';
import { helloBytesMax, readClientHello } from '../../src/http/tls/client-hello.ts';
import type { Seeded } from '../support/seeded.ts';
import type { FuzzTarget } from './target.ts';

function vector(lengthBytes: number, content: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(content.length, 0, lengthBytes);
  return Buffer.concat([length, content]);
}

function bytesOf(random: Seeded, max: number): Buffer {
  return Buffer.from(Array.from({ length: random.below(max + 1) }, () => random.below(256)));
}

function nameExtension(name: string): Buffer {
  const entry = Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(name, 'latin1'))]);
  return Buffer.concat([Buffer.from([0, 0]), vector(2, vector(2, entry))]);
}

function otherExtension(random: Seeded): Buffer {
  return Buffer.concat([Buffer.from([random.below(256), 1 + random.below(255)]), vector(2, bytesOf(random, 40))]);
}

/** A hello by the letter of RFC 8446 section 4.1.2, with a server name or without one. */
function hello(random: Seeded, name: string | undefined): Buffer {
  const extensions = [...random.some([1, 2, 3], 3).map(() => otherExtension(random))];
  if (name !== undefined) extensions.splice(random.below(extensions.length + 1), 0, nameExtension(name));
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, random.below(256)),
    vector(1, bytesOf(random, 32)),
    vector(2, Buffer.alloc(2 * (1 + random.below(20)), 0x13)),
    vector(1, Buffer.from([0])),
    ...(extensions.length > 0 || random.chance(0.5) ? [vector(2, Buffer.concat(extensions))] : []),
  ]);
  const length = Buffer.from([1, body.length >> 16, (body.length >> 8) & 255, body.length & 255]);
  return Buffer.concat([length, body]);
}

function records(random: Seeded, message: Buffer): Buffer {
  const parts: Buffer[] = [];
  const size = random.chance(0.7) ? message.length : 1 + random.below(message.length);
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    parts.push(Buffer.from([22, 3, random.below(4), part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(parts);
}

export const clientHelloTarget: FuzzTarget = {
  name: 'the first bytes of TLS clients',
  run(random) {
    const name = random.chance(0.8) ? random.pick(['a.example', 'b.c.example', 'x'.repeat(200), '1.2.3.4']) : undefined;
    const bytes = records(random, hello(random, name));
    const place = bytes.toString('hex');
    assert.deepEqual(readClientHello(bytes), { kind: 'hello', serverName: name }, place);
    const part = readClientHello(bytes.subarray(0, random.below(bytes.length)));
    assert.equal(part.kind, 'incomplete', `a part of it: ${place}`);
    for (let left = 1 + random.below(4); left > 0; left -= 1) bytes[random.below(bytes.length)] = random.below(256);
    const reading = readClientHello(random.chance(0.3) ? Buffer.concat([bytes, bytesOf(random, 60)]) : bytes);
    if (reading.kind === 'hello' && reading.serverName !== undefined) {
      assert.match(reading.serverName, /^[\x21-\x7e]{1,255}$/, place);
      assert.ok(bytes.includes(Buffer.from(reading.serverName.slice(0, 4), 'latin1')) || name !== undefined, place);
    }
    const long = Buffer.concat([Buffer.from([22, 3, 1, 64, 0, 1, 0, 64, 0]), Buffer.alloc(helloBytesMax, 1)]);
    assert.notEqual(readClientHello(long).kind, 'incomplete');
  },
};
