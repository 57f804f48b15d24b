import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutAt, type ForwardedAnswer, relayAnswer } from '../support/memory-wire.ts';
import { Seeded } from '../support/seeded.ts';
import { readStrictResponse, type StrictField, type StrictResponse } from '../support/strict-grammar.ts';
import { mutated, responseCorpus } from './corpus.ts';
import { readByNodeClient } from './node-readers.ts';

const corpus = responseCorpus();
const methods = ['GET', 'HEAD', 'POST'] as const;
const latin1 = (text: string) => Buffer.from(text, 'latin1');

/** What the client got, which has to be strict, whatever the upstream sent. */
function received(answer: ForwardedAnswer, method: string, place: string): StrictResponse | undefined {
  const closed = answer.outcome === 'completed';
  const reading = readStrictResponse(answer.written, { method, closed });
  if (answer.outcome === 'completed' || answer.outcome === 'failed') {
    if (!answer.headSent || answer.outcome === 'completed') assert.equal(reading.kind, 'whole', place);
    else assert.notEqual(reading.kind, 'whole', `cut off but whole: ${place}`);
  }
  if (reading.kind !== 'whole') return undefined;
  assert.equal(reading.message.end, answer.written.length, `nothing behind it: ${place}`);
  return reading.message;
}

const ofConnection = [
  'connection',
  'content-length',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
  'proxy-connection',
];

function lasting(fields: readonly StrictField[]): string[] {
  return fields
    .filter(([name]) => !ofConnection.includes(name.toLowerCase()))
    .map(([name, value]) => `${name}: ${value}`);
}

async function judge(text: string, method: string): Promise<ForwardedAnswer> {
  const place = `${method} ${JSON.stringify(text)}`;
  const ours = relayAnswer(method, [latin1(text)], true);
  const mine = received(ours, method, place);
  if (ours.outcome !== 'completed' || mine === undefined || ours.head === undefined) return ours;
  const theirs = await readByNodeClient(method, latin1(text));
  assert.equal(theirs.kind, 'whole', `accepted here and not by node:http: ${place}`);
  assert.deepEqual([mine.status, mine.body], [theirs.status, theirs.body], place);
  assert.deepEqual(lasting(ours.head.fields), lasting(theirs.fields), place);
  return ours;
}

/** The grammar has to accept what the gateway passes on, and one message is all that a reused connection gave. */
function assertStrict(text: string, method: string, name: string): void {
  const place = `${name}: ${method} ${JSON.stringify(text)}`;
  for (const closes of [true, false]) {
    const ours = relayAnswer(method, [latin1(text)], closes);
    const mine = received(ours, method, place);
    const strict = readStrictResponse(text, { method, closed: closes });
    if (ours.outcome === 'completed' && mine !== undefined) {
      assert.ok(strict.kind === 'whole', `passed on but not strict: ${place}`);
      assert.deepEqual([mine.status, mine.body], [strict.message.status, strict.message.body], place);
      if (ours.reused) assert.equal(strict.message.end, text.length, `used again with bytes left: ${place}`);
    }
  }
}

// There is no answer that node:http refuses and that is passed on here, so no difference has to be accepted.
test('answers are read as the client of node:http reads them, or not passed on', async (context) => {
  const counts = { completed: 0, failed: 0 };
  assert.ok(corpus.length * methods.length >= 300);
  for (const text of corpus) {
    for (const method of methods) {
      const { outcome } = await judge(text, method);
      if (outcome === 'completed') counts.completed += 1;
      else counts.failed += 1;
    }
  }
  context.diagnostic(`${corpus.length} answers to ${methods.length} methods: ${JSON.stringify(counts)}`);
  assert.ok(counts.completed > 100 && counts.failed > 100);
});

test('mutations of them are read as the client of node:http reads them, or not passed on', async (context) => {
  const until = performance.now() + 2500;
  let count = 0;
  for (let seed = 1; seed <= 500 || performance.now() < until; seed += 1) {
    const random = new Seeded(seed);
    const text = mutated(random.pick(corpus), random);
    await judge(text, random.pick(methods)).catch((error: unknown) => assert.fail(`seed ${seed}: ${String(error)}`));
    count += 1;
  }
  context.diagnostic(`${count} mutations`);
});

test('what is passed on is in the grammar, and a connection with bytes left is not used again', () => {
  for (const [index, text] of corpus.entries()) for (const method of methods) assertStrict(text, method, `${index}`);
  for (let seed = 1; seed <= 3000; seed += 1) {
    const random = new Seeded(seed);
    assertStrict(mutated(random.pick(corpus), random), random.pick(methods), `seed ${seed}`);
  }
});

test('an answer in two pieces, cut anywhere, reaches the client like the whole', (context) => {
  let cuts = 0;
  for (const text of corpus) {
    const bytes = latin1(text);
    const whole = relayAnswer('GET', [bytes], true);
    const mine = received(whole, 'GET', JSON.stringify(text));
    for (let at = 1; at < bytes.length; at += 1) {
      const place = `${JSON.stringify(text)} cut at ${at}`;
      const cut = relayAnswer('GET', cutAt(bytes, at), true);
      cuts += 1;
      const got = received(cut, 'GET', place);
      assert.deepEqual([cut.outcome, cut.head], [whole.outcome, whole.head], place);
      assert.deepEqual([got?.status, got?.body], [mine?.status, mine?.body], place);
    }
  }
  context.diagnostic(`${cuts} cuts`);
});
