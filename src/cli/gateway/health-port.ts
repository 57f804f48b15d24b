import type { HealthAccess } from '../../admin/parts.ts';
import type { HealthQuestion, UpstreamHealth } from '../../base/balancing.ts';
import type { ControlToMain, MainToControl } from '../../threads/messages.ts';

/** The control thread's way to the health of upstreams, which the main thread knows. */
export class HealthPort implements HealthAccess {
  readonly #post: (message: ControlToMain) => void;
  readonly #waiting = new Map<number, (value: unknown) => void>();
  #nextId = 1;

  constructor(post: (message: ControlToMain) => void) {
    this.#post = post;
  }

  async ofUpstream(upstreamId: string): Promise<UpstreamHealth | undefined> {
    return (await this.#ask({ kind: 'of', upstreamId })) as UpstreamHealth | undefined;
  }

  async ofAll(): Promise<readonly UpstreamHealth[]> {
    return (await this.#ask({ kind: 'all' })) as readonly UpstreamHealth[];
  }

  async set(upstreamId: string, targetId: string, address: string | undefined, healthy: boolean) {
    const answer = await this.#ask({ kind: 'set', upstreamId, targetId, address, healthy });
    return answer as 'set' | 'no_checker' | 'unknown';
  }

  /** Main answers every question, in order, as long as it lives. */
  receive(message: Extract<MainToControl, { kind: 'health' }>): void {
    const resolve = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    resolve?.(message.value);
  }

  #ask(question: HealthQuestion): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#post({ kind: 'health', id, question });
    });
  }
}
