import { Agent, request } from 'node:http';

export interface Failure {
  readonly startedAt: number;
  readonly what: string;
}

export interface LoadOptions {
  readonly urls: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Requests under way at one time. */
  readonly lanes: number;
  readonly keepAlive: boolean;
  /** A POST with so many bytes in place of a GET. */
  readonly bodyBytes?: number;
  readonly expectedStatus?: number;
  /** Each lane rests so long between two requests; without it the gateway is kept as busy as it can be. */
  readonly pauseMs?: number;
  /** Told of every good answer. */
  readonly onAnswered?: (tookMs: number) => void;
}

/** Clients that send one request after the other until they are told to stop, and forgive nothing. */
export class Load {
  readonly failures: Failure[] = [];
  answered = 0;
  readonly #options: LoadOptions;
  readonly #agent: Agent;
  readonly #lanes: Promise<void>[];
  #stopped = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: options.keepAlive, maxSockets: options.lanes });
    this.#lanes = Array.from({ length: options.lanes }, (_, lane) => this.#run(lane));
  }

  /** Resolves when every request has had its answer. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#lanes);
    this.#agent.destroy();
  }

  async #run(lane: number): Promise<void> {
    const { urls, expectedStatus = 200, pauseMs, onAnswered } = this.#options;
    for (let round = lane; !this.#stopped; round += 1) {
      const startedAt = performance.now();
      try {
        const { status, text } = await this.#send(urls[round % urls.length] ?? '');
        if (status === expectedStatus) {
          this.answered += 1;
          onAnswered?.(performance.now() - startedAt);
        } else this.failures.push({ startedAt, what: `status ${status}: ${text.slice(0, 300)}` });
      } catch (error) {
        this.failures.push({ startedAt, what: error instanceof Error ? `${error.message}` : String(error) });
        if (this.failures.length > 10_000) return;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      if (pauseMs !== undefined) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  #send(url: string): Promise<{ status: number; text: string }> {
    const { headers = {}, bodyBytes } = this.#options;
    return new Promise((resolve, reject) => {
      const sent = request(
        url,
        { agent: this.#agent, headers, method: bodyBytes === undefined ? 'GET' : 'POST' },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', (error) => reject(new Error(`cut off after ${answer.statusCode}: ${error.message}`)));
          answer.on('end', () =>
            resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(bodyBytes === undefined ? undefined : Buffer.alloc(bodyBytes, 'x'));
    });
  }
}
