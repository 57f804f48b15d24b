import { close, mkdirSync, openSync, write } from 'node:fs';
import { dirname } from 'node:path';

/** Bytes collected before a write, and the most that may wait while the disk is slow. */
const flushBytes = 48 * 1024;
const bufferBytes = 64 * 1024;
const waitingBuffersMax = 128;
const flushEveryMs = 200;

/** Appends lines to a file through preallocated buffers; a request never waits for the disk. */
export class AccessLog {
  #fd: number;
  /** Of files that lines no longer go to, while the last write to them is under way. */
  readonly #former: number[] = [];
  #path: string;
  #buffer = Buffer.allocUnsafe(bufferBytes);
  #used = 0;
  readonly #waiting: { bytes: Buffer; used: number }[] = [];
  #writing = false;
  #onIdle: (() => void) | undefined;
  readonly #timer: NodeJS.Timeout;
  /** Lines lost because the disk could not keep up. */
  dropped = 0;

  constructor(path: string) {
    this.#path = path;
    this.#fd = openLog(path);
    this.#timer = setInterval(() => this.#flush(), flushEveryMs);
    this.#timer.unref();
  }

  /** `line` ends with a newline. */
  write(line: string): void {
    // UTF-8 takes at most three bytes per UTF-16 unit.
    if (line.length * 3 > bufferBytes - this.#used) this.#flush();
    if (line.length * 3 > bufferBytes) {
      this.dropped += 1;
      return;
    }
    this.#used += this.#buffer.write(line, this.#used, 'utf8');
    if (this.#used >= flushBytes) this.#flush();
  }

  /** Lines go on in the file that has this name now: another path, or after a rotation. Throws when it cannot be opened. */
  reopen(path: string = this.#path): void {
    const fd = openLog(path);
    this.#flush();
    this.#former.push(this.#fd);
    this.#fd = fd;
    this.#path = path;
    if (!this.#writing) this.#closeFormer();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#flush();
    if (this.#writing) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await new Promise<void>((resolve) => close(this.#fd, () => resolve()));
  }

  #flush(): void {
    if (this.#used === 0) return;
    if (this.#waiting.length >= waitingBuffersMax) {
      this.dropped += 1;
      this.#used = 0;
      return;
    }
    this.#waiting.push({ bytes: this.#buffer, used: this.#used });
    this.#buffer = Buffer.allocUnsafe(bufferBytes);
    this.#used = 0;
    if (!this.#writing) this.#drain();
  }

  #closeFormer(): void {
    for (const fd of this.#former.splice(0)) close(fd, () => undefined);
  }

  #drain(): void {
    this.#closeFormer();
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#writing = false;
      this.#onIdle?.();
      return;
    }
    this.#writing = true;
    write(this.#fd, next.bytes, 0, next.used, null, () => this.#drain());
  }
}

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return openSync(path, 'a', 0o640);
}

/** ISO 8601 UTC of now, with the seconds part formatted once per second. */
export function timestamps(): (epochMs: number) => string {
  let second = -1;
  let prefix = '';
  return (epochMs) => {
    const whole = Math.floor(epochMs / 1000);
    if (whole !== second) {
      second = whole;
      prefix = new Date(whole * 1000).toISOString().slice(0, 20);
    }
    const ms = epochMs - whole * 1000;
    return `${prefix}${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}Z`;
  };
}
