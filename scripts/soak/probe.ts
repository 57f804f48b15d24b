import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

// Loaded into every thread of a gateway under soak: says now and then what keeps the thread's event loop busy.

const folder = process.env['SOAK_PROBE_FOLDER'];
const periodMs = 2000;

if (folder !== undefined) {
  const file = join(folder, `${threadId}.json`);
  setInterval(() => {
    const counts: Record<string, number> = {};
    for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
    writeFileSync(`${file}.new`, JSON.stringify({ at: Date.now(), counts }));
    renameSync(`${file}.new`, file);
  }, periodMs).unref();
}
