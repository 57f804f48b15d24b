import assert from 'node:assert/strict';
import { mutated, responseCorpus } from '../differential/corpus.ts';
import { type ForwardedAnswer, relayAnswer } from '../support/memory-wire.ts';
import { readStrictResponse } from '../support/strict-grammar.ts';
import type { FuzzTarget } from './target.ts';
import { latin1Text, pieces } from './text.ts';

const corpus = responseCorpus();

export const responseTarget: FuzzTarget = {
  name: 'answers of upstreams',
  run(random) {
    const method = random.pick(['GET', 'GET', 'POST', 'HEAD']);
    let text = random.pick(corpus);
    if (random.chance(0.7)) text = mutated(text, random);
    if (random.chance(0.2)) text += random.chance(0.5) ? random.pick(corpus) : latin1Text(random, 20);
    const bytes = Buffer.from(text, 'latin1');
    const closes = random.chance(0.5);
    const whole = relayAnswer(method, [bytes], closes);
    hold(whole, method, text, closes);
    const cut = relayAnswer(method, pieces(random, bytes, 6), closes);
    hold(cut, method, text, closes);
    assert.deepEqual([cut.outcome, cut.head], [whole.outcome, whole.head], `cut otherwise: ${JSON.stringify(text)}`);
  },
};

/** One strict answer or none for the client, and no connection used again that has more in it. */
function hold(answer: ForwardedAnswer, method: string, text: string, closes: boolean): void {
  const place = `${method} ${closes} ${JSON.stringify(text)}`;
  const { outcome, written } = answer;
  assert.notEqual(outcome, 'bad_request_body', place);
  assert.notEqual(outcome, 'client_gone', place);
  const got = readStrictResponse(written, { method, closed: outcome === 'completed' });
  assert.notEqual(got.kind, 'invalid', `not strict: ${place} became ${JSON.stringify(written)}`);
  if (closes) assert.notEqual(outcome, 'waiting', place);
  if (got.kind === 'whole') assert.equal(got.message.end, written.length, `more than one answer: ${place}`);
  if (outcome === 'failed') assert.equal(got.kind === 'whole', !answer.headSent, place);
  if (outcome !== 'completed') return;
  const strict = readStrictResponse(text, { method, closed: closes });
  assert.ok(strict.kind === 'whole' && got.kind === 'whole', `laxer than the grammar: ${place}`);
  assert.deepEqual([got.message.status, got.message.body], [strict.message.status, strict.message.body], place);
  if (answer.reused) assert.equal(strict.message.end, text.length, `used again: ${place}`);
}
