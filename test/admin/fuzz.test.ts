import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Logger } from '../../src/base/log.ts';
import { silentLogger } from '../../src/base/log.ts';
import { adminFuzz } from './fuzz.ts';
import { startAdmin, type TestAdmin } from './harness.ts';

let admin: TestAdmin | undefined;
const errors: unknown[] = [];
const log: Logger = { ...silentLogger, error: (event, fields) => errors.push([event, String(fields?.['error'])]) };

before(async () => {
  admin = await startAdmin({ log });
});

after(() => admin?.close());

adminFuzz(() => admin?.url ?? '', 600, 1);
adminFuzz(() => admin?.url ?? '', 200, 20261123);

test('nothing a client sent was logged as a fault of ours', () => {
  assert.deepEqual(errors, []);
});
