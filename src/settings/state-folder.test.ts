import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { prepareStateFolder } from './state-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'state-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const modeOf = (path: string) => statSync(path).mode & 0o777;

test('the folder is made for its owner alone', () => {
  const prefix = join(folder, 'a', 'b');
  assert.deepEqual(prepareStateFolder(prefix), { kind: 'ok', warnings: [] });
  assert.equal(modeOf(prefix), 0o700);
  assert.deepEqual(prepareStateFolder(prefix), { kind: 'ok', warnings: [] });
});

test('a folder that others can read keeps its mode and earns a warning', () => {
  const prefix = join(folder, 'open');
  mkdirSync(prefix);
  chmodSync(prefix, 0o755);
  const outcome = prepareStateFolder(prefix);
  assert.match(outcome.kind === 'ok' ? outcome.warnings.join() : '', /open to other users \(mode 0755\)/);
  assert.equal(modeOf(prefix), 0o755);
});

test('a file in its place is a fault', () => {
  const prefix = join(folder, 'file');
  writeFileSync(prefix, '');
  assert.equal(prepareStateFolder(prefix).kind, 'fault');
});
