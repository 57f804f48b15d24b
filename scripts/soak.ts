import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { fuzzSection } from './soak/fuzzing.ts';
import { runTraffic } from './soak/traffic.ts';
import { type Section, trafficSection } from './soak/traffic-report.ts';

// `npm run soak`: what is too long for `npm run check`. Its reports are committed under bench/results.

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    changes: { type: 'string' },
    workers: { type: 'string', default: '2' },
    'fuzz-minutes': { type: 'string', default: '0' },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

const usage = `Usage: npm run soak -- [--minutes N] [--changes N] [--workers N] [--fuzz-minutes N] [--out FILE.md]

Steady traffic on a real gateway for N minutes (10; 0 when only fuzzing is asked for) while its configuration
changes (34 changes a minute unless told otherwise: routes, plugins, upstreams, targets, consumers) and its
provider rotates keys and fails for seconds. Then fuzzing of everything that strangers send, for the minutes
asked for in all. Exit status 1 when a request failed, something grew, or an input broke a rule.
`;

if (values.help) process.stdout.write(usage);
else process.exitCode = (await soak()) ? 0 : 1;

async function soak(): Promise<boolean> {
  const fuzzMinutes = Number(values['fuzz-minutes']);
  const minutes = Number(values.minutes ?? (fuzzMinutes > 0 ? 0 : 10));
  const changes = Number(values.changes ?? Math.ceil(minutes * 34));
  const sections: Section[] = [];
  if (minutes > 0)
    sections.push(trafficSection(await runTraffic({ minutes, changes, workers: Number(values.workers) })));
  if (fuzzMinutes > 0) sections.push(fuzzSection(fuzzMinutes));
  const good = sections.every((section) => section.good);
  const machine = `${availableParallelism()} cores, Node ${process.versions.node}`;
  const text = [
    '# Soak',
    '',
    `${new Date().toISOString().slice(0, 10)}, ${machine}: ${good ? 'passed' : 'NOT passed'}`,
    ...sections.flatMap(({ lines }) => ['', ...lines]),
  ];
  const report = `${text
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`;
  process.stdout.write(report);
  if (values.out !== undefined) writeFileSync(values.out, report);
  return good;
}
