import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type EchoUpstream, startEcho } from '../../src/dev/echo.ts';
import { AdminClient } from '../support/admin-client.ts';
import { startSallyport, type TestGateway, temporaryPrefix } from '../support/gateway.ts';
import { send } from '../support/wire.ts';

const rounds = 8;
const lanes = 6;

type Entity = Readonly<Record<string, unknown>>;
/** Admin path → what must be there; null: nothing. */
type State = Map<string, Entity | null>;

/** A write that was sent and not acknowledged: afterwards either everything of it is there or nothing. */
interface Pending {
  readonly method: string;
  readonly changes: ReadonlyMap<string, Entity | null>;
}

/**
 * One writer with entities of its own. It makes one write after the other, remembers what was
 * acknowledged, and at most one write whose fate it does not know.
 */
class Lane {
  readonly state: State = new Map();
  pending: Pending | undefined;
  acknowledged = 0;
  readonly #name: string;
  readonly #upstreamUrl: string;
  #step = 0;
  #ids = { service: '', route: '', plugin: '' };

  constructor(name: string, upstreamUrl: string) {
    this.#name = name;
    this.#upstreamUrl = upstreamUrl;
  }

  /** Writes until the gateway is gone. */
  async run(admin: AdminClient): Promise<void> {
    for (;;) {
      const write = this.#next();
      const changes = new Map(write.changes);
      this.pending = { method: write.method, changes };
      let answer: Awaited<ReturnType<AdminClient['json']>>;
      try {
        answer = await admin.json(write.method, write.path, write.body);
      } catch {
        return;
      }
      assert.ok(answer.status < 300, `${write.method} ${write.path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      // The answer to a write is what it wrote; a removal has none.
      for (const [path, entity] of changes) this.state.set(path, entity === null ? null : (answer.body as Entity));
      this.pending = undefined;
      this.acknowledged += 1;
    }
  }

  get routePath(): string {
    return `/${this.#name}`;
  }

  get current(): { readonly route: string; readonly plugin: string } {
    return { route: `/routes/${this.#ids.route}`, plugin: `/plugins/${this.#ids.plugin}` };
  }

  /** After a restart: what the next write builds on is what was found. */
  settle(found: State): void {
    for (const [path, entity] of found) this.state.set(path, entity);
    this.pending = undefined;
    // Begin anew with other entities when the cycle was cut in the middle.
    if (this.#step % 8 !== 0) this.#step += 8 - (this.#step % 8);
  }

  #next(): { method: string; path: string; body: Entity; changes: [string, Entity | null][] } {
    const step = this.#step++;
    const at = `${this.#name}-${step}`;
    const { service, route, plugin } = this.#ids;
    switch (step % 8) {
      case 0: {
        this.#ids = { service: randomUUID(), route: randomUUID(), plugin: randomUUID() };
        const body = {
          id: this.#ids.service,
          name: at,
          url: this.#upstreamUrl,
          tags: [at, this.#name],
          retries: step % 100,
        };
        return { method: 'POST', path: '/services', body, changes: [[`/services/${this.#ids.service}`, body]] };
      }
      case 1: {
        const body = {
          id: route,
          name: at,
          paths: [`${this.routePath}/${step}`],
          service: { id: service },
          tags: [at],
        };
        return { method: 'POST', path: '/routes', body, changes: [[`/routes/${route}`, body]] };
      }
      case 2: {
        const body = { id: plugin, name: 'openid-connect', route: { id: route }, config: pluginConfig(step) };
        return { method: 'POST', path: '/plugins', body, changes: [[`/plugins/${plugin}`, body]] };
      }
      case 3: {
        const body = { config: { ...pluginConfig(step), scopes_required: [at, 'second'] } };
        return { method: 'PATCH', path: `/plugins/${plugin}`, body, changes: [[`/plugins/${plugin}`, body]] };
      }
      case 4: {
        const body = { name: `${at}-put`, url: this.#upstreamUrl, tags: [at], retries: 7, read_timeout: 1000 + step };
        return { method: 'PUT', path: `/services/${service}`, body, changes: [[`/services/${service}`, body]] };
      }
      case 5: {
        const body = { tags: [at, 'patched'], connect_timeout: 2000 + step };
        return { method: 'PATCH', path: `/services/${service}`, body, changes: [[`/services/${service}`, body]] };
      }
      case 6:
        // The route takes its plugin with it.
        return {
          method: 'DELETE',
          path: `/routes/${route}`,
          body: {},
          changes: [
            [`/routes/${route}`, null],
            [`/plugins/${plugin}`, null],
          ],
        };
      default:
        return { method: 'DELETE', path: `/services/${service}`, body: {}, changes: [[`/services/${service}`, null]] };
    }
  }
}

function pluginConfig(step: number): Entity {
  return { issuer: `http://127.0.0.1:9/${step}/`, auth_methods: ['bearer'], leeway: step };
}

/** Whether everything that was sent is in what was found. */
function holds(found: unknown, sent: unknown): boolean {
  if (typeof sent !== 'object' || sent === null) return found === sent;
  if (typeof found !== 'object' || found === null) return false;
  if (Array.isArray(sent)) return JSON.stringify(found) === JSON.stringify(sent);
  return Object.entries(sent).every(([name, value]) => {
    if (name === 'url') return true;
    return holds((found as Record<string, unknown>)[name], value);
  });
}

for (const workers of [1, 2]) {
  describe(`kill -9 during Admin writes, workers: ${workers}`, () => {
    const prefix = temporaryPrefix();
    let echo: EchoUpstream;
    before(async () => {
      echo = await startEcho();
    });
    after(() => echo.stop());

    const start = () => startSallyport({ prefix, workers });

    async function look(admin: AdminClient, path: string): Promise<Entity | null> {
      const answer = await admin.get(path);
      if (answer.status === 404) return null;
      assert.equal(answer.status, 200, path);
      return answer.body as Entity;
    }

    /** Every acknowledged write is there to the letter; the unacknowledged one is there as a whole or not at all. */
    async function check(admin: AdminClient, lane: Lane): Promise<State> {
      const found: State = new Map();
      for (const path of new Set([...lane.state.keys(), ...(lane.pending?.changes.keys() ?? [])])) {
        found.set(path, await look(admin, path));
      }
      for (const [path, expected] of lane.state) {
        if (!lane.pending?.changes.has(path)) assert.deepEqual(found.get(path), expected, path);
      }
      if (lane.pending === undefined) return found;
      const { method, changes } = lane.pending;
      const outcomes = [...changes].map(([path, sent]) => {
        const now = found.get(path) ?? null;
        const before = lane.state.get(path) ?? null;
        if (JSON.stringify(now) === JSON.stringify(before)) return 'before';
        const whole = sent === null ? now === null : holds(now, sent);
        assert.ok(whole, `${method} ${path} is half applied: ${JSON.stringify({ before, sent, now })}`);
        return 'after';
      });
      assert.equal(new Set(outcomes).size, 1, `${method} is half applied: ${outcomes}`);
      return found;
    }

    async function checkTraffic(gateway: TestGateway, found: State): Promise<void> {
      for (const [path, entity] of found) {
        if (!path.startsWith('/routes/') || entity === null) continue;
        const plugin = [...found].some(
          ([other, value]) =>
            other.startsWith('/plugins/') && value !== null && holds(value['route'], { id: entity['id'] }),
        );
        const [url] = entity['paths'] as string[];
        const answer = await send(`${gateway.proxyUrl}${url}`);
        assert.equal(answer.status, plugin ? 401 : 200, `${url} with${plugin ? '' : 'out'} a plugin`);
      }
    }

    test(`${rounds} rounds lose no acknowledged write and apply none by halves`, async (context) => {
      const all = Array.from({ length: lanes }, (_, index) => new Lane(`lane-${index}`, echo.url));
      let gateway = await start();
      for (let round = 0; round < rounds; round += 1) {
        const admin = new AdminClient(gateway.adminUrl);
        const running = Promise.all(all.map((lane) => lane.run(admin)));
        running.catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 100 + ((round * 97) % 250)));
        await gateway.kill();
        await running;
        gateway = await start();
        const again = new AdminClient(gateway.adminUrl);
        for (const lane of all) {
          const found = await check(again, lane);
          await checkTraffic(gateway, found);
          lane.settle(found);
        }
      }
      const written = all.reduce((sum, lane) => sum + lane.acknowledged, 0);
      context.diagnostic(`${written} acknowledged writes`);
      assert.ok(written >= rounds * lanes, `${written} acknowledged writes are too few to mean anything`);
      assert.equal(await gateway.stop(), 0);
      assert.doesNotMatch(gateway.log(), /"level":"(error|fatal)"/);
    });
  });
}
