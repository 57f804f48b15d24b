import { existsSync, rmSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

// Loaded before a gateway's own code, in each of its threads. A thread of the data plane ends in an error when the
// file of that name appears; whichever sees it first takes it away.
const path = process.env['TEST_CRASH_FILE'];
if (path !== undefined && typeof workerData === 'object' && workerData !== null && 'seat' in workerData) {
  setInterval(() => {
    if (!existsSync(path)) return;
    try {
      rmSync(path);
    } catch {
      // The other worker was faster.
      return;
    }
    throw new Error('crashed on demand');
  }, 20).unref();
}
