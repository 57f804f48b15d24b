import assert from 'node:assert/strict';
import test from 'node:test';
import {
  any,
  array,
  atLeastOneOf,
  boolean,
  type FormPair,
  faultFields,
  faultMessage,
  foreign,
  type Generators,
  inferForm,
  integer,
  map,
  number,
  processInsert,
  processUpdate,
  record,
  set,
  string,
} from './index.ts';

const generators: Generators = { uuid: () => '11111111-1111-4111-8111-111111111111', now: () => 1, secret: () => 's' };

const schema = record(
  {
    id: string({ uuid: true, auto: true }),
    s: string({ default: 'x', one_of: ['x', 'y'] }),
    n: number({ gt: 0 }),
    i: integer({ between: [0, 10] }),
    b: boolean({ required: true, default: false }),
    a: array(string()),
    t: set(record({ x: integer(), y: string({ unsupported: true }) }), { unsupported: { because: 'no' } }),
    m: map(string(), array(integer())),
    r: record({ deep: record({ list: array(array(string())) }), z: any() }),
    f: foreign('services'),
  },
  {
    checks: [atLeastOneOf(['a', 'm'])],
    shorthands: [
      {
        kind: 'renamed',
        name: 'old',
        field: array(string()),
        to: [['r', 'deep', 'list']],
        convert: (v: string[]) => [v],
      },
      { kind: 'removed', name: 'gone', field: integer() },
    ],
  },
);

/** A small seeded generator (mulberry32), so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const names = [
  ...Object.keys(schema.fields),
  'old',
  'gone',
  'deep',
  'list',
  'x',
  'y',
  'z',
  '__proto__',
  'constructor',
  '',
  '@entity',
  '0',
  'id',
];
const leaves = [
  '',
  'x',
  'y',
  '1',
  'true',
  0,
  1,
  -1,
  1.5,
  1e300,
  true,
  false,
  null,
  '{vault://a}',
  generators.uuid(),
  '\ud800',
];

function pick<T>(next: () => number, list: readonly T[]): T {
  return list[Math.floor(next() * list.length)] as T;
}

function value(next: () => number, depth: number): unknown {
  const roll = next();
  if (depth > 5 || roll < 0.5) return pick(next, leaves);
  const size = Math.floor(next() * 5);
  if (roll < 0.7) return Array.from({ length: size }, () => value(next, depth + 1));
  // Parsed text, so that `__proto__` is an own member as in a real body.
  const members = Array.from(
    { length: size },
    () => `${JSON.stringify(pick(next, names))}:${JSON.stringify(value(next, depth + 1))}`,
  );
  return JSON.parse(`{${members.join(',')}}`);
}

function pairName(next: () => number): string {
  const parts = ['.', '[', ']', '[]', '[1]', '[2]', '[0]', '[x.y]', '..', ...names];
  return Array.from({ length: 1 + Math.floor(next() * 6) }, () => pick(next, parts)).join(next() < 0.5 ? '.' : '');
}

/** Runs `step` with many seeds for about half a second. */
function fuzz(step: (next: () => number) => void): void {
  const started = performance.now();
  let seed = 0;
  for (; performance.now() - started < 500; seed++) {
    try {
      step(random(seed));
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  assert.ok(seed > 100, `${seed} inputs`);
  assert.equal(Reflect.get({}, 'x'), undefined);
}

test('no body makes validation throw, and a valid result is stable when sent again', () => {
  fuzz((next) => {
    const done = processInsert(schema, value(next, 0), 'insert', generators);
    if (done.kind === 'invalid') {
      assert.ok(done.faults.length > 0);
      JSON.stringify(faultFields(done.faults));
      assert.match(faultMessage(done.faults), /^(\d+ )?schema violations? \(/);
      return;
    }
    const again = processInsert(schema, structuredClone(done.value), 'upsert', generators);
    assert.ok(again.kind === 'valid');
    assert.deepEqual(again.value, done.value);
  });
});

test('no patch makes validation throw or changes what is stored', () => {
  const stored = { id: generators.uuid(), s: 'x', b: false, a: ['k'], r: { deep: { list: [['q']] }, z: null } };
  const before = structuredClone(stored);
  fuzz((next) => {
    processUpdate(schema, stored, value(next, 0), generators);
    assert.deepEqual(stored, before);
  });
});

test('no form makes decoding or validation throw', () => {
  fuzz((next) => {
    const pairs = Array.from({ length: Math.floor(next() * 8) }, (): FormPair => {
      const text = pick(next, leaves);
      return [pairName(next), next() < 0.1 ? true : String(text)];
    });
    processInsert(schema, inferForm(schema, pairs), 'insert', generators);
  });
});
