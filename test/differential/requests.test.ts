import assert from 'node:assert/strict';
import { METHODS } from 'node:http';
import { test } from 'node:test';
import { cutAt, type ReadRequest, readByServer, type ServerReading } from '../support/memory-wire.ts';
import { Seeded } from '../support/seeded.ts';
import { readStrictRequests } from '../support/strict-grammar.ts';
import { mutated, requestCorpus } from './corpus.ts';
import { type NodeRequest, readByNodeServer } from './node-readers.ts';

/** Where node:http refuses what is accepted here. Each has a reason, and is met in the corpus. */
const nodeIsStricter: readonly { readonly reason: string; readonly applies: (request: ReadRequest) => boolean }[] = [
  {
    reason: 'methods are tokens of any name (RFC 9110 section 9.1); node:http has a fixed list',
    applies: ({ method }) => !METHODS.includes(method),
  },
  {
    reason: 'an upgrade is an ordinary request until somebody agrees; the listener of the oracle refuses it',
    applies: ({ fields }) => fields.some(([name]) => name.toLowerCase() === 'upgrade'),
  },
];
const met = new Set<string>();

const corpus = requestCorpus();
const latin1 = (text: string) => Buffer.from(text, 'latin1');

/** The absolute form is taken apart here and given as received there. */
function sameTarget(ours: ReadRequest, theirs: NodeRequest): boolean {
  if (ours.target === theirs.target) return true;
  const rest = theirs.target.replace(/^https?:\/\/[^/?]*/i, '');
  return ours.target === (rest.startsWith('/') ? rest : `/${rest}`);
}

/** The host of an absolute target takes the place of the Host field, in other spelling only. */
function comparable(fields: readonly (readonly [string, string])[]): string[] {
  return fields.map(([name, value]) => `${name}: ${name.toLowerCase() === 'host' ? value.toLowerCase() : value}`);
}

async function judge(text: string): Promise<ServerReading> {
  const ours = readByServer([latin1(text)]);
  if (ours.requests.length === 0) return ours;
  const theirs = await readByNodeServer(latin1(text));
  for (const [index, request] of ours.requests.entries()) {
    const stricter = nodeIsStricter.find(({ applies }) => applies(request));
    const other = theirs.requests[index];
    if (stricter !== undefined) {
      // What follows is not read by node:http any more.
      met.add(stricter.reason);
      break;
    }
    assert.ok(other !== undefined, `accepted here and not by node:http: ${JSON.stringify(text)}`);
    assert.equal(request.method, other.method, JSON.stringify(text));
    assert.ok(sameTarget(request, other), `${request.target} and ${other.target}`);
    if (!/^[A-Z-]+ https?:/im.test(text))
      assert.deepEqual(comparable(request.fields), comparable(other.fields), JSON.stringify(text));
    assert.equal(request.body, other.body, JSON.stringify(text));
  }
  return ours;
}

test('at least three hundred requests are read as node:http reads them, or refused', async (context) => {
  assert.ok(corpus.length >= 300, `${corpus.length}`);
  let accepted = 0;
  let refused = 0;
  for (const text of corpus) {
    const { requests, refusal } = await judge(text);
    accepted += requests.length;
    if (refusal !== undefined) refused += 1;
  }
  context.diagnostic(`${corpus.length} messages, ${accepted} requests accepted, ${refused} messages refused`);
  assert.ok(accepted > 100 && refused > 100);
  assert.deepEqual(
    nodeIsStricter.map(({ reason }) => reason).filter((reason) => !met.has(reason)),
    [],
    'a difference that is never met need not be accepted',
  );
});

test('mutations of them are read as node:http reads them, or refused', async (context) => {
  const until = performance.now() + 2500;
  let count = 0;
  for (let seed = 1; seed <= 500 || performance.now() < until; seed += 1) {
    const random = new Seeded(seed);
    const text = mutated(random.pick(corpus), random);
    await judge(text).catch((error: unknown) => assert.fail(`seed ${seed}: ${String(error)}`));
    count += 1;
  }
  context.diagnostic(`${count} mutations`);
});

test('what is accepted is in the grammar, read the same by an independent reader', () => {
  for (const [index, text] of corpus.entries()) assertStrict(text, `message ${index}`);
  for (let seed = 1; seed <= 3000; seed += 1) {
    const random = new Seeded(seed);
    assertStrict(mutated(random.pick(corpus), random), `seed ${seed}`);
  }
});

function assertStrict(text: string, name: string): void {
  const ours = readByServer([latin1(text)]);
  const strict = readStrictRequests(text);
  const place = `${name}: ${JSON.stringify(text)} (${strict.why})`;
  for (const [index, { method, body }] of ours.requests.entries()) {
    assert.deepEqual([method, body], [strict.requests[index]?.method, strict.requests[index]?.body], place);
  }
  assert.match(ours.written, /^(HTTP\/1\.1 (100|200|4\d\d) [^\r]+\r\n[\s\S]*)?$/, place);
}

test('a request in two pieces, cut anywhere, gets the verdict of the whole', (context) => {
  let cuts = 0;
  for (const text of corpus) {
    const bytes = latin1(text);
    const whole = readByServer([bytes]);
    for (let at = 1; at < bytes.length; at += 1) {
      const cut = readByServer(cutAt(bytes, at));
      cuts += 1;
      assert.deepEqual(cut.requests, whole.requests, `${JSON.stringify(text)} cut at ${at}`);
      assert.deepEqual(cut.refusal, whole.refusal, `${JSON.stringify(text)} cut at ${at}`);
    }
  }
  context.diagnostic(`${cuts} cuts`);
});

test('a mutated request that comes byte by byte gets the verdict of the whole', () => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const random = new Seeded(seed);
    const bytes = latin1(mutated(random.pick(corpus), random));
    const whole = readByServer([bytes]);
    const pieces = readByServer(Array.from(bytes, (_, index) => bytes.subarray(index, index + 1)));
    assert.deepEqual(pieces.requests, whole.requests, `seed ${seed}`);
    assert.deepEqual(pieces.refusal, whole.refusal, `seed ${seed}`);
  }
});
