import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Logger as PinoLogger } from 'pino';
import { lateModule } from './late-modules.ts';
import { limits } from './limits.ts';
import { Secret } from './secrets.ts';

/** Least level that is written; `fatal` writes none of the four. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

export type LogFields = Readonly<Record<string, unknown>>;

/**
 * The process log: one JSON object a line, with `level`, `time` (ISO 8601, UTC), `event` and the
 * fields. Events are named `area.object.verb` and are, with the field names, an interface; texts are not.
 */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Which part or thread speaks; appears as `name`. */
  readonly name?: string;
  /** `stderr` (default), `stdout`, or the path of a file to append to; its folder is made. */
  readonly destination?: string;
}

/** A logger whose level can be changed while it is in use, and whose file can be opened anew. */
export interface ProcessLogger extends Logger {
  setLevel(level: LogLevel): void;
  /** After a rotation: goes on in the file that has the name now. Throws when it cannot be opened. */
  reopen(): void;
}

const nothing = () => {};

/** Most threads never write a line, and none writes one before it is ready. */
const writer = lateModule((require) => require('pino') as typeof import('pino'));

/**
 * Makes a logger. Lines are written before the call returns, so that a crash loses none; a method
 * below the level does nothing at all. Values under names such as `client_secret`, `cookie` or
 * `access_token` are replaced, and so is every `Secret`.
 * Throws when the file cannot be opened; a write that fails later is dropped.
 */
export function createLogger(options: LoggerOptions): ProcessLogger {
  const stream = streamTo(options.destination ?? 'stderr');
  let made: PinoLogger | undefined;
  const sink = () => {
    made ??= sinkOf(options.name, stream);
    return made;
  };
  const logger = {
    ...methodsOf(sink, options.level),
    setLevel(level: LogLevel): void {
      Object.assign(logger, methodsOf(sink, level));
    },
    reopen: () => stream.reopen(),
  };
  return logger;
}

/** A logger that drops everything, for parts that are used without a process around them. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Takes every level: which ones are written is decided before. */
function sinkOf(name: string | undefined, stream: LogStream): PinoLogger {
  const { pino, stdTimeFunctions } = writer();
  const options = {
    level: 'debug',
    base: name === undefined ? null : { name },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, stream);
}

const severities: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'fatal'];

function methodsOf(sink: () => PinoLogger, least: LogLevel): Logger {
  const written = severities.slice(severities.indexOf(least));
  const method = (level: 'debug' | 'info' | 'warn' | 'error') =>
    written.includes(level) ? methodOf(sink, level) : nothing;
  return { debug: method('debug'), info: method('info'), warn: method('warn'), error: method('error') };
}

function methodOf(sink: () => PinoLogger, level: 'debug' | 'info' | 'warn' | 'error'): Logger['info'] {
  return (event, fields) => {
    sink()[level](fields === undefined ? { event } : { event, ...printableFields(fields) });
  };
}

interface LogStream {
  write(line: string): void;
  reopen(): void;
}

function streamTo(destination: string): LogStream {
  const standard = { stderr: 2, '/dev/stderr': 2, stdout: 1, '/dev/stdout': 1 }[destination];
  if (standard === undefined) return new LogFile(destination);
  const open = () => {
    const stream = writer().pino.destination({ dest: standard, sync: true });
    // A closed pipe must not end the gateway, and there is nowhere left to say so.
    return stream.on('error', nothing);
  };
  let stream: ReturnType<typeof open> | undefined;
  const write = (line: string) => {
    stream ??= open();
    stream.write(line);
  };
  return { write, reopen: nothing };
}

/** A file that is appended to. */
class LogFile implements LogStream {
  readonly #path: string;
  #descriptor: number;

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#descriptor = openSync(path, 'a', 0o640);
  }

  write(line: string): void {
    try {
      writeSync(this.#descriptor, line);
    } catch {
      // A full disk must not end the gateway.
    }
  }

  reopen(): void {
    const former = this.#descriptor;
    this.#descriptor = openSync(this.#path, 'a', 0o640);
    closeSync(former);
  }
}

const reserved = new Set(['level', 'time', 'event', 'name']);

/** Fields as they may be printed: bounded in depth, number and length, secrets replaced, never throwing. */
export function printableFields(fields: LogFields): Record<string, unknown> {
  const printed: Record<string, unknown> = {};
  let count = 0;
  for (const [key, value] of Object.entries(fields)) {
    if (++count > limits.logFieldsMax) break;
    // Two members of one name would make the line ambiguous.
    printed[reserved.has(key) ? `${key}_` : key] = printable(key, value, 1);
  }
  return printed;
}

function printable(key: string, value: unknown, depth: number): unknown {
  if (value === undefined || value === null || typeof value === 'boolean') return value;
  if (value instanceof Secret) return '[redacted]';
  if (isSecretName(key) && !(typeof value === 'number' && key.endsWith('s'))) return '[redacted]';
  if (typeof value === 'string') return bounded(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object') return bounded(String(value));
  if (depth > limits.logDepthMax) return '[too deep]';
  try {
    return printableObject(key, value, depth);
  } catch {
    // A getter or a proxy may throw; the line is worth more than this member.
    return '[unprintable]';
  }
}

function printableObject(key: string, value: object, depth: number): unknown {
  if (value instanceof Error) return printableError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (value instanceof URL) return bounded(`${value.origin}${value.pathname}`);
  if (value instanceof Set) return printableObject(key, [...value], depth);
  if (value instanceof Map) return printableObject(key, Object.fromEntries(value), depth);
  if (Array.isArray(value)) {
    return value.slice(0, limits.logFieldsMax).map((item) => printable(key, item, depth + 1));
  }
  const printed: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value).slice(0, limits.logFieldsMax)) {
    printed[name] = printable(name, member, depth + 1);
  }
  return printed;
}

function printableError(error: Error, depth: number): Record<string, unknown> {
  return {
    type: error.name,
    message: bounded(error.message),
    ...('code' in error ? { code: bounded(String(error.code)) } : {}),
    ...(error.stack === undefined ? {} : { stack: bounded(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: printable('cause', error.cause, depth + 1) }),
  };
}

function bounded(text: string): string {
  return text.length > limits.logTextMax ? `${text.slice(0, limits.logTextMax)}…` : text;
}

const secretWords = /^(secret|token|password|passwd|passphrase|authorization|cookie|credential|assertion|jwt)s?$/;
const secretKeys = /^(private|secret|api|signing|encryption|session|client)_?key$/;
const verdicts = new Map<string, boolean>();

/** Judges by the last word, so that `access_token` is a secret and `token_endpoint` is not. */
function isSecretName(key: string): boolean {
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const words = key
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const verdict = secretWords.test(words.at(-1) ?? '') || secretKeys.test(words.slice(-2).join('_'));
  // Names come from code, but some objects are keyed by outside data; the memory of verdicts stays bounded.
  if (verdicts.size < 1000) verdicts.set(key, verdict);
  return verdict;
}
