import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Settings } from '../settings/settings.ts';
import { readFor } from '../settings/testing.ts';
import { Reloader, type ReloaderParts } from './reloader.ts';
import type { ReloadReport } from './run-files.ts';

type Loaded = ReturnType<ReloaderParts['load']>;

function setUp(more: { load: () => Loaded; apply?: ReloaderParts['apply'] }) {
  const reports: ReloadReport[] = [];
  const applied: Settings[] = [];
  let time = 0;
  const reloader = new Reloader({
    running: readFor({ KONG_LOG_LEVEL: 'info' }),
    load: more.load,
    apply: async (settings) => {
      applied.push(settings);
      return (await more.apply?.(settings)) ?? { faults: [], notes: [] };
    },
    report: (report) => reports.push(report),
    now: () => ++time,
  });
  return { reloader, reports, applied };
}

describe('reading settings anew', () => {
  test('new settings are taken and what changed is told, with what needs a restart', async () => {
    const { reloader, reports, applied } = setUp({
      load: () => readFor({ KONG_LOG_LEVEL: 'debug', KONG_PREFIX: '/other' }),
      apply: async () => ({ faults: [], notes: ['a note'] }),
    });
    await reloader.request();
    assert.equal(applied[0]?.logLevel, 'debug');
    assert.deepEqual(reports, [
      {
        startedAt: 1,
        outcome: 'done',
        lines: ['in force now: log_level', 'a note', 'needs a restart to take effect: prefix'],
      },
    ]);
  });

  test('settings that are wrong are not taken', async () => {
    const { reloader, reports, applied } = setUp({ load: () => ({ kind: 'faults', faults: ['x: wrong'] }) });
    await reloader.request();
    assert.deepEqual(applied, []);
    assert.equal(reports[0]?.outcome, 'refused');
    assert.deepEqual(reports[0]?.lines.slice(0, 1), ['x: wrong']);
  });

  test('what could not be applied leaves the former settings to compare with', async () => {
    let fails = true;
    const { reloader, reports } = setUp({
      load: () => readFor({ KONG_LOG_LEVEL: 'debug' }),
      apply: async () => {
        if (fails) throw new Error('no space left');
        return { faults: [], notes: [] };
      },
    });
    await reloader.request();
    fails = false;
    await reloader.request();
    assert.deepEqual(
      reports.map(({ outcome, lines }) => [outcome, lines[0]]),
      [
        ['refused', 'no space left'],
        ['done', 'in force now: log_level'],
      ],
    );
  });

  test('a request during a reading causes one more that begins after it, however often it comes', async () => {
    let release: (() => void) | undefined;
    const { reloader, reports } = setUp({
      load: () => readFor({}),
      apply: async () => {
        if (release === undefined) {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        }
        return { faults: [], notes: [] };
      },
    });
    const first = reloader.request();
    await Promise.resolve();
    const others = [reloader.request(), reloader.request(), reloader.request()];
    release?.();
    await Promise.all([first, ...others]);
    assert.equal(reports.length, 2);
  });
});
