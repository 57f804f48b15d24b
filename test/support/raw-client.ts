import { connect, type Socket } from 'node:net';

const patienceMs = 20_000;

/** A client that writes bytes as they are and keeps what comes back as latin1 text. */
export class RawClient {
  text = '';
  /** The other side said that it sends no more, or the connection is gone. */
  ended = false;
  /** The connection was cut without an orderly end. */
  reset = false;
  readonly socket: Socket;
  readonly #waiting = new Set<() => void>();

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    this.socket.on('data', (bytes) => {
      this.text += bytes.toString('latin1');
      this.#wake();
    });
    this.socket.on('error', () => {
      this.reset = true;
    });
    this.socket.on('end', () => this.#end());
    this.socket.on('close', () => this.#end());
  }

  send(text: string | Buffer): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  }

  /** Waits for a condition on what was received. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const giveUp = performance.now() + patienceMs;
    while (!condition()) {
      const left = giveUp - performance.now();
      if (left <= 0) throw new Error(`${what} did not happen; received ${JSON.stringify(this.text.slice(0, 1000))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 1000));
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  async receive(part: string): Promise<string> {
    await this.until(JSON.stringify(part), () => this.text.includes(part));
    return this.text;
  }

  /** Everything up to the end of the connection. */
  async toEnd(): Promise<string> {
    await this.until('the end of the connection', () => this.ended);
    return this.text;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #end(): void {
    this.ended = true;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
