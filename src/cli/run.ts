import { packageVersion } from '../base/paths.ts';
import { help, helpFor } from './help.ts';

/** Runs one command line and answers the exit status. Commands are loaded when asked for: `start` never sees `dev`. */
export async function run(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === undefined || command === '--help' || command === '-h' || command === 'help') {
    process.stdout.write(rest[0] === undefined ? help() : (helpFor(rest[0]) ?? help()));
    return 0;
  }
  if (command === '--version' || command === '-v' || command === 'version') {
    process.stdout.write(`sallyport ${packageVersion()} (node ${process.versions.node})\n`);
    return 0;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    const text = helpFor(command);
    if (text !== undefined) {
      process.stdout.write(text);
      return 0;
    }
  }
  switch (command) {
    case 'start':
      return (await import('./start.ts')).start(rest);
    case 'reload':
      return (await import('./reload.ts')).reload(rest);
    case 'dev':
      return (await import('./dev.ts')).dev(rest);
    case 'check-settings':
      return (await import('./check-settings.ts')).checkSettings(rest);
    default:
      process.stderr.write(`sallyport: there is no command "${command}". See sallyport --help.\n`);
      return 2;
  }
}
