import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { importVerificationKey, keySetOf } from './jwks.ts';
import type { VerifyRules } from './jws.ts';
import { allAlgorithms, splitJws, verifyJws } from './jws.ts';
import { isRecord } from './strict-json.ts';
import { keySetFrom } from './test-tokens.ts';

/**
 * The public test vectors of C2SP/wycheproof for JWS and JWK. They are kept beside the checkout and not
 * in it; where they are absent this says so, and `jws.test.ts` stands without them.
 */
const folder = new URL('../../../shared/data/wycheproof/', import.meta.url);

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly jws: unknown;
  readonly result: string;
}

interface Group {
  readonly comment: string;
  readonly key: Record<string, unknown>;
  readonly tests: readonly Vector[];
}

function groupsOf(file: string): Group[] {
  const document = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
  return document.testGroups.map((group: Record<string, unknown>) => ({
    comment: group['comment'],
    key: group['public'] ?? group['private'],
    tests: group['tests'],
  }));
}

/** The client secret's place in these vectors: symmetric keys never come from a key set here. */
function rulesFor(key: Record<string, unknown>): VerifyRules {
  const secret = key['kty'] === 'oct' && typeof key['k'] === 'string' ? Buffer.from(key['k'], 'base64url') : undefined;
  const hmacKey = secret === undefined ? undefined : createSecretKey(secret);
  return { keys: keySetFrom(key), algorithms: allAlgorithms, hmacKey };
}

function accepts(jws: unknown, rules: VerifyRules): boolean {
  if (typeof jws !== 'string') return false;
  const split = splitJws(jws);
  return split.kind === 'ok' && verifyJws(split, rules).kind === 'verified';
}

/** Labelled invalid although the text is byte for byte that of the valid vector 357. */
const mislabelled: ReadonlySet<number> = new Set([367, 370]);

/** Valid by the vectors and refused here, each for a reason. */
const stricter: ReadonlyMap<number, string> = new Map([
  [346, 'the key is for PS256, the token says PS384'],
  [347, 'the key names ES521, which is no algorithm'],
  [350, 'the key is for PS256, the token says PS384'],
  [351, 'the key names ES521, which is no algorithm'],
  [372, 'a character outside base64url in the header'],
  [373, 'a character outside base64url in the payload'],
]);

if (existsSync(folder)) {
  test('JWS vectors: nothing invalid is accepted, nothing valid refused but for named reasons', () => {
    let checked = 0;
    for (const group of groupsOf('json_web_signature_test.json')) {
      const rules = rulesFor(group.key);
      for (const vector of group.tests) {
        const valid = vector.result === 'valid' || mislabelled.has(vector.tcId);
        const expected = valid && !stricter.has(vector.tcId);
        const name = `${vector.tcId} ${group.comment} ${vector.comment}`;
        assert.equal(accepts(vector.jws, rules), expected, name);
        checked++;
      }
    }
    assert.equal(checked, 401);
  });

  test('JWK vectors: no weak, wrong or symmetric key of a set verifies anything', () => {
    let checked = 0;
    for (const group of groupsOf('json_web_key_test.json')) {
      const keys = keySetOf(group.key);
      assert.equal(keys.kind, 'ok');
      if (keys.kind !== 'ok') continue;
      const entries = Array.isArray(group.key['keys']) ? group.key['keys'] : [];
      const symmetric = entries.every((entry) => isRecord(entry) && entry['kty'] === 'oct');
      if (symmetric) assert.equal(keys.keys.length, 0, group.comment);
      for (const vector of group.tests) {
        const expected = vector.result === 'valid' && !symmetric;
        assert.equal(
          accepts(vector.jws, { keys, algorithms: allAlgorithms }),
          expected,
          `${vector.tcId} ${group.comment}`,
        );
        checked++;
      }
    }
    assert.equal(checked, 26);
  });

  test('JWK vectors: a key with private members is imported as its public half', () => {
    for (const group of groupsOf('json_web_signature_test.json')) {
      const key = importVerificationKey(group.key);
      if (key !== undefined) assert.equal(Object.hasOwn(key.jwk, 'd'), false);
    }
  });
} else {
  test('the Wycheproof vectors are not beside this checkout and were not run', (context) => {
    context.diagnostic(`looked for ${folder.pathname}`);
  });
}
