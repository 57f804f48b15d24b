import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Wrong use of a command; the message names the option. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Options of a command line; an unknown one is a `UsageError`. */
export function readOptions<T extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false, strict: true }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message.split('.')[0] : String(error);
    throw new UsageError(`${message}. See --help.`);
  }
}

/** A port number, 0 for any free one. */
export function portOption(name: string, given: string | undefined, usual: number): number {
  if (given === undefined) return usual;
  const port = Number(given);
  if (!/^\d{1,5}$/.test(given) || port > 65_535)
    throw new UsageError(`--${name} must be a port number from 0 to 65535, not "${given}"`);
  return port;
}
