import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AccessLog } from './access-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'access-log-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('after a rotation no line is lost and new ones are in the file of that name', async () => {
  const path = join(folder, 'access.log');
  const log = new AccessLog(path);
  for (let line = 0; line < 5000; line += 1) log.write(`before ${line} ${'x'.repeat(50)}\n`);
  renameSync(path, `${path}.1`);
  log.reopen();
  for (let line = 0; line < 5000; line += 1) log.write(`after ${line}\n`);
  await log.close();
  const [old, now] = [readFileSync(`${path}.1`, 'utf8'), readFileSync(path, 'utf8')];
  assert.equal((old + now).split('\n').length, 10_001);
  assert.match(now, /after 4999\n$/);
  assert.ok(!old.includes('after'));
});

test('lines go to another path when told so', async () => {
  const log = new AccessLog(join(folder, 'first.log'));
  log.write('one\n');
  log.reopen(join(folder, 'second.log'));
  log.write('two\n');
  await log.close();
  assert.equal(readFileSync(join(folder, 'first.log'), 'utf8'), 'one\n');
  assert.equal(readFileSync(join(folder, 'second.log'), 'utf8'), 'two\n');
});

test('a path that cannot be opened leaves the log where it was', async () => {
  const path = join(folder, 'kept.log');
  const log = new AccessLog(path);
  assert.throws(() => log.reopen(join(path, 'below-a-file.log')));
  log.write('kept\n');
  await log.close();
  assert.equal(readFileSync(path, 'utf8'), 'kept\n');
});
