import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/base/paths.ts';
import { runCommand } from './steps/command.ts';

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
