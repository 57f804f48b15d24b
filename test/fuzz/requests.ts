import assert from 'node:assert/strict';
import { mutated, requestCorpus } from '../differential/corpus.ts';
import { readByServer, type ServerReading } from '../support/memory-wire.ts';
import type { Seeded } from '../support/seeded.ts';
import { readStrictRequests } from '../support/strict-grammar.ts';
import type { FuzzTarget } from './target.ts';
import { hexDigits, latin1Text, pieces } from './text.ts';

const corpus = requestCorpus();
const names = [
  'Host',
  'host',
  'X-A',
  'Content-Length',
  'Transfer-Encoding',
  'Connection',
  'Expect',
  'Cookie',
  'Upgrade',
];
const values = [
  'a.example',
  'b',
  '5',
  '0',
  'chunked',
  'close',
  'keep-alive',
  '100-continue',
  'a=b; c=d',
  'identity',
  '',
];

export const requestHeadTarget: FuzzTarget = {
  name: 'request heads',
  run(random) {
    const lines: string[] = [];
    for (let left = random.below(6); left > 0; left -= 1) {
      const name = random.chance(0.8) ? random.pick(names) : latin1Text(random, 12);
      const value = random.chance(0.7) ? random.pick(values) : latin1Text(random, 120);
      lines.push(
        `${name}${random.pick([':', ': ', ': ', ':\t', ' :', ''])}${value}${random.pick(['', '', ' ', '\t'])}`,
      );
    }
    if (random.chance(0.8)) lines.unshift('Host: a.example');
    const method = random.chance(0.8) ? random.pick(['GET', 'POST', 'OPTIONS', 'HEAD']) : latin1Text(random, 8);
    const target = random.chance(0.5)
      ? `/${latin1Text(random, 30)}`
      : random.pick(['/', '*', '/a?b', 'http://a.example/x']);
    const version = random.chance(0.9) ? random.pick(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0']) : latin1Text(random, 9);
    const end = random.chance(0.95) ? '\r\n' : random.pick(['\n', '\r', '\r\r\n', '\n\r']);
    hold(random, [`${method} ${target} ${version}`, ...lines, '', random.pick(['', 'hello', '0\r\n\r\n'])].join(end));
  },
};

export const requestBodyTarget: FuzzTarget = {
  name: 'chunked bodies of requests',
  run(random) {
    let body = '';
    for (let left = random.below(5); left > 0; left -= 1) body += chunk(random);
    body += random.pick(['0', '000', '0;a', '0;a=b']) + random.pick(['\r\n', '\r\n', '\r\n', '\n']);
    if (random.chance(0.3))
      body += `${random.pick(['X-T', 'Host', 'content-length', 'A B', ''])}: ${latin1Text(random, 9)}\r\n`;
    body += '\r\n';
    const text = `POST /x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
    hold(random, `${random.chance(0.3) ? mutated(text, random) : text}GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n`);
  },
};

export const requestStreamTarget: FuzzTarget = {
  name: 'mutated requests one after the other',
  run(random) {
    let text = '';
    for (let left = 1 + random.below(3); left > 0; left -= 1) {
      const message = random.pick(corpus);
      text += random.chance(0.6) ? mutated(message, random) : message;
    }
    hold(random, text);
  },
};

/** A chunk that is good most of the time. */
function chunk(random: Seeded): string {
  const data = latin1Text(random, 20);
  const size = random.chance(0.9)
    ? '0'.repeat(random.below(3)) + data.length.toString(16)
    : random.pick(['', '-1', '0x5', '5 ', `${hexDigits(random, 16)}`, latin1Text(random, 4)]);
  const extension = random.chance(0.8)
    ? ''
    : random.pick([';a', ';a=b', ';a="b;c\\""', ';', ';=', `;${latin1Text(random, 9)}`]);
  return `${size}${extension}${random.chance(0.97) ? '\r\n' : '\n'}${data}${random.chance(0.97) ? '\r\n' : '\n'}`;
}

/** What must hold for any bytes of a client. */
function hold(random: Seeded, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  const whole = readByServer([bytes]);
  notLaxer(whole, text);
  const cut = readByServer(pieces(random, bytes, 6));
  assert.deepEqual(
    [cut.requests, cut.refusal],
    [whole.requests, whole.refusal],
    `cut otherwise: ${JSON.stringify(text)}`,
  );
}

function notLaxer({ requests, refusal, written }: ServerReading, text: string): void {
  const strict = readStrictRequests(text);
  const place = `${strict.why}: ${JSON.stringify(text)}`;
  for (const [index, request] of requests.entries()) {
    const other = strict.requests[index];
    assert.ok(other !== undefined, `accepted, but not in the grammar: ${place}`);
    assert.deepEqual([request.method, request.body], [other.method, other.body], place);
    assert.deepEqual(
      request.fields.map(([name]) => name),
      other.fields.map(([name]) => name),
      place,
    );
    assert.match(request.path, /^(?:\/[\x21-\x7e]*|\*)$/, place);
  }
  if (refusal !== undefined) assert.ok(refusal.status >= 400 && refusal.status < 500, `${refusal.status}: ${place}`);
  assert.doesNotMatch(written, /HTTP\/1\.1 5/, place);
}
