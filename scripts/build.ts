import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/base/paths.ts';
import { runCommand } from './steps/command.ts';
import { joinModules } from './steps/join-modules.ts';

// `npm run build`: the JavaScript that is shipped and measured, in dist/. The folder is emptied first,
// since a file left over from an earlier build would still be packed.
rmSync(join(packageRoot(), 'dist'), { recursive: true, force: true });
const { code, stdout, stderr } = await runCommand('node', [
  'node_modules/typescript/bin/tsc',
  '-p',
  'tsconfig.build.json',
]);
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code ?? 1;

// What the three kinds of threads of `sallyport start` begin with. Other commands use the single modules.
const entries = ['cli/start.js', 'cli/gateway/control-thread.js', 'cli/gateway/worker-thread.js'];
if (code === 0) for (const entry of entries) await joinModules(join(packageRoot(), 'dist'), entry);
