import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot, packageVersion, siblingModule } from './paths.ts';

test('a sibling has the extension of the module that asks', () => {
  assert.equal(siblingModule('file:///app/src/proxy/main.ts', './worker').href, 'file:///app/src/proxy/worker.ts');
  assert.equal(
    siblingModule('file:///app/dist/proxy/main.js', '../threads/worker.ts').href,
    'file:///app/dist/threads/worker.js',
  );
  assert.ok(existsSync(siblingModule(import.meta.url, './paths')));
});

test('the package is found with its version', () => {
  assert.ok(existsSync(join(packageRoot(), 'package.json')));
  assert.match(packageVersion(), /^\d+\.\d+\.\d+/);
});
