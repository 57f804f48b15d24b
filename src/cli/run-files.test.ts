import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readReport, removePid, runningPid, writePid, writeReport } from './run-files.ts';

const prefix = mkdtempSync(join(tmpdir(), 'run-files-'));
after(() => rmSync(prefix, { recursive: true, force: true }));

test('a running process is found by the file it wrote, until it removes it', () => {
  assert.equal(runningPid(prefix), undefined);
  writePid(prefix, process.pid);
  assert.equal(runningPid(prefix), process.pid);
  assert.equal(statSync(join(prefix, 'sallyport.pid')).mode & 0o777, 0o600);
  removePid(prefix, process.pid + 1);
  assert.equal(runningPid(prefix), process.pid);
  removePid(prefix, process.pid);
  assert.equal(runningPid(prefix), undefined);
});

test('a process that has ended does not run', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.once('exit', resolve));
  writePid(prefix, child.pid ?? 0);
  assert.equal(runningPid(prefix), undefined);
});

test('a stranger that got the number of a gateway that is gone is not taken for it', () => {
  writePid(prefix, process.pid);
  // Written long before this process began. Elsewhere than on Linux nothing tells that.
  utimesSync(join(prefix, 'sallyport.pid'), 1000, 1000);
  assert.equal(runningPid(prefix), process.platform === 'linux' ? undefined : process.pid);
});

test('a report is found by those who asked before it began', () => {
  writeReport(prefix, { startedAt: 50, outcome: 'done', lines: ['x'] });
  assert.deepEqual(readReport(prefix, 50)?.lines, ['x']);
  assert.equal(readReport(prefix, 51), undefined);
});
